"""All outputs of a plan, as the conductor sees them."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from posixpath import join
from typing import TYPE_CHECKING, Any

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ..storage import Store
from ..units import OutputError, StreamFormat, Unit
from .file import FileOutput
from .images import ImagesOutput
from .manifest import manifest
from .segments import SegmentsOutput
from .streams import StreamsOutput

if TYPE_CHECKING:
    import av

AnyOutput = FileOutput | SegmentsOutput | ImagesOutput | StreamsOutput


class Together:
    """See `units.Outputs`. An output that fails ends the egress; streams fail each on its own.

    `manifests`: the stores and folders that get one. `held` is closed with the outputs.
    """

    def __init__(
        self,
        plan: v1.Plan,
        outputs: Sequence[AnyOutput],
        manifests: Sequence[tuple[Store, str]],
        held: ExitStack | None = None,
    ) -> None:
        self._plan = plan
        self._outputs = outputs
        self._manifests = manifests
        self._held = held or ExitStack()
        self._tracks: list[v1.TrackAdded] = []
        self._opened = False
        self._broken = False
        self._closed = False

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        """Begin all."""
        self._opened = True
        for output in self._outputs:
            output.open(formats, epoch_ns)

    def track_added(self, track: v1.TrackAdded) -> None:
        """What manifests say of tracks."""
        self._tracks.append(track)

    def still(self, at_ns: int, frame: "av.VideoFrame") -> None:
        """A composed picture, for outputs of images."""
        for output in self._outputs:
            if isinstance(output, ImagesOutput):
                output.still(at_ns, frame)

    def stream_added(self, added: v1.StreamAdded) -> None:
        """One more stream, sent as the others are."""
        for output in self._outputs:
            if isinstance(output, StreamsOutput):
                output.add(pb.StreamDestination(id=added.id, url=added.url))

    def stream_removed(self, url: str) -> None:
        """End a stream."""
        for output in self._outputs:
            if isinstance(output, StreamsOutput):
                output.remove(url)

    def exhausted(self) -> bool:
        """Whether all were streams, and the last one was removed."""
        return bool(self._outputs) and all(isinstance(each, StreamsOutput) and not each.live for each in self._outputs)

    def write(self, unit: Unit) -> None:
        """Give the unit to all."""
        try:
            for output in self._outputs:
                output.write(unit)
        except OutputError:
            self._broken = True
            raise
        if self.exhausted():
            self._raise_failure()

    def progress(self, into: v1.Progress) -> None:
        """Add the results of all."""
        for output in self._outputs:
            output.progress(into)

    def close(self) -> Sequence[str]:
        """Close all, whatever fails; then write the manifests, unless something failed or nothing began."""
        if self._closed:
            return []
        self._closed = True
        with self._held:
            return self._close()

    def _close(self) -> Sequence[str]:
        failed: list[OutputError] = []
        for output in self._outputs:
            try:
                output.close()
            except OutputError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return self._write_manifests() if self._opened and not self._broken else []

    def _raise_failure(self) -> None:
        for output in self._outputs:
            if isinstance(output, StreamsOutput) and output.failure:
                raise OutputError(f"all streams failed: {output.failure}", 502)

    def _write_manifests(self) -> Sequence[str]:
        results = v1.Progress()
        self.progress(results)
        content = manifest(self._plan, self._tracks, results, self._segments(), self._images())
        locations: list[str] = []
        for store, folder in self._manifests:
            path = join(folder, f"{self._plan.egress_id}.json")
            store.put(path, content)
            store.settle()
            locations.append(store.location(path))
        return locations

    def _segments(self) -> Mapping[str, Sequence[str]]:
        return {each.location: each.locations for each in self._outputs if isinstance(each, SegmentsOutput)}

    def _images(self) -> Sequence[Mapping[str, Any]]:
        outputs = [output for output in self._outputs if isinstance(output, ImagesOutput)]
        return [image for output in outputs for image in output.listed]
