"""Requests of both generations of the API as wishes. What is wrong in a request's shape is refused here."""

from collections.abc import Sequence
from typing import Any, Protocol

from roomwright.egress.planning import files, streams
from roomwright.egress.planning.storage import chosen
from roomwright.egress.refusals import invalid, not_here
from roomwright.egress.wish import (
    FileWish,
    ImagesWish,
    Options,
    OutputWish,
    SegmentsWish,
    Source,
    StreamWish,
    WebSocketWish,
    Wish,
)
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_KIND = v1.SourceKind


class _Outputs(Protocol):
    """What the older requests that encode have in common."""

    file_outputs: list[pb.EncodedFileOutput]
    stream_outputs: list[pb.StreamOutput]
    segment_outputs: list[pb.SegmentedFileOutput]
    image_outputs: list[pb.ImageOutput]
    preset: pb.EncodingOptionsPreset | None
    advanced: pb.EncodingOptions | None


def room_composite(request: pb.RoomCompositeEgressRequest) -> Wish:
    """The whole room."""
    _refuse_page(request.custom_base_url)
    _one_of_both(request.audio_only, request.video_only)
    source = Source(
        kind=_KIND.ROOM,
        audio=not request.video_only,
        video=not request.audio_only,
        layout=request.layout,
        audio_mixing=request.audio_mixing,
        screen=True,
    )
    return _older(request, request.room_name, source, "room_composite")


def participant(request: pb.ParticipantEgressRequest) -> Wish:
    """One participant: camera and microphone, or screen and its sound."""
    if not request.identity:
        raise invalid("identity")
    source = Source(
        kind=_KIND.PARTICIPANT,
        identity=request.identity,
        camera=not request.screen_share,
        screen=request.screen_share,
    )
    return _older(request, request.room_name, source, "participant")


def track_composite(request: pb.TrackCompositeEgressRequest) -> Wish:
    """Up to one audio and one video track."""
    source = _pair(request.audio_track_id, request.video_track_id)
    return _older(request, request.room_name, source, "track_composite")


def track(request: pb.TrackEgressRequest) -> Wish:
    """One track, as it is."""
    if not request.track_id:
        raise invalid("track_id")
    output: OutputWish
    if request.file is not None:
        output = FileWish(
            path=request.file.filepath, manifest=not request.file.disable_manifest, storage=chosen(request.file)
        )
    elif request.websocket_url is not None:
        output = WebSocketWish(url=streams.websocket_url(request.websocket_url))
    else:
        raise invalid("output")
    return _checked(
        Wish(
            room_name=request.room_name,
            source=Source(kind=_KIND.TRACK, audio_track=request.track_id),
            options=None,
            outputs=(output,),
            webhooks=tuple(request.webhooks),
            repeated_as="track",
            request=request,
        )
    )


def unified(request: pb.StartEgressRequest) -> Wish:
    """The newer request, of which the others are special cases."""
    source = _unified_source(request)
    options: Options = request.advanced if request.preset is None else request.preset
    outputs = [_unified_output(output, request.storage) for output in request.outputs]
    sound_alone = source.kind is _KIND.TRACK_PAIR and source.audio and not source.video
    if len(outputs) == 1 and isinstance(outputs[0], WebSocketWish):
        if not sound_alone:
            raise invalid("stream protocol", "WEBSOCKET carries one audio track")
        source = Source(kind=_KIND.TRACK, audio_track=source.audio_track)
    elif options is pb.EncodingOptionsPreset.PASSTHROUGH and len(source.tracks) == 1:
        source = Source(kind=_KIND.TRACK, audio_track=source.tracks[0])
    return _checked(
        Wish(
            room_name=request.room_name,
            source=source,
            options=options,
            outputs=tuple(outputs),
            webhooks=tuple(request.webhooks),
            repeated_as="egress",
            request=request,
        )
    )


# sources


def _pair(audio_track: str, video_track: str) -> Source:
    if not audio_track and not video_track:
        raise invalid("audio_track_id or video_track_id")
    return Source(
        kind=_KIND.TRACK_PAIR,
        audio=bool(audio_track),
        video=bool(video_track),
        audio_track=audio_track,
        video_track=video_track,
    )


def _unified_source(request: pb.StartEgressRequest) -> Source:
    if request.template is not None:
        template = request.template
        _refuse_page(template.custom_base_url)
        _one_of_both(template.audio_only, template.video_only)
        return Source(
            kind=_KIND.ROOM,
            audio=not template.video_only,
            video=not template.audio_only,
            layout=template.layout,
            screen=True,
        )
    if request.web is not None:
        raise not_here("a web source (Egress.StartEgress)")
    if request.media is not None:
        return _media(request.media)
    raise invalid("source")


