"""Data tracks: who publishes them, who receives them, and under which number.

A data track is a row of small packets that nobody waits for. The publisher numbers its tracks itself; each subscriber
gets numbers of its own, because those of two publishers may be the same. What a packet holds is not looked at here.
"""

from roomwright import codec
from roomwright.clock import Ids
from roomwright.rooms import subscriptions
from roomwright.rooms.commands import PublishDataTrack, SetDataSubscriptions, UnpublishDataTrack
from roomwright.rooms.data_track import LAST_HANDLE, DataTrack
from roomwright.rooms.limits import Limits, over
from roomwright.rooms.participant import Participant
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

NAME_SIZE = 256
_Reason = pb.RequestResponseReason


def add(turn: Turn, owner: Participant, command: PublishDataTrack, ids: Ids, limits: Limits, *, enabled: bool) -> None:
    """The client publishes a data track, if it may; it hears the sid, or why not."""
    request = command.request
    refusal = _refusal(owner, request, limits, enabled=enabled)
    if refusal is not None:
        turn.post(owner, pb.SignalResponse(request_response=refusal))
        return
    info = pb.DataTrackInfo(
        pub_handle=request.pub_handle,
        sid=ids.sid("DTR"),
        name=request.name,
        encryption=request.encryption,
        frame_encoding=request.frame_encoding,
        schema=request.schema,
    )
    turn.post(owner, pb.SignalResponse(publish_data_track_response=pb.PublishDataTrackResponse(info=info)))
    publish(turn, owner, DataTrack(info))


def _refusal(
    owner: Participant, request: pb.PublishDataTrackRequest, limits: Limits, *, enabled: bool
) -> pb.RequestResponse | None:
    if len(codec.encode(request)) > limits.max_track_announcement:
        message = f"the announcement has more than {limits.max_track_announcement} bytes"
        return pb.RequestResponse(reason=_Reason.LIMIT_EXCEEDED, message=message)
    others = owner.data_tracks.values()
    reasons = (
        (not enabled, _Reason.UNSUPPORTED_TYPE, "data tracks are not enabled on this server (room.enable_data_tracks)"),
        (not owner.permission.can_publish_data, _Reason.NOT_ALLOWED, "the permission does not allow to publish data"),
        (not 0 < request.pub_handle <= LAST_HANDLE, _Reason.INVALID_HANDLE, f"a handle is from 1 to {LAST_HANDLE}"),
        (not request.name or over(request.name, NAME_SIZE), _Reason.INVALID_NAME, f"a name has 1 to {NAME_SIZE} bytes"),
        (request.pub_handle in owner.data_tracks, _Reason.DUPLICATE_HANDLE, "another data track has this handle"),
        (any(o.info.name == request.name for o in others), _Reason.DUPLICATE_NAME, "another data track has this name"),
        (len(others) >= limits.max_tracks, _Reason.LIMIT_EXCEEDED, f"at most {limits.max_tracks} data tracks"),
    )
    found = next(((reason, message) for wrong, reason, message in reasons if wrong), None)
    return found and pb.RequestResponse(reason=found[0], message=found[1], publish_data_track=request)


def publish(turn: Turn, owner: Participant, track: DataTrack) -> None:
    """Make a data track one of the owner's: everybody sees it, and who wants all of them receives it."""
    owner.data_tracks[track.info.pub_handle] = track
    owner.changed()
    turn.announce(owner)
    for subscriber in turn.room.others(owner):
        if _settle(turn, subscriber, owner, track):
            _tell_handles(turn, subscriber)


def remove(turn: Turn, owner: Participant, command: UnpublishDataTrack) -> None:
    """The client takes a data track back."""
    track = owner.data_tracks.get(command.pub_handle)
    if track is None:
        request = pb.UnpublishDataTrackRequest(pub_handle=command.pub_handle)
        answer = pb.RequestResponse(
            reason=_Reason.INVALID_HANDLE, message="no such data track", unpublish_data_track=request
        )
        turn.post(owner, pb.SignalResponse(request_response=answer))
        return
    end(turn, owner, track)
    _tell_gone(turn, owner, track)
    turn.announce(owner)


