"""The pipeline of track egress: frames are written as they were sent, nothing is decoded or encoded (but G.711)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from roomwright.egress.recorder.copying.lanes import AudioLane, VideoLane
from roomwright.egress.recorder.intake.clock import SECOND
from roomwright.egress.recorder.units import Outputs

if TYPE_CHECKING:
    from roomwright.egress.recorder.intake.coded import Coded
    from roomwright.egress.recorder.intake.track import Track
    from roomwright_proto.roomwright.egress import v1

COMPANION_NS: Final = 3 * SECOND
"""How long a recording of two tracks waits for the first frame of the second."""


class Copying:
    """One stream of sound, one of pictures, or both. A track that follows another of its kind goes on in its stream."""

    tick_ns = SECOND // 10

    def __init__(self, plan: "v1.Plan", outputs: Outputs) -> None:
        source = plan.source
        self.start_ns: int | None = None
        self._outputs = outputs
        self._expected = {
            kind for kind, wanted in (("audio", source and source.audio), ("video", source and source.video)) if wanted
        }
        self._lanes: dict[str, AudioLane | VideoLane] = {}
        self._held: list[tuple[Track, Coded]] = []

    @property
    def exhausted(self) -> bool:
        """Whether there is nothing left to write to."""
        return self._outputs.exhausted()

    def begin(self, at_ns: int) -> None:
        """Without media there is nothing to write."""

    def track_added(self, track: "Track") -> None:
        """Its frames may follow."""
        self._outputs.track_added(track.added)

    def track_removed(self, track: "Track") -> None:
        """Nothing to do: its stream stays, another track may take it."""

    def track_muted(self, track: "Track", *, muted: bool) -> None:
        """Nothing to do: what does not come is silence, or the last picture."""

    def coded(self, track: "Track", coded: "Coded") -> None:
        """Write a frame, as soon as the first frames of all streams are there."""
        if self.start_ns is None:
            self._held.append((track, coded))
            kinds = {_kind(held) for held, _ in self._held}
            if kinds >= self._expected:
                self._open()
        else:
            self._write(track, coded)

    def advance(self, until_ns: int) -> None:
        """Fill silence up to there."""
        if self._held and until_ns - self._held[0][1].at_ns > COMPANION_NS:
            self._open()
        for lane in self._lanes.values():
            for unit in lane.advance(until_ns):
                self._outputs.write(unit)

    def order(self, order: "v1.Order") -> None:
        """Streams that come and go; there is no layout."""
        if order.stream_added is not None:
            self._outputs.stream_added(order.stream_added)
        elif order.stream_removed is not None:
            self._outputs.stream_removed(order.stream_removed.url)

    def finish(self, at_ns: int) -> Sequence[str]:
        """Close the outputs."""
        try:
            if self._held:
                self._open()
            for lane in self._lanes.values():
                for unit in lane.finish(at_ns):
                    self._outputs.write(unit)
        finally:
            # Whatever fails before: files are closed.
            manifests = self._outputs.close()
        return manifests

    def progress(self, into: "v1.Progress") -> None:
        """The outputs' results."""
        self._outputs.progress(into)

    def _open(self) -> None:
        held, self._held = self._held, []
        self.start_ns = min(coded.at_ns for _, coded in held)
        for track, coded in held:
            kind = _kind(track)
            if kind not in self._lanes:
                self._lanes[kind] = self._lane(len(self._lanes), track, coded)
        self._outputs.open([lane.format for lane in self._lanes.values()], self.start_ns)
        for track, coded in held:
            self._write(track, coded)

    def _lane(self, index: int, track: "Track", first: "Coded") -> AudioLane | VideoLane:
        start_ns = self.start_ns or 0
        if track.is_video:
            return VideoLane(index, start_ns, track, first)
        return AudioLane(index, start_ns, track, first, beside="video" in self._expected)

    def _write(self, track: "Track", coded: "Coded") -> None:
        lane = self._lanes.get(_kind(track))
        for unit in lane.units(track, coded) if lane else ():
            self._outputs.write(unit)


def _kind(track: "Track") -> str:
    return "video" if track.is_video else "audio"
