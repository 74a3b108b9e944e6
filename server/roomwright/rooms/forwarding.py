"""Participants in more than one place: moving to another room, and being shown in another room too.

A forwarded participant is a mirror: it has no client, receives nothing, and is made equal to its origin after every
change. It takes a seat like anybody else, and goes when its origin goes.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from roomwright.errors import Code, ServiceError, failed_precondition
from roomwright.rooms import data_tracks, presence, tracks, updates
from roomwright.rooms.commands import Join
from roomwright.rooms.data_track import DataTrack
from roomwright.rooms.events import ParticipantMoved
from roomwright.rooms.instant import Instant
from roomwright.rooms.participant import Participant, TokenOutdated
from roomwright.rooms.permission import may_publish
from roomwright.rooms.room import Room
from roomwright.rooms.states import ParticipantState
from roomwright.rooms.track import Track, mirrored
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.rooms.registry import Rooms

Forwards = dict[Room, dict[Participant, list[Participant]]]
"""By room: the mirrors of each participant that is there or has a mirror there."""


def check(rooms: "Rooms", participant: Participant, destination: str) -> None:
    """Refuse what cannot be moved or forwarded there."""
    if participant.origin is not None:
        raise failed_precondition(
            f"{participant.identity!r} is forwarded from room {participant.origin.room.name!r}: ask for it there"
        )
    rooms.limits.room_name(destination)
    room = rooms.find(destination)
    if room is None:
        if not rooms.settings.auto_create:
            rooms.get(destination)
    elif not participant.dependent and not room.has_seat(participant.identity):
        limit = room.configuration.max_participants
        raise failed_precondition(f"room {destination!r} is full: max_participants is {limit}")


def move(rooms: "Rooms", participant: Participant, destination: Room, now: Instant) -> None:
    """Take a checked participant to another room. Its sid, its tracks' sids and its calls stay what they are."""
    active, published = participant.active, list(participant.tracks.values())
    data = list(participant.data_tracks.values())
    pending, calls, publisher = participant.pending.copy(), participant.calls, participant.is_publisher
    turn = Turn(participant.room, now)
    turn.emit(ParticipantMoved, participant=participant.info(), destination=destination.name)
    participant.calls = {}
    presence.depart(turn, participant, pb.DisconnectReason.MIGRATION)

    participant.state = ParticipantState.JOINED
    participant.disconnect_reason = pb.DisconnectReason.UNKNOWN_REASON
    participant.joined_ns = now.wall_ns
    participant.announced = participant.was_active = False
    participant.pending, participant.calls, participant.is_publisher = pending, calls, publisher
    participant.changed()
    arrival = Turn(destination, now)
    _arrive(arrival, participant, active=active, published=published, data=data)
    rooms.settle(turn)
    rooms.settle(arrival)


def _arrive(
    turn: Turn, participant: Participant, *, active: bool, published: list[Track], data: list[DataTrack]
) -> None:
    first = len(participant.outbox)
    presence.enter(turn, participant)
    turn.announce(participant, to_self=False)
    if active:
        presence.activate(turn, participant)
    for track in published:
        tracks.publish(turn, participant, track)
    for data_track in data:
        data_tracks.publish(turn, participant, data_track)
    turn.post(participant, TokenOutdated(participant.current_claims()))
    moved = pb.RoomMovedResponse(
        room=turn.room.snapshot(),
        participant=participant.info(),
        other_participants=presence.visible_to(participant),
    )
    participant.outbox.insert(first, pb.SignalResponse(room_moved=moved))


def forward(rooms: "Rooms", participant: Participant, destination: Room, now: Instant) -> None:
    """Show a checked participant in another room too. Nothing happens when it is there already."""
    mirrors = rooms.forwards.get(participant.room, {}).get(participant, [])
    if any(mirror.room is destination for mirror in mirrors):
        return
    grant = replace(participant.current_grant(), can_subscribe=False)
    join = Join(
        claims=replace(participant.current_claims(), video=grant),
        auto_subscribe=False,
        client=participant.client,
        region=participant.region,
    )
    mirror = Participant(destination, rooms.ids.sid("PA"), join, now, origin=participant)
    mirrors.append(mirror)
    _remember(rooms, participant, mirrors)
    turn = Turn(destination, now)
    presence.enter(turn, mirror)
    turn.announce(mirror)
    rooms.settle(turn)


