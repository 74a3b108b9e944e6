"""What EgressInfo lists of outputs: before anything is written, and after a recorder was killed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from roomwright.egress import spool
from roomwright.egress.redaction import stream_url
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

Result: TypeAlias = pb.FileInfo | pb.StreamInfo | pb.SegmentsInfo | pb.ImagesInfo


def expected(plan: v1.Plan) -> Sequence[Result]:
    """What a plan's outputs will be. Local files have their locations already, so that they are found after a crash."""
    return [result for output in plan.outputs for result in _of(output)]


def _of(output: v1.Output) -> Iterator[Result]:
    directory = output.storage.directory if output.storage is not None else None
    if output.file is not None:
        yield pb.FileInfo(filename=output.file.path, location=_location(directory, output.file.path))
    elif output.stream is not None:
        for destination in output.stream.destinations:
            yield pb.StreamInfo(url=stream_url(destination.url), id=destination.id)
    elif output.segments is not None:
        segments = output.segments
        yield pb.SegmentsInfo(
            playlist_name=segments.playlist,
            live_playlist_name=segments.live_playlist,
            playlist_location=_location(directory, segments.playlist),
            live_playlist_location=_location(directory, segments.live_playlist),
        )
    elif output.images is not None:
        yield pb.ImagesInfo(filename_prefix=output.images.prefix)
    elif output.websocket_url is not None:
        yield pb.StreamInfo(url=stream_url(output.websocket_url))


def places(plan: v1.Plan) -> frozenset[str]:
    """The paths of this machine that a plan writes to. In object storage each write is whole, and the last one wins."""
    found = (_place(output) for output in plan.outputs)
    return frozenset(place for place in found if place)


def _place(output: v1.Output) -> str:
    directory = output.storage.directory if output.storage is not None else None
    return _location(directory, _path(output))


def _path(output: v1.Output) -> str:
    if output.file is not None:
        return output.file.path
    if output.segments is not None:
        return output.segments.playlist
    return output.images.prefix if output.images is not None else ""


def _location(directory: str | None, path: str) -> str:
    return str(Path(directory).resolve() / path) if directory is not None and path else ""


def on_disk(info: pb.EgressInfo, spool_directory: str) -> bool:
    """Bring the files of an egress whose recorder is gone up to date: where they are and their sizes.

    What has not reached object storage is in the spool. Returns whether that is final: a recorder whose server was
    killed still uploads.
    """
    if spool_directory and spool.is_held(spool.folder(spool_directory, info.egress_id)):
        return False
    for file in info.file_results:
        _look_at(file, spool.kept(spool_directory, info.egress_id, file.filename))
    for segments in info.segment_results:
        kept = spool.kept(spool_directory, info.egress_id, segments.playlist_name)
        segments.playlist_location = str(kept or segments.playlist_location)
    if info.file is not None and info.file_results:
        info.file = info.file_results[0]
    for stream in info.stream_results:
        if stream.status is pb.StreamInfoStatus.ACTIVE:
            stream.status, stream.error = pb.StreamInfoStatus.FAILED, "the recorder is gone"
    return True


def _look_at(file: pb.FileInfo, kept: Path | None) -> None:
    if kept is not None:
        file.location = str(kept)
    path = Path(file.location)
    if not file.location or not path.is_absolute():
        return
    try:
        file.size = path.stat().st_size
    except OSError:
        file.size, file.location = 0, ""
