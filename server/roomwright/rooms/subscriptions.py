"""Who receives which track. One rule decides; everything else asks it again.

A participant receives a track when it is ACTIVE, the publisher is not hidden and lets it, it may subscribe (or the API
said so), and it wants to: by what was last decided about that track, or else by its auto-subscribe setting. Who
received a track before its publisher was hidden goes on doing so. Where the configuration limits how many tracks one
participant receives, what is beyond waits until another one ends.
"""

from collections.abc import Iterable

from roomwright.rooms.commands import SetSubscriptionPermission, SetSubscriptions
from roomwright.rooms.events import TrackSubscribed, TrackUnsubscribed
from roomwright.rooms.participant import Choice, Participant, SubscriptionChanged
from roomwright.rooms.track import Track
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb


def wanted(subscriber: Participant, publisher: Participant, track: Track) -> bool:
    """Whether `subscriber` shall receive the track now."""
    if subscriber is publisher or not subscriber.active:
        return False
    if publisher.permission.hidden and subscriber.sid not in track.subscribers:
        return False
    if not allowed(publisher, subscriber, track.sid):
        return False
    choice = subscriber.choices.get(track.sid)
    if choice is not None and choice.forced:
        return choice.subscribe
    return subscriber.permission.can_subscribe and (choice.subscribe if choice else subscriber.auto_subscribe)


def allowed(publisher: Participant, subscriber: Participant, track_sid: str) -> bool:
    """Whether the publisher lets `subscriber` have a track of its own; everybody, unless it said otherwise."""
    permission = publisher.subscription_permission
    if permission is None or permission.all_participants:
        return True
    return any(
        subscriber.identity == rule.participant_identity
        or (rule.participant_sid and subscriber.sid == rule.participant_sid)
        for rule in permission.track_permissions
        if rule.all_tracks or track_sid in rule.track_sids
    )


def introduce(turn: Turn, publisher: Participant, track: Track) -> None:
    """Offer a new track to everybody; those that the publisher does not let have it are told."""
    for subscriber in turn.room.others(publisher):
        _tell_if_denied(turn, subscriber, publisher, track)
        settle(turn, subscriber, publisher, track)


def welcome(turn: Turn, subscriber: Participant) -> None:
    """Offer everything to a participant that can receive from now on."""
    for publisher in turn.room.others(subscriber):
        for track in list(publisher.tracks.values()):
            _tell_if_denied(turn, subscriber, publisher, track)
            settle(turn, subscriber, publisher, track)


def settle_track(turn: Turn, publisher: Participant, track: Track) -> None:
    """Ask the rule about one track, for everybody."""
    for subscriber in turn.room.others(publisher):
        settle(turn, subscriber, publisher, track)


def settle_subscriber(turn: Turn, subscriber: Participant) -> None:
    """Ask the rule about one participant, for every track."""
    for publisher in turn.room.others(subscriber):
        for track in list(publisher.tracks.values()):
            settle(turn, subscriber, publisher, track)


def settle(turn: Turn, subscriber: Participant, publisher: Participant, track: Track) -> None:
    """Make it so for one participant and one track."""
    want = wanted(subscriber, publisher, track)
    if want == (subscriber.sid in track.subscribers):
        return
    if want:
        if _has_place(turn, subscriber, track):
            _subscribe(turn, subscriber, publisher, track)
    else:
        _unsubscribe(turn, subscriber, publisher, track)


def end_track(turn: Turn, publisher: Participant, track: Track) -> list[Participant]:
    """Nobody receives the track any more. Returns who did: `fill` the places when the track is gone."""
    ended: list[Participant] = []
    for subscriber in list(turn.room.participants.values()):
        subscriber.choices.pop(track.sid, None)
        if subscriber.sid in track.subscribers:
            _unsubscribe(turn, subscriber, publisher, track)
            ended.append(subscriber)
    return ended


def fill(turn: Turn, subscriber: Participant, ended: Track) -> None:
    """A place may have become free: what waits for one takes it."""
    if turn.room.subscription_limits.get(ended.info.type, 0):
        settle_subscriber(turn, subscriber)