def check_free(participant: Participant, destination: Room | None) -> None:
    """Refuse to put a mirror in the place of somebody real."""
    there = destination.participants.get(participant.identity) if destination else None
    if destination and there and there.origin is not participant:
        raise ServiceError(
            Code.ALREADY_EXISTS, f"room {destination.name!r} has another participant {participant.identity!r}"
        )


def sync(rooms: "Rooms", room: Room, now: Instant) -> None:
    """Make every mirror of those who are in the room, and every mirror in the room, equal to its origin."""
    for origin, mirrors in list(rooms.forwards.get(room, {}).items()):
        for mirror in list(mirrors):
            if mirror.present and not _equal(mirror, origin):
                turn = Turn(mirror.room, now)
                _equalise(turn, mirror, origin, rooms)
                rooms.settle(turn)
        _forget(rooms, origin, {room, origin.room, *(mirror.room for mirror in mirrors)})
        mirrors[:] = [mirror for mirror in mirrors if mirror.present]
        _remember(rooms, origin, mirrors)


def _remember(rooms: "Rooms", origin: Participant, mirrors: list[Participant]) -> None:
    """Find the mirrors by the rooms where they and their origin are now."""
    for mirror in mirrors:
        for room in (origin.room, mirror.room):
            rooms.forwards.setdefault(room, {})[origin] = mirrors


def _forget(rooms: "Rooms", origin: Participant, places: set[Room]) -> None:
    for room in places:
        origins = rooms.forwards.get(room, {})
        origins.pop(origin, None)
        if not origins:
            rooms.forwards.pop(room, None)


def _equal(mirror: Participant, origin: Participant) -> bool:
    shown = {track.origin: track.info.muted for track in mirror.tracks.values()}
    return (
        origin.present
        and mirror.active == origin.active
        and (mirror.name, mirror.metadata, mirror.attributes) == (origin.name, origin.metadata, origin.attributes)
        and {track.origin for track in mirror.data_tracks.values()} == set(_showable_data(mirror, origin))
        and shown == {track: track.info.muted for track in _showable(mirror, origin)}
    )


def _showable(mirror: Participant, origin: Participant) -> list[Track]:
    return [track for track in origin.tracks.values() if may_publish(mirror.permission, track.info.source)]


def _showable_data(mirror: Participant, origin: Participant) -> list[DataTrack]:
    return list(origin.data_tracks.values()) if mirror.permission.can_publish_data else []


def _equalise(turn: Turn, mirror: Participant, origin: Participant, rooms: "Rooms") -> None:
    if not origin.present:
        presence.depart(turn, mirror, origin.disconnect_reason)
        return
    deleted = dict.fromkeys(mirror.attributes.keys() - origin.attributes.keys(), "")
    if updates.profile(turn, mirror, origin.name, origin.metadata, {**deleted, **origin.attributes}):
        turn.announce(mirror)
    if origin.active:
        presence.activate(turn, mirror)
    _equalise_tracks(turn, mirror, origin, rooms)
    _equalise_data(turn, mirror, origin, rooms)


def _equalise_tracks(turn: Turn, mirror: Participant, origin: Participant, rooms: "Rooms") -> None:
    wanted = _showable(mirror, origin)
    shown = {track.origin: track for track in mirror.tracks.values()}
    for track in [track for source, track in shown.items() if source not in wanted]:
        tracks.end(turn, mirror, track)
        turn.announce(mirror)
    for source in wanted:
        if source in shown:
            tracks.set_muted(turn, mirror, shown[source], source.info.muted)
        else:
            tracks.publish(turn, mirror, mirrored(source, rooms.ids.sid("TR")))


def _equalise_data(turn: Turn, mirror: Participant, origin: Participant, rooms: "Rooms") -> None:
    wanted = _showable_data(mirror, origin)
    for track in [track for track in mirror.data_tracks.values() if track.origin not in wanted]:
        data_tracks.end(turn, mirror, track)
        turn.announce(mirror)
    shown = {track.origin for track in mirror.data_tracks.values()}
    for source in wanted:
        if source not in shown:
            data_tracks.publish(turn, mirror, source.mirrored(rooms.ids.sid("DTR")))