def end(turn: Turn, owner: Participant, track: DataTrack) -> None:
    """Take a data track away. The caller announces the owner."""
    for subscriber in turn.room.others(owner):
        subscriber.data_choices.pop(track.info.sid, None)
        _unsubscribe(subscriber, track)
    del owner.data_tracks[track.info.pub_handle]
    owner.changed()


def end_forbidden(turn: Turn, owner: Participant) -> None:
    """Take away what the owner's permission does not allow any more."""
    if not owner.permission.can_publish_data:
        for track in list(owner.data_tracks.values()):
            end(turn, owner, track)
            _tell_gone(turn, owner, track)


def end_subscriber(turn: Turn, subscriber: Participant) -> None:
    """The participant receives no data track any more."""
    subscriber.data_choices.clear()
    for publisher in turn.room.others(subscriber):
        for track in publisher.data_tracks.values():
            _unsubscribe(subscriber, track)


def choose(turn: Turn, subscriber: Participant, command: SetDataSubscriptions) -> None:
    """The client says which data tracks it wants; it hears the numbers of all that it receives."""
    published = {
        track.info.sid: (other, track) for other in turn.room.others(subscriber) for track in other.data_tracks.values()
    }
    told = False
    for update in command.updates:
        if found := published.get(update.track_sid):
            subscriber.data_choices[update.track_sid] = update.subscribe
            told = _settle(turn, subscriber, *found) or told or update.subscribe
    if told:
        _tell_handles(turn, subscriber)


def settle_subscriber(turn: Turn, subscriber: Participant) -> None:
    """Ask the rule about one participant, for every data track."""
    changed = [
        _settle(turn, subscriber, publisher, track)
        for publisher in turn.room.others(subscriber)
        for track in publisher.data_tracks.values()
    ]
    if any(changed):
        _tell_handles(turn, subscriber)


def settle_publisher(turn: Turn, publisher: Participant) -> None:
    """Ask the rule about all data tracks of one participant, for everybody."""
    for subscriber in turn.room.others(publisher):
        changed = [_settle(turn, subscriber, publisher, track) for track in publisher.data_tracks.values()]
        if any(changed):
            _tell_handles(turn, subscriber)


def _wanted(subscriber: Participant, publisher: Participant, track: DataTrack) -> bool:
    if not subscriber.active or not subscriber.permission.can_subscribe:
        return False
    if publisher.permission.hidden and subscriber.sid not in track.subscribers:
        return False
    choice = subscriber.data_choices.get(track.info.sid, subscriber.auto_subscribe_data)
    return choice and subscriptions.allowed(publisher, subscriber, track.info.sid)


def _settle(turn: Turn, subscriber: Participant, publisher: Participant, track: DataTrack) -> bool:
    """Make it so for one participant and one data track. Returns whether that changed anything."""
    want = _wanted(subscriber, publisher, track)
    if want == (subscriber.sid in track.subscribers):
        return False
    if want:
        handle = track.subscribers[subscriber.sid] = _free_handle(subscriber)
        subscriber.data_handles[handle] = pb.DataTrackSubscriberHandlesPublishedDataTrack(
            publisher_identity=publisher.identity, publisher_sid=publisher.sid, track_sid=track.info.sid
        )
    else:
        _unsubscribe(subscriber, track)
    return True


def _unsubscribe(subscriber: Participant, track: DataTrack) -> None:
    handle = track.subscribers.pop(subscriber.sid, None)
    if handle is not None:
        del subscriber.data_handles[handle]


def _free_handle(subscriber: Participant) -> int:
    """The number after the last one: packets that are late must not be taken for those of another track."""
    handle = subscriber.last_data_handle
    while True:
        handle = handle % LAST_HANDLE + 1
        if handle not in subscriber.data_handles:
            subscriber.last_data_handle = handle
            return handle


def _tell_gone(turn: Turn, owner: Participant, track: DataTrack) -> None:
    gone = pb.UnpublishDataTrackResponse(info=track.info)
    turn.post(owner, pb.SignalResponse(unpublish_data_track_response=gone))


def _tell_handles(turn: Turn, subscriber: Participant) -> None:
    handles = pb.DataTrackSubscriberHandles(sub_handles=dict(subscriber.data_handles))
    turn.post(subscriber, pb.SignalResponse(data_track_subscriber_handles=handles))
