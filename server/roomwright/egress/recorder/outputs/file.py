"""One file. It can be played at any time while it is written, but for its last second.

MP4 is written in fragments of a second; where the storage allows, it becomes an ordinary MP4 when it is closed.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from av.error import FFmpegError

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ..storage import Sink, Store
from ..storage.local import LocalSink
from ..units import OutputError, StreamFormat, Unit
from .boxes import whole
from .muxer import Muxer

_CONTAINERS: Final = {
    pb.EncodedFileType.MP4: "mp4",
    pb.EncodedFileType.OGG: "ogg",
    pb.EncodedFileType.MP3: "mp3",
}
_CODECS: Final = {
    "mp4": {"h264", "hevc", "av1", "vp9", "aac", "opus", "mp3"},
    "webm": {"vp8", "vp9", "av1", "opus"},
    "ogg": {"opus"},
    "mp3": {"mp3"},
}
_FRAGMENTS: Final = {"frag_duration": "1000000", "flush_packets": "1"}
_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "mp4": {"movflags": "frag_keyframe+delay_moov+default_base_moof", **_FRAGMENTS},
    "webm": {"cluster_time_limit": "1000", "flush_packets": "1"},
    "ogg": {"page_duration": "500000", "flush_packets": "1"},
    "mp3": {"flush_packets": "1", "write_xing": "0"},
}
_SEEKABLE: Final[Mapping[str, Mapping[str, str]]] = {
    **_OPTIONS,
    "mp4": {"movflags": "hybrid_fragmented+frag_keyframe+delay_moov", **_FRAGMENTS},
    "mp3": {"flush_packets": "1"},
}


class FileOutput:
    """See `units.Output`."""

    def __init__(self, file: v1.File, store: Store) -> None:
        self._file = file
        self._store = store
        self._sink: Sink | None = None
        self._muxer: Muxer | None = None
        self._container = ""
        self._epoch_ns = 0
        self._end_ns = 0
        self._closed = False

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        """Create the file."""
        container = self._container = _container(self._file, formats)
        for stream in formats:
            if stream.codec not in _CODECS[container]:
                raise OutputError(f"format {container} incompatible with codec {stream.codec}", 400)
        self._epoch_ns = epoch_ns
        self._sink = self._store.create(self._file.path)
        options = (_SEEKABLE if self._store.seekable else _OPTIONS)[container]
        self._muxer = Muxer(self._sink, container, formats, options)

    def write(self, unit: Unit) -> None:
        """Append a unit."""
        if self._muxer is None:
            return
        try:
            self._muxer.write(unit)
        except FFmpegError as error:
            raise OutputError(f"cannot write {self._file.path}: {error.strerror}") from error
        self._end_ns = max(self._end_ns, unit.pts_ns + unit.duration_ns)

    def progress(self, into: v1.Progress) -> None:
        """Add the FileInfo."""
        if self._sink is None:
            return
        into.bytes += self._sink.size
        into.files.append(
            pb.FileInfo(
                filename=self._file.path,
                started_at=self._epoch_ns,
                ended_at=self._epoch_ns + self._end_ns if self._closed else 0,
                duration=self._end_ns,
                size=self._sink.size,
                location=self._sink.location,
            )
        )

    def close(self) -> None:
        """Finish the file; what was written stays."""
        if self._muxer is None or self._sink is None:
            return
        muxer, self._muxer = self._muxer, None
        self._closed = True
        try:
            muxer.close()
        except FFmpegError as error:
            raise OutputError(f"cannot finish {self._file.path}: {error.strerror}") from error
        finally:
            if self._container == "mp4" and isinstance(self._sink, LocalSink):
                self._sink.trim(whole)
            self._sink.close()
            self._store.settle()


def _container(file: v1.File, formats: Sequence[StreamFormat]) -> str:
    video = any(stream.kind == "video" for stream in formats)
    container = file.container or _CONTAINERS.get(file.type) or ("mp4" if video else "ogg")
    if container not in _CODECS:
        raise OutputError(f"unknown container {container}", 400)
    return container
