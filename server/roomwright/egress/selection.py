"""Which tracks belong to a source, and on which channel their sound goes. Pure."""

from collections.abc import Mapping

from roomwright.egress.wish import Source
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_KIND = v1.SourceKind
_CAMERA = frozenset({pb.TrackSource.CAMERA, pb.TrackSource.MICROPHONE, pb.TrackSource.UNKNOWN})
_SCREEN = frozenset({pb.TrackSource.SCREEN_SHARE, pb.TrackSource.SCREEN_SHARE_AUDIO})
_AUDIO, _VIDEO = pb.TrackType.AUDIO, pb.TrackType.VIDEO
_CHANNEL = pb.AudioChannel


def selects(source: Source, track: pb.TrackInfo, publisher: pb.ParticipantInfo) -> bool:
    """Whether a track is recorded. Hidden participants and other recorders are not."""
    if track.type not in (_AUDIO, _VIDEO) or publisher.kind is pb.ParticipantInfoKind.EGRESS:
        return False
    if source.kind in (_KIND.TRACK, _KIND.TRACK_PAIR):
        return track.sid in source.tracks
    if publisher.permission is not None and publisher.permission.hidden:
        return False
    if track.type is _AUDIO:
        return source.audio and _heard(source, track, publisher)
    return source.video and _seen(source, track, publisher)


def _heard(source: Source, track: pb.TrackInfo, publisher: pb.ParticipantInfo) -> bool:
    if source.routes:
        return route(source, track, publisher) is not None
    return source.kind is _KIND.ROOM or (publisher.identity == source.identity and _of_wanted_source(source, track))


def _seen(source: Source, track: pb.TrackInfo, publisher: pb.ParticipantInfo) -> bool:
    if source.video_track:
        return track.sid == source.video_track
    wanted = source.video_of or source.identity
    return not wanted or (publisher.identity == wanted and _of_wanted_source(source, track))


def _of_wanted_source(source: Source, track: pb.TrackInfo) -> bool:
    return (source.camera and track.source in _CAMERA) or (source.screen and track.source in _SCREEN)


def route(source: Source, track: pb.TrackInfo, publisher: pb.ParticipantInfo) -> pb.AudioRoute | None:
    """The first route that a track's sound takes."""
    for one in source.routes:
        named = one.track_id == track.sid or one.participant_identity == publisher.identity
        if named or (one.participant_kind is not None and one.participant_kind == publisher.kind):
            return one
    return None


def channel(
    source: Source, track: pb.TrackInfo, publisher: pb.ParticipantInfo, places: Mapping[str, int]
) -> pb.AudioChannel:
    """Where a track's sound goes. `places` counts publishers in the order in which they came."""
    found = route(source, track, publisher)
    if found is not None:
        return found.channel
    match source.audio_mixing:
        case pb.AudioMixing.DUAL_CHANNEL_AGENT:
            return _CHANNEL.LEFT if publisher.kind is pb.ParticipantInfoKind.AGENT else _CHANNEL.RIGHT
        case pb.AudioMixing.DUAL_CHANNEL_ALTERNATE:
            return _CHANNEL.RIGHT if places.get(publisher.identity, 0) % 2 else _CHANNEL.LEFT
        case _:
            return _CHANNEL.BOTH
