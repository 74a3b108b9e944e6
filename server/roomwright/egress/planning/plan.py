"""A wish, the room that it is about and its tracks as the plan that a recorder follows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from roomwright.config import EgressLimits
from roomwright.egress.planning import files
from roomwright.egress.planning.encoding import file_type
from roomwright.egress.planning.files import Naming
from roomwright.egress.planning.storage import planned
from roomwright.egress.refusals import incompatible, invalid
from roomwright.egress.wish import FileWish, ImagesWish, SegmentsWish, StreamWish, WebSocketWish, Wish
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_NS_PER_S = 1_000_000_000
_KIND = v1.SourceKind
_SEGMENT_S, _IMAGE_S = 4, 10
_START_S: Mapping[v1.SourceKind, int] = {_KIND.ROOM: 3}
_USUAL_START_S = 30
_CONTAINERS: Mapping[str, str] = {
    "audio/opus": "ogg",
    "audio/red": "ogg",
    "audio/pcmu": "ogg",
    "audio/pcma": "ogg",
    "video/h264": "mp4",
    "video/vp8": "webm",
    "video/vp9": "webm",
    "video/av1": "mp4",
}
_KINDS = {pb.TrackType.AUDIO: "audio", pb.TrackType.VIDEO: "video"}


@dataclass(frozen=True, slots=True)
class Publication:
    """A track, and who published it."""

    track: pb.TrackInfo
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a server decides about all plans: where files go when nothing is said, what goes in front, limits."""

    storage: v1.Storage
    prefix: str
    limits: EgressLimits


def plan(
    wish: Wish,
    encoding: v1.Encoding | None,
    egress_id: str,
    room: pb.Room,
    tracks: Sequence[Publication],
    site: Site,
    now_ns: int,
) -> v1.Plan:
    """The plan of a wish. `tracks` are those that the source names. Raises `ServiceError`."""
    _check_kinds(wish, tracks)
    naming = _naming(wish, room, tracks, now_ns)
    outputs = [
        _output(number, output, wish, encoding, naming, tracks, site) for number, output in enumerate(wish.outputs)
    ]
    return v1.Plan(
        egress_id=egress_id,
        room_name=room.name,
        room_sid=room.sid,
        source=_source(wish, tracks),
        encoding=encoding,
        outputs=outputs,
        max_duration_ns=int(_shortest(wish, site.limits) * _NS_PER_S),
        max_bytes=site.limits.file_output_max_size if any(isinstance(o, FileWish) for o in wish.outputs) else 0,
        start_timeout_ns=_START_S.get(wish.source.kind, _USUAL_START_S) * _NS_PER_S,
    )


def _check_kinds(wish: Wish, tracks: Sequence[Publication]) -> None:
    """Tracks are named by what they are, and a WebSocket carries sound."""
    kinds = {one.track.sid: one.track.type for one in tracks}
    video = pb.TrackType.VIDEO
    if wish.source.kind is _KIND.TRACK:
        if video in kinds.values() and any(isinstance(output, WebSocketWish) for output in wish.outputs):
            raise incompatible("WEBSOCKET", next(one.track.mime_type for one in tracks))
        return
    for sid, kind, field in (
        (wish.source.audio_track, pb.TrackType.AUDIO, "audio_track_id"),
        (wish.source.video_track, video, "video_track_id"),
    ):
        if kinds.get(sid, kind) is not kind:
            raise invalid(field, f"{sid} is of another kind")


def _source(wish: Wish, tracks: Sequence[Publication]) -> v1.Source:
    source = wish.source
    audio, video = source.audio, source.video
    if source.kind is _KIND.TRACK:
        audio = any(one.track.type is pb.TrackType.AUDIO for one in tracks)
        video = any(one.track.type is pb.TrackType.VIDEO for one in tracks)
    return v1.Source(
        kind=source.kind,
        audio=audio,
        video=video,
        layout=source.layout,
        audio_mixing=source.audio_mixing,
        identity="" if source.kind is _KIND.ROOM else _publisher(wish, tracks),
    )


def _publisher(wish: Wish, tracks: Sequence[Publication]) -> str:
    return wish.source.identity or (tracks[0].identity if tracks else "")


