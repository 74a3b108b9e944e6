"""Units into a container: the one place where FFmpeg's muxers are used.

The container's bytes go to a sink. H.264 comes as Annex B; muxers that want it otherwise turn it themselves.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, Protocol

import av
from av.packet import Packet

from ..units import OutputError, StreamFormat, Unit

NANOSECONDS: Final = Fraction(1, 1_000_000_000)

_AUDIO_CODECS: Final = {"opus": "libopus", "mp3": "libmp3lame"}
"""Muxers get an audio stream's parameters from an encoder of the same codec."""

_LAYOUTS: Final = {1: "mono", 2: "stereo"}


class Writable(Protocol):
    """Takes a container's bytes. It may have `seek` and `tell`."""

    def write(self, data: bytes, /) -> int:
        """Take all of them."""
        ...


class Muxer:
    """A container that is being written."""

    def __init__(
        self, target: Writable | str, container: str, formats: Sequence[StreamFormat], options: Mapping[str, str]
    ) -> None:
        self._container: Any = av.open(target, "w", format=container, options=dict(options))
        self._begun = False
        self._streams = [_add(self._container, each) for each in formats]

    def write(self, unit: Unit) -> None:
        """Add a unit."""
        packet: Packet[Any] = Packet(unit.data)
        packet.pts, packet.dts, packet.duration = unit.pts_ns, unit.dts_ns, unit.duration_ns
        packet.time_base = NANOSECONDS
        packet.is_keyframe = unit.key
        packet.stream = self._streams[unit.index]
        self._begun = True
        self._container.mux(packet)

    def close(self) -> None:
        """Write what the container ends with."""
        if self._begun:
            self._container.close()


def _add(container: Any, stream: StreamFormat) -> Any:
    try:
        if stream.kind == "video":
            rate = stream.framerate or None
            return container.add_mux_stream(stream.codec, rate=rate, width=stream.width, height=stream.height)
        codec: Any = _AUDIO_CODECS.get(stream.codec, stream.codec)
        more: dict[str, Any] = {"bit_rate": stream.bit_rate} if stream.bit_rate else {}
        return container.add_stream(codec, rate=stream.rate, layout=_LAYOUTS[stream.channels], **more)
    except ValueError as error:
        raise OutputError(f"{stream.codec} cannot be written to {container.format.name}", 400) from error
