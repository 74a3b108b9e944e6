"""What the conductor runs: a pipeline takes whole frames of tracks and writes outputs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from roomwright.egress.recorder.intake.coded import Coded
    from roomwright.egress.recorder.intake.track import Track
    from roomwright_proto.roomwright.egress import v1


class Pipeline(Protocol):
    """From whole frames to outputs. Times are since the epoch. Every method may raise OutputError."""

    @property
    def tick_ns(self) -> int:
        """How often it wants to advance."""
        ...

    @property
    def start_ns(self) -> int | None:
        """When the recording began; None: nothing was written yet."""
        ...

    @property
    def exhausted(self) -> bool:
        """Whether there is nothing left to write to."""
        ...

    def begin(self, at_ns: int) -> None:
        """Begin without media, where that can be."""
        ...

    def track_added(self, track: "Track") -> None:
        """Frames of this track may follow."""
        ...

    def track_removed(self, track: "Track") -> None:
        """No more frames of it."""
        ...

    def track_muted(self, track: "Track", *, muted: bool) -> None:
        """The track was muted or unmuted."""
        ...

    def coded(self, track: "Track", coded: "Coded") -> None:
        """A frame of the track, in order."""
        ...

    def advance(self, until_ns: int) -> None:
        """Everything up to this time was given."""
        ...

    def order(self, order: "v1.Order") -> None:
        """What is not of tracks: layout, speakers, streams."""
        ...

    def finish(self, at_ns: int) -> Sequence[str]:
        """Write the rest up to this time and close all; gives the locations of manifests."""
        ...

    def progress(self, into: "v1.Progress") -> None:
        """Add the outputs' results so far."""
        ...
