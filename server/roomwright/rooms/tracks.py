"""Publishing: announce, start, mute, end."""

from roomwright import codec
from roomwright.clock import Ids
from roomwright.rooms import subscriptions
from roomwright.rooms.commands import AddTrack, DescribeTrack, MuteTrack, StartTrack, UnpublishTrack
from roomwright.rooms.events import TrackMuted, TrackPublished, TrackUnmuted, TrackUnpublished
from roomwright.rooms.limits import Limits
from roomwright.rooms.participant import Participant
from roomwright.rooms.permission import may_publish
from roomwright.rooms.track import Track, announced
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

_Reason = pb.RequestResponseReason


def add(turn: Turn, owner: Participant, command: AddTrack, ids: Ids, limits: Limits) -> None:
    """Announce a track, or one more codec of a track. The client hears its sid, or that it may not."""
    request = command.request
    track = owner.track(request.sid) or _pending(owner, request.cid)
    refusal = _refusal(owner, request, limits, again=track is not None)
    if refusal is not None:
        turn.post(owner, pb.SignalResponse(request_response=refusal))
        return
    if track is None:
        track = announced(request, ids.sid("TR"), turn.now)
        owner.pending[track.sid] = track
    published = pb.TrackPublishedResponse(cid=request.cid, track=track.info)
    turn.post(owner, pb.SignalResponse(track_published=published))


def _pending(owner: Participant, cid: str) -> Track | None:
    return next((track for track in owner.pending.values() if cid and track.cid == cid), None)


def _refusal(
    owner: Participant, request: pb.AddTrackRequest, limits: Limits, *, again: bool
) -> pb.RequestResponse | None:
    """Why a track may not be announced; `again`: it was already, and may still."""
    reason, message = _Reason.LIMIT_EXCEEDED, ""
    if not may_publish(owner.permission, request.source):
        reason, message = _Reason.NOT_ALLOWED, "the permission does not allow this source"
    elif len(codec.encode(request)) > limits.max_track_announcement:
        message = f"the announcement has more than {limits.max_track_announcement} bytes"
        return pb.RequestResponse(reason=reason, message=message)
    elif not again and len(owner.pending) + len(owner.tracks) >= limits.max_tracks:
        message = f"a participant has at most {limits.max_tracks} tracks"
    return pb.RequestResponse(reason=reason, message=message, add_track=request) if message else None


def start(turn: Turn, owner: Participant, command: StartTrack) -> None:
    """Publish an announced track: everybody sees it, those who want it receive it. Later: it is sent differently."""
    track = owner.track(command.track_sid)
    if track is None:
        return
    info = track.info
    codecs = list(command.codecs) or info.codecs
    fields = {
        "mime_type": command.mime_type or info.mime_type,
        "mid": command.mid or info.mid,
        "codecs": codecs,
        "layers": codecs[0].layers if codecs else info.layers,
    }
    if command.track_sid in owner.pending:
        del owner.pending[command.track_sid]
        track.change(turn.now, **fields)
        publish(turn, owner, track)
    elif any(getattr(info, name) != value for name, value in fields.items()):
        track.change(turn.now, **fields)
        owner.changed()
        turn.announce(owner)


def publish(turn: Turn, owner: Participant, track: Track) -> None:
    """Make a track one of the owner's."""
    owner.tracks[track.sid] = track
    owner.is_publisher = True
    _changed(turn, owner)
    turn.emit(TrackPublished, participant=owner.info(), track=track.info)
    turn.announce(owner)
    subscriptions.introduce(turn, owner, track)


def unpublish(turn: Turn, owner: Participant, command: UnpublishTrack) -> None:
    """The client ends a track."""
    owner.pending.pop(command.track_sid, None)
    if track := owner.tracks.get(command.track_sid):
        end(turn, owner, track)
        turn.announce(owner)