def end_subscriber(turn: Turn, subscriber: Participant) -> None:
    """The participant receives nothing any more."""
    subscriber.choices.clear()
    for publisher in turn.room.others(subscriber):
        for track in publisher.tracks.values():
            if subscriber.sid in track.subscribers:
                _unsubscribe(turn, subscriber, publisher, track)


def choose(turn: Turn, subscriber: Participant, command: SetSubscriptions) -> None:
    """The client decides."""
    _decide(turn, subscriber, command.track_sids, command.subscribe, forced=False)


def force(turn: Turn, subscriber: Participant, request: pb.UpdateSubscriptionsRequest) -> None:
    """The API decides. Tracks that do not exist are passed over."""
    sids = list(request.track_sids)
    for group in request.participant_tracks:
        publisher = turn.room.sids.get(group.participant_sid)
        sids.extend(sid for sid in group.track_sids if publisher and sid in publisher.tracks)
    _decide(turn, subscriber, sids, request.subscribe, forced=True)


def revoke(turn: Turn, subscriber: Participant) -> None:
    """Permission to subscribe was taken away: what the API once said does not count any more."""
    for choice in subscriber.choices.values():
        choice.forced = False
    settle_subscriber(turn, subscriber)


def permit(turn: Turn, publisher: Participant, command: SetSubscriptionPermission) -> None:
    """The publisher says who may receive its tracks; those for whom that changes are told."""
    everybody = [(other, track) for other in turn.room.others(publisher) for track in publisher.tracks.values()]
    before = [allowed(publisher, other, track.sid) for other, track in everybody]
    publisher.subscription_permission = command.permission
    for (other, track), was_allowed in zip(everybody, before, strict=True):
        is_allowed = allowed(publisher, other, track.sid)
        if is_allowed != was_allowed:
            _tell_allowed(turn, other, publisher, track, is_allowed)
        settle(turn, other, publisher, track)
        fill(turn, other, track)


def _has_place(turn: Turn, subscriber: Participant, track: Track) -> bool:
    limit = turn.room.subscription_limits.get(track.info.type, 0)
    return not limit or subscriber.received.get(track.info.type, 0) < limit


def _tell_if_denied(turn: Turn, subscriber: Participant, publisher: Participant, track: Track) -> None:
    if subscriber.active and not publisher.permission.hidden and not allowed(publisher, subscriber, track.sid):
        _tell_allowed(turn, subscriber, publisher, track, is_allowed=False)


def _tell_allowed(turn: Turn, subscriber: Participant, publisher: Participant, track: Track, is_allowed: bool) -> None:
    update = pb.SubscriptionPermissionUpdate(participant_sid=publisher.sid, track_sid=track.sid, allowed=is_allowed)
    turn.post(subscriber, pb.SignalResponse(subscription_permission_update=update))


def _decide(turn: Turn, subscriber: Participant, sids: Iterable[str], subscribe: bool, *, forced: bool) -> None:
    for sid in sids:
        found = turn.room.find_track(sid)
        if found is None or found[0] is subscriber:
            continue
        subscriber.choices[sid] = Choice(subscribe, forced)
        settle(turn, subscriber, *found)
        if not subscribe:
            fill(turn, subscriber, found[1])


def _subscribe(turn: Turn, subscriber: Participant, publisher: Participant, track: Track) -> None:
    track.subscribers[subscriber.sid] = None
    subscriber.received[track.info.type] = subscriber.received.get(track.info.type, 0) + 1
    if not track.was_subscribed:
        track.was_subscribed = True
        turn.post(publisher, pb.SignalResponse(track_subscribed=pb.TrackSubscribed(track_sid=track.sid)))
    turn.post(subscriber, SubscriptionChanged(publisher, track, subscribed=True))
    turn.emit(TrackSubscribed, participant=publisher.info(), track=track.info, subscriber=subscriber.identity)


def _unsubscribe(turn: Turn, subscriber: Participant, publisher: Participant, track: Track) -> None:
    del track.subscribers[subscriber.sid]
    subscriber.received[track.info.type] -= 1
    turn.post(subscriber, SubscriptionChanged(publisher, track, subscribed=False))
    turn.emit(TrackUnsubscribed, participant=publisher.info(), track=track.info, subscriber=subscriber.identity)
