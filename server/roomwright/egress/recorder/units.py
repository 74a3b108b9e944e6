"""Media on its way through a recorder. All times are nanoseconds since the recording's first media.

Intake makes `Sound` and `Picture` (decoded) or `Unit` (as it was sent); encoders make `Unit`; outputs take `Unit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import av

    from roomwright_proto.roomwright.egress import v1


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What an output is told of a stream before its first unit.

    `codec` is FFmpeg's name (`opus`, `vp8`, `h264`, `aac`, `mp3`, …). Sizes in pixels, `rate` in Hz for audio.
    `extradata` as FFmpeg wants it for the codec.
    """

    kind: str
    codec: str
    width: int = 0
    height: int = 0
    framerate: int = 0
    rate: int = 0
    channels: int = 0
    bit_rate: int = 0
    extradata: bytes = b""


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded frame of the stream `index` (its place among the formats)."""

    index: int
    pts_ns: int
    dts_ns: int
    duration_ns: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Sound:
    """Decoded audio of a track, at the time at which its first sample is heard."""

    track: int
    at_ns: int
    frame: "av.AudioFrame"


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture of a track, to be shown from `at_ns` on."""

    track: int
    at_ns: int
    frame: "av.VideoFrame"


class Output(Protocol):
    """Something that units are written to: a file, a playlist, streams. Slow storage never holds it up for long."""

    def open(self, formats: Sequence[StreamFormat]) -> None:
        """Begin. Raises OutputError when that cannot be."""
        ...

    def write(self, unit: Unit) -> None:
        """Take one unit; units of a stream come in the order of `dts_ns`. Raises OutputError."""
        ...

    def progress(self, into: "v1.Progress") -> None:
        """Add this output's results so far, as EgressInfo will list them."""
        ...

    def close(self) -> None:
        """Finish and store; what was written stays playable. Raises OutputError; idempotent."""
        ...


class OutputError(Exception):
    """An output cannot go on. `code` is an HTTP status, as in EgressInfo's `error_code`."""

    def __init__(self, message: str, code: int = 500) -> None:
        super().__init__(message)
        self.code = code
