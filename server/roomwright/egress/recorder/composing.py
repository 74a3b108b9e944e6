"""The pipeline of composites: tracks are decoded, composed, encoded."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from roomwright.egress.recorder.intake.clock import SECOND
from roomwright.egress.recorder.intake.decode import AudioDecoder, VideoDecoder
from roomwright.egress.recorder.units import Composer, Outputs, Picture, Sound, Unit

if TYPE_CHECKING:
    from roomwright.egress.recorder.intake.coded import Coded
    from roomwright.egress.recorder.intake.track import Track
    from roomwright_proto.roomwright.egress import v1


class Composing:
    """Joins decoders, one composer and the outputs."""

    tick_ns = SECOND // 50

    def __init__(self, composer: Composer, outputs: Outputs) -> None:
        self.start_ns: int | None = None
        self._composer = composer
        self._outputs = outputs
        self._decoders: dict[int, AudioDecoder | VideoDecoder] = {}

    @property
    def exhausted(self) -> bool:
        """Whether there is nothing left to write to."""
        return self._outputs.exhausted()

    def begin(self, at_ns: int) -> None:
        """Nobody is there: begin with the empty room."""
        self._begin(at_ns)

    def track_added(self, track: "Track") -> None:
        """Decode it from now on."""
        self._decoders[track.added.number] = VideoDecoder() if track.is_video else AudioDecoder()
        self._composer.track_added(track.added)
        self._outputs.track_added(track.added)

    def track_removed(self, track: "Track") -> None:
        """No more of it."""
        self._decoders.pop(track.added.number, None)
        self._composer.track_removed(track.added.number)

    def track_muted(self, track: "Track", *, muted: bool) -> None:
        """Silence, or the placeholder."""
        self._composer.track_muted(track.added.number, muted)

    def coded(self, track: "Track", coded: "Coded") -> None:
        """Decode a frame."""
        number = track.added.number
        decoder = self._decoders.get(number)
        if decoder is None:
            return
        start_ns = self._begin(coded.at_ns)
        if isinstance(decoder, AudioDecoder):
            for at_ns, sound in decoder.decode(coded):
                self._composer.sound(Sound(number, at_ns - start_ns, sound))
            return
        for at_ns, picture in decoder.decode(coded):
            self._composer.picture(Picture(number, max(0, at_ns - start_ns), picture))
        if decoder.failed:
            track.damaged()

    def advance(self, until_ns: int) -> None:
        """Compose and encode up to there."""
        if self.start_ns is not None and until_ns > self.start_ns:
            self._write(self._composer.advance(until_ns - self.start_ns))

    def order(self, order: "v1.Order") -> None:
        """Layout, speakers, streams."""
        if order.layout is not None:
            self._composer.layout(order.layout.layout)
        elif order.speakers is not None:
            self._composer.speakers(order.speakers.identities)
        elif order.stream_added is not None:
            self._outputs.stream_added(order.stream_added)
        elif order.stream_removed is not None:
            self._outputs.stream_removed(order.stream_removed.url)

    def finish(self, at_ns: int) -> Sequence[str]:
        """Encode the rest, close the outputs."""
        try:
            if self.start_ns is not None:
                self._write(self._composer.finish(max(0, at_ns - self.start_ns)))
        finally:
            # Whatever fails before: files are closed.
            manifests = self._outputs.close()
        return manifests

    def progress(self, into: "v1.Progress") -> None:
        """The outputs' results."""
        self._outputs.progress(into)

    def _begin(self, at_ns: int) -> int:
        if self.start_ns is None:
            self.start_ns = at_ns
            self._outputs.open(self._composer.formats, at_ns)
        return self.start_ns

    def _write(self, units: Iterable[Unit]) -> None:
        for unit in units:
            self._outputs.write(unit)
