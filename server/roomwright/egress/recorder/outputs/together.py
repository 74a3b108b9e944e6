"""All outputs of a plan, as the conductor sees them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from roomwright_proto.roomwright.egress import v1

from ..units import Output, OutputError, StreamFormat, Unit

if TYPE_CHECKING:
    import av


class Together:
    """See `units.Outputs`. An output that fails ends the egress; streams fail each on its own."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = outputs

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        """Begin all."""
        for output in self._outputs:
            output.open(formats, epoch_ns)

    def track_added(self, track: v1.TrackAdded) -> None:
        """What manifests say of tracks."""

    def still(self, at_ns: int, frame: "av.VideoFrame") -> None:
        """A composed picture."""

    def stream_added(self, added: v1.StreamAdded) -> None:
        """One more stream."""

    def stream_removed(self, url: str) -> None:
        """End a stream."""

    def exhausted(self) -> bool:
        """Whether all were streams, and all of them were removed."""
        return False

    def write(self, unit: Unit) -> None:
        """Give the unit to all."""
        for output in self._outputs:
            output.write(unit)

    def progress(self, into: v1.Progress) -> None:
        """Add the results of all."""
        for output in self._outputs:
            output.progress(into)

    def close(self) -> Sequence[str]:
        """Close all, whatever fails."""
        failed: list[OutputError] = []
        for output in self._outputs:
            try:
                output.close()
            except OutputError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return []