def _media(media: pb.MediaSource) -> Source:
    """Tracks and participants: as a pair of tracks or a participant where it is one, else as a part of the room."""
    routes = tuple(media.audio.routes) if media.audio is not None else ()
    everybody = media.audio is not None and media.audio.capture_all
    shown, video_track = media.participant_video, media.video_track_id or ""
    if shown is not None and not shown.identity:
        raise invalid("identity")
    if media.video_track_id == "" or any(not _names_somebody(route) for route in routes):
        raise invalid("track_id")
    audio, video = everybody or bool(routes), bool(video_track) or shown is not None
    if not audio and not video:
        raise invalid("source")
    alone = not everybody and len(routes) <= 1
    channelled = any(route.channel is not pb.AudioChannel.BOTH for route in routes)
    heard_track = routes[0].track_id if len(routes) == 1 else None
    if alone and not channelled and shown is None and (not routes or heard_track):
        return _pair(heard_track or "", video_track)
    identity = shown.identity if shown is not None else ""
    prefer_screen = shown is not None and shown.prefer_screen_share
    if shown is not None and alone and all(route.participant_identity == identity for route in routes):
        return Source(kind=_KIND.PARTICIPANT, audio=audio, identity=identity, screen=prefer_screen, routes=routes)
    return Source(
        kind=_KIND.ROOM,
        audio=audio,
        video=video,
        layout="single-speaker",
        screen=prefer_screen or shown is None,
        video_track=video_track,
        video_of=identity,
        routes=routes,
    )


def _names_somebody(route: pb.AudioRoute) -> bool:
    return bool(route.track_id or route.participant_identity) or route.participant_kind is not None


def _one_of_both(audio_only: bool, video_only: bool) -> None:
    if audio_only and video_only:
        raise invalid("audio_only and video_only")


def _refuse_page(url: str) -> None:
    if url:
        raise not_here("a custom template (custom_base_url)")


# outputs


def _older(request: Any, room_name: str, source: Source, repeated_as: str) -> Wish:
    options: Options = request.advanced if request.preset is None else request.preset
    return _checked(
        Wish(
            room_name=room_name,
            source=source,
            options=options,
            outputs=tuple(_older_outputs(request)),
            webhooks=tuple(request.webhooks),
            repeated_as=repeated_as,
            request=request,
        )
    )


def _older_outputs(request: _Outputs) -> list[OutputWish]:
    """The lists, or, where there is none, the single output of older clients."""
    single_file, single_stream, single_segments = (
        getattr(request, name, None) for name in ("file", "stream", "segments")
    )
    lists = (request.file_outputs, request.stream_outputs, request.segment_outputs, request.image_outputs)
    if any(lists):
        single_file = single_stream = single_segments = None
    found: list[OutputWish] = [file(one) for one in [*request.file_outputs, *_some(single_file)]]
    found += [_stream(one) for one in [*request.stream_outputs, *_some(single_stream)]]
    found += [
        SegmentsWish(request=one, storage=chosen(one)) for one in [*request.segment_outputs, *_some(single_segments)]
    ]
    found += [ImagesWish(request=one, storage=chosen(one)) for one in request.image_outputs]
    return found


def _some(one: Any) -> Sequence[Any]:
    return () if one is None else (one,)


def file(request: pb.EncodedFileOutput) -> FileWish:
    """An encoded file."""
    return FileWish(
        type=request.file_type,
        path=request.filepath,
        manifest=not request.disable_manifest,
        storage=chosen(request),
    )


def _stream(request: pb.StreamOutput) -> OutputWish:
    named = [pb.StreamDestination(url=url) for url in request.urls]
    destinations = [*named, *request.destinations]
    if not destinations:
        raise invalid("stream url")
    protocol = streams.protocol(request.protocol, [destination.url for destination in destinations])
    if protocol is pb.StreamProtocol.WEBSOCKET:
        if len(destinations) > 1:
            raise invalid("stream url", "a WebSocket output takes one")
        return WebSocketWish(url=streams.websocket_url(destinations[0].url))
    return StreamWish(protocol=protocol, destinations=streams.destinations(destinations))


def _unified_output(output: pb.Output, shared: pb.StorageConfig | None) -> OutputWish:
    own, common = chosen(output.storage), chosen(shared)
    storage = own or common
    if output.file is not None:
        asked = output.file
        return FileWish(type=asked.file_type, path=asked.filepath, manifest=not asked.disable_manifest, storage=storage)
    if output.stream is not None:
        return _stream(output.stream)
    if output.segments is not None:
        return SegmentsWish(request=output.segments, storage=chosen(output.segments) or storage)
    if output.images is not None:
        return ImagesWish(request=output.images, storage=chosen(output.images) or storage)
    raise invalid("output")


_ONCE = (
    (FileWish, "multiple file outputs"),
    (StreamWish, "multiple stream outputs"),
    (SegmentsWish, "multiple segmented file outputs"),
)
_MOST_IMAGES = 10


def _checked(wish: Wish) -> Wish:
    """Raise for outputs that do not go together."""
    if not wish.outputs:
        raise invalid("output")
    for kind, name in _ONCE:
        if sum(isinstance(output, kind) for output in wish.outputs) > 1:
            raise invalid(name)
    images = sum(isinstance(output, ImagesWish) for output in wish.outputs)
    if images and not wish.source.video:
        raise invalid("audio_only images")
    if images > _MOST_IMAGES:
        raise invalid("output", f"at most {_MOST_IMAGES} image outputs")
    if wish.source.kind is not _KIND.TRACK and any(isinstance(output, WebSocketWish) for output in wish.outputs):
        raise invalid("stream protocol", "WEBSOCKET carries one audio track")
    check_layout(wish.source.layout)
    files.check(wish)
    return wish


_LAYOUTS = frozenset(
    f"{layout}{ground}" for layout in ("grid", "speaker", "single-speaker") for ground in ("", "-light", "-dark")
)


def check_layout(layout: str) -> None:
    """Raise for a layout that there is not; empty is the usual one."""
    if layout and layout not in _LAYOUTS:
        raise invalid("layout", "grid, speaker or single-speaker, with -light or -dark")