def end(turn: Turn, owner: Participant, track: Track) -> None:
    """Take a track away. The caller announces the owner."""
    received = subscriptions.end_track(turn, owner, track)
    del owner.tracks[track.sid]
    _changed(turn, owner)
    turn.emit(TrackUnpublished, participant=owner.info(), track=track.info)
    for subscriber in received:
        subscriptions.fill(turn, subscriber, track)


def end_forbidden(turn: Turn, owner: Participant) -> None:
    """Take away what the owner's permission does not allow any more."""
    for track in list(owner.tracks.values()):
        if not may_publish(owner.permission, track.info.source):
            end(turn, owner, track)
            _tell_gone(turn, owner, track)
    for track in list(owner.pending.values()):
        if not may_publish(owner.permission, track.info.source):
            del owner.pending[track.sid]
            _tell_gone(turn, owner, track)


def mute_own(turn: Turn, owner: Participant, command: MuteTrack) -> None:
    """The client mutes or unmutes; it hears of a track that does not exist."""
    track = owner.track(command.track_sid)
    if track is None:
        wrong = pb.MuteTrackRequest(sid=command.track_sid, muted=command.muted)
        answer = pb.RequestResponse(reason=_Reason.NOT_FOUND, message="no such track", mute=wrong)
        turn.post(owner, pb.SignalResponse(request_response=answer))
        return
    set_muted(turn, owner, track, command.muted)


def describe(turn: Turn, owner: Participant, command: DescribeTrack) -> None:
    """The client captures a track differently; it hears of a track that does not exist."""
    request = command.request
    track = owner.track(request.track_sid)
    if track is None:
        turn.post(owner, pb.SignalResponse(request_response=_unknown(request)))
        return
    before = track.info
    fields = _features(request) if isinstance(request, pb.UpdateLocalAudioTrack) else _size(request)
    if all(getattr(before, name) == value for name, value in fields.items()):
        return
    track.change(turn.now, **fields)
    if track.sid in owner.tracks:
        owner.changed()
        turn.announce(owner)


def _unknown(request: pb.UpdateLocalAudioTrack | pb.UpdateLocalVideoTrack) -> pb.RequestResponse:
    answer = pb.RequestResponse(reason=_Reason.NOT_FOUND, message="no such track")
    if isinstance(request, pb.UpdateLocalAudioTrack):
        answer.update_audio_track = request
    else:
        answer.update_video_track = request
    return answer


def _features(request: pb.UpdateLocalAudioTrack) -> dict[str, object]:
    """The features, and the older fields that say the same."""
    features = list(request.features)
    stereo = pb.AudioTrackFeature.TF_STEREO in features
    return {"audio_features": features, "stereo": stereo, "disable_dtx": pb.AudioTrackFeature.TF_NO_DTX in features}


def _size(request: pb.UpdateLocalVideoTrack) -> dict[str, object]:
    return {"width": request.width, "height": request.height}


def mute_by_api(turn: Turn, owner: Participant, request: pb.MuteRoomTrackRequest) -> Track | None:
    """The API mutes or unmutes: the client is told each time, the others when something changes."""
    track = owner.tracks.get(request.track_sid)
    if track is not None:
        turn.post(owner, pb.SignalResponse(mute=pb.MuteTrackRequest(sid=track.sid, muted=request.muted)))
        set_muted(turn, owner, track, request.muted)
    return track


def set_muted(turn: Turn, owner: Participant, track: Track, muted: bool) -> None:
    """Change what a track says about itself."""
    if track.info.muted == muted:
        return
    track.change(turn.now, muted=muted)
    if track.sid not in owner.tracks:
        return
    owner.changed()
    turn.emit(TrackMuted if muted else TrackUnmuted, participant=owner.info(), track=track.info)
    turn.announce(owner)


def _tell_gone(turn: Turn, owner: Participant, track: Track) -> None:
    """The owner's client hears that a track of its own was taken away."""
    turn.post(owner, pb.SignalResponse(track_unpublished=pb.TrackUnpublishedResponse(track_sid=track.sid)))


def _changed(turn: Turn, owner: Participant) -> None:
    owner.changed()
    turn.room.changed()
