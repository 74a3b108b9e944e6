"""HLS: segments, a playlist of all and, where it is asked for, one of the last five.

Segments are cut at key frames. Each is stored whole, then the playlists that name it are.
"""

from collections.abc import Sequence
from typing import Final

from av.error import FFmpegError

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ..storage import Store
from ..units import OutputError, StreamFormat, Unit
from .names import beside, counted, timed
from .packs import FragmentedMp4, Pack, TransportStream
from .playlist import SECOND, Playlist, Segment

DEFAULT_SECONDS: Final = 4.0

_EARLY_NS: Final = SECOND // 100
"""A key frame this much before its time is cut at."""

_CODECS: Final = {"h264", "hevc", "aac", "opus", "mp3"}


class SegmentsOutput:
    """See `units.Output`."""

    def __init__(self, segments: v1.Segments, store: Store) -> None:
        self._plan = segments
        self._store = store
        self._seconds = segments.duration or DEFAULT_SECONDS
        self._pack: Pack | None = None
        self._init = f"{segments.prefix}_init.mp4" if segments.fragmented_mp4 else ""
        self._playlist = Playlist(self._seconds, beside(self._init, segments.playlist) if self._init else "")
        self._live = Playlist(self._seconds, beside(self._init, segments.live_playlist) if self._init else "")
        self._cut_by = 0
        self._epoch_ns = 0
        self._waiting: list[Unit] = []
        self._start_ns = 0
        self._end_ns = 0
        self._bytes = 0
        self._segments: list[Segment] = []
        self._closed = False

    @property
    def location(self) -> str:
        """Of the playlist."""
        return self._store.location(self._plan.playlist)

    @property
    def locations(self) -> Sequence[str]:
        """Of the segments."""
        return [self._store.location(segment.path) for segment in self._segments]

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        """Begin."""
        for stream in formats:
            if stream.codec not in _CODECS:
                raise OutputError(f"HLS segments are incompatible with codec {stream.codec}", 400)
        self._epoch_ns = epoch_ns
        self._cut_by = next((number for number, stream in enumerate(formats) if stream.kind == "video"), 0)
        self._pack = (FragmentedMp4 if self._plan.fragmented_mp4 else TransportStream)(formats)

    def write(self, unit: Unit) -> None:
        """Take a unit; a key frame that is due begins the next segment."""
        due = unit.pts_ns - self._start_ns >= self._seconds * SECOND - _EARLY_NS
        if unit.index == self._cut_by and unit.key and due and self._waiting:
            self._cut(unit.pts_ns)
            self._write_playlists(ended=False)
        self._waiting.append(unit)
        self._end_ns = max(self._end_ns, unit.pts_ns + unit.duration_ns)

    def progress(self, into: v1.Progress) -> None:
        """Add the SegmentsInfo."""
        into.bytes += self._bytes
        plan = self._plan
        into.segments.append(
            pb.SegmentsInfo(
                playlist_name=plan.playlist,
                live_playlist_name=plan.live_playlist,
                duration=self._end_ns if self._closed else self._start_ns,
                size=self._bytes,
                playlist_location=self._store.location(plan.playlist),
                live_playlist_location=self._store.location(plan.live_playlist) if plan.live_playlist else "",
                segment_count=len(self._segments),
                started_at=self._epoch_ns,
                ended_at=self._epoch_ns + self._end_ns if self._closed else 0,
            )
        )

    def close(self) -> None:
        """Store the last segment, and end the playlists."""
        if self._closed or self._pack is None:
            return
        self._closed = True
        try:
            if self._waiting:
                self._cut(self._end_ns)
        finally:
            self._write_playlists(ended=True)
            self._store.settle()

    def _cut(self, at_ns: int) -> None:
        units, self._waiting = self._waiting, []
        start, self._start_ns = self._start_ns, at_ns
        if self._pack is None:
            return
        number, began = len(self._segments), self._epoch_ns + start
        name = timed(self._plan.prefix, began, self._pack.extension)
        if not self._plan.named_by_time:
            name = counted(self._plan.prefix, number, self._pack.extension)
        try:
            if self._init and number == 0:
                self._put(self._init, self._pack.init(units))
            self._put(name, self._pack.segment(units))
        except FFmpegError as error:
            raise OutputError(f"cannot write {name}: {error.strerror}") from error
        self._segments.append(Segment(name, began, at_ns - start))

    def _put(self, path: str, data: bytes) -> None:
        self._store.put(path, data)
        self._bytes += len(data)

    def _write_playlists(self, ended: bool) -> None:
        plan = self._plan
        text = self._playlist.whole(self._segments, self._names(plan.playlist), ended)
        self._store.put(plan.playlist, text.encode())
        if plan.live_playlist:
            text = self._live.live(self._segments, self._names(plan.live_playlist), ended)
            self._store.put(plan.live_playlist, text.encode())

    def _names(self, playlist: str) -> list[str]:
        return [beside(segment.path, playlist) for segment in self._segments]