def _naming(wish: Wish, room: pb.Room, tracks: Sequence[Publication], now_ns: int) -> Naming:
    values = {"room_name": room.name, "room_id": room.sid}
    name = room.name
    if wish.source.kind is not _KIND.ROOM:
        values["publisher_identity"] = name = _publisher(wish, tracks)
    if wish.source.kind is _KIND.TRACK and tracks:
        track = tracks[0].track
        name = track.sid
        values |= {
            "track_id": track.sid,
            "track_type": _KINDS.get(track.type, "data"),
            "track_source": (pb.TrackSource(track.source).name or "").lower(),
        }
    return Naming.at(now_ns, name, **values)


def _output(
    number: int,
    output: object,
    wish: Wish,
    encoding: v1.Encoding | None,
    naming: Naming,
    tracks: Sequence[Publication],
    site: Site,
) -> v1.Output:
    match output:
        case FileWish():
            kind = file_type(wish, output, encoding)
            container = "" if kind else container_of(tracks)
            extension = files.extension_of(kind) if kind else f".{container}"
            path = _placed(site, naming.path(output.path, extension))
            file = v1.File(type=kind, container=container, path=path, manifest=output.manifest)
            return v1.Output(number=number, file=file, storage=planned(output.storage, site.storage))
        case StreamWish():
            stream = v1.Stream(protocol=output.protocol, destinations=list(output.destinations))
            return v1.Output(number=number, stream=stream)
        case SegmentsWish():
            segments = _segments(output.request, naming, site)
            return v1.Output(number=number, segments=segments, storage=planned(output.storage, site.storage))
        case ImagesWish():
            images = _images(output.request, naming, site)
            return v1.Output(number=number, images=images, storage=planned(output.storage, site.storage))
        case WebSocketWish():
            return v1.Output(number=number, websocket_url=output.url)
        case _:
            raise TypeError(f"{output!r} is no output")


def _placed(site: Site, path: str, field: str = "filepath") -> str:
    return files.check_length(f"{site.prefix}{path}", field)


def _segments(request: pb.SegmentedFileOutput, naming: Naming, site: Site) -> v1.Segments:
    """Playlists stand in the directory of the pieces, whatever directories their own names have."""
    playlist = naming.path(request.playlist_name or request.filename_prefix, ".m3u8")
    prefix = naming.prefix(request.filename_prefix or playlist.removesuffix(".m3u8"))
    directory, slash, _ = (prefix if request.filename_prefix else playlist).rpartition("/")
    live = naming.path(request.live_playlist_name, ".m3u8") if request.live_playlist_name else ""
    return v1.Segments(
        prefix=_placed(site, prefix, "filename_prefix"),
        playlist=_placed(site, f"{directory}{slash}{_last(playlist)}", "playlist_name"),
        live_playlist=_placed(site, f"{directory}{slash}{_last(live)}", "live_playlist_name") if live else "",
        duration=float(request.segment_duration or _SEGMENT_S),
        named_by_time=request.filename_suffix is pb.SegmentedFileSuffix.TIMESTAMP,
        manifest=not request.disable_manifest,
        fragmented_mp4=request.protocol is pb.SegmentedFileProtocol.HLS_FMP4_PROTOCOL,
    )


def _images(request: pb.ImageOutput, naming: Naming, site: Site) -> v1.Images:
    return v1.Images(
        prefix=_placed(site, naming.prefix(request.filename_prefix), "filename_prefix"),
        interval=float(request.capture_interval or _IMAGE_S),
        width=request.width,
        height=request.height,
        suffix=request.filename_suffix,
        manifest=not request.disable_manifest,
    )


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def container_of(tracks: Sequence[Publication]) -> str:
    """The container for tracks as they are. Raises `ServiceError` for codecs that none holds."""
    mimes = [one.track.mime_type.lower() for one in tracks]
    found = {_CONTAINERS.get(mime, "") for mime in mimes}
    if "" in found or not found:
        wrong = next((mime for mime in mimes if mime not in _CONTAINERS), "no codec")
        raise incompatible("track", wrong)
    pictures = found & {"mp4", "webm"}
    if len(pictures) > 1:
        raise incompatible("track", " and ".join(mimes))
    return next(iter(pictures), "ogg")


def _shortest(wish: Wish, limits: EgressLimits) -> float:
    """The shortest limit of the outputs, in seconds; 0: none."""
    return min(filter(None, _limits(wish, limits)), default=0.0)


def _limits(wish: Wish, limits: EgressLimits) -> Iterator[float]:
    for output in wish.outputs:
        match output:
            case FileWish():
                yield limits.file_output_max_duration
            case SegmentsWish():
                yield limits.segment_output_max_duration
            case ImagesWish():
                yield limits.image_output_max_duration
            case _:
                yield limits.stream_output_max_duration
