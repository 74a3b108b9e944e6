"""One track: its streams, the choice among them, the key frames that it needs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from roomwright.egress.recorder.intake.clock import SECOND, PublisherClock
from roomwright.egress.recorder.intake.coded import Coded
from roomwright.egress.recorder.intake.frames import AUDIO, HELPERS, UNPACKERS
from roomwright.egress.recorder.intake.layers import Layers
from roomwright.egress.recorder.intake.stream import AudioFrames, Ordered, Stream, VideoFrames
from roomwright_proto.livekit import TrackType

if TYPE_CHECKING:
    from roomwright_proto.roomwright.egress import v1

PATIENCE_NS: Final = SECOND // 2
"""How long a missing packet is waited for: some round trips, so that it can be asked for and sent again."""
MAX_LAYERS: Final = 8


class UnknownCodecError(Exception):
    """A track comes in a codec that cannot be recorded."""


class Track:
    """A track of the egress. `added` is what the server said of it."""

    def __init__(self, added: "v1.TrackAdded", publisher: PublisherClock, patience_ns: int = PATIENCE_NS) -> None:
        self.added = added
        self.is_video = bool(added.track and added.track.type == TrackType.VIDEO)
        self.muted = bool(added.track and added.track.muted)
        known = {*UNPACKERS} if self.is_video else {*AUDIO}
        subtypes = {payload.type: payload.mime.lower().partition("/")[2] for payload in added.payloads}
        if subtypes and not known & {*subtypes.values()}:
            names = ", ".join(sorted({*subtypes.values()} - HELPERS))
            raise UnknownCodecError(
                f"track {added.track.sid if added.track else ''} comes as {names}, which is not recorded"
            )
        self._payloads = {payload.type: payload for payload in added.payloads if subtypes[payload.type] in known}
        self._publisher = publisher
        self._patience_ns = patience_ns
        self._streams: dict[int, tuple[Stream, VideoFrames | AudioFrames]] = {}
        self._layers = Layers()

    @property
    def unusable(self) -> int:
        """Packets that could not be used."""
        return sum(stream.unusable for stream, _ in self._streams.values())

    @property
    def parameters(self) -> bytes:
        """Of the layer that is recorded: what its decoder is told before the first frame."""
        found = self._streams.get(self._layers.current)
        return found[1].parameters if found and isinstance(found[1], VideoFrames) else b""

    def push(self, layer: int, packet: bytes, arrival_ns: int) -> None:
        """Take a packet."""
        if layer < MAX_LAYERS and self._stream(layer)[0].push(packet, arrival_ns):
            self._layers.seen(layer, arrival_ns)

    def report(self, report: "v1.SenderReport") -> None:
        """The publisher's sender report for one of the layers."""
        if report.layer < MAX_LAYERS:
            self._stream(report.layer)[0].report(report)

    def take(self, now_ns: int) -> Iterator[Coded]:
        """The frames that are whole by now."""
        for stream, frames in self._streams.values():
            for ordered in stream.take(now_ns):
                if isinstance(frames, AudioFrames) or self._is_chosen(frames, stream.layer, ordered, now_ns):
                    yield from frames.add(ordered)
                else:
                    frames.restart()

    def mute(self, *, muted: bool) -> None:
        """The track was muted or unmuted. No packets come while it is muted: what follows is no loss."""
        if self.muted and not muted:
            self._layers = Layers()
            for stream, frames in self._streams.values():
                stream.restart()
                frames.restart()
        self.muted = muted

    def wanted(self, now_ns: int) -> tuple[int, ...]:
        """The layers that a key frame shall be asked for, if it is time to."""
        if not self.is_video or self.muted:
            return ()
        current = self._streams.get(self._layers.current)
        broken = current is None or (isinstance(current[1], VideoFrames) and current[1].broken)
        return self._layers.wanted(now_ns, broken=broken)

    def damaged(self) -> None:
        """A decoder could not go on with what came: the next frame has to be a key frame."""
        if current := self._streams.get(self._layers.current):
            current[1].restart()

    def _is_chosen(self, frames: VideoFrames, layer: int, ordered: Ordered, now_ns: int) -> bool:
        return layer == self._layers.current or (frames.begins(ordered) and self._layers.begins(layer, now_ns))

    def _stream(self, layer: int) -> "tuple[Stream, VideoFrames | AudioFrames]":
        found = self._streams.get(layer)
        if found is None:
            stream = Stream(layer, self._payloads, self._publisher, self._patience_ns)
            found = self._streams[layer] = (stream, VideoFrames(stream) if self.is_video else AudioFrames(stream))
        return found
