"""Recording that rooms ask for themselves (`RoomEgress`): the room, each participant, each track.

Owns what is started when. A later start that fails is told as an egress that has failed; the room's own is not: it
fails the call that creates the room.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

from roomwright import codec
from roomwright.egress.planning import requests
from roomwright.egress.wish import Wish
from roomwright.errors import ServiceError
from roomwright.rooms import events
from roomwright_proto import livekit as pb

log = structlog.get_logger(__name__)

Begin: TypeAlias = Callable[[Wish], Awaitable[pb.EgressInfo]]
Fail: TypeAlias = Callable[[Wish, pb.Room, ServiceError], None]
"""Tells of an egress that could not be started."""


def judged(egress: pb.RoomEgress, room: str, judge: Callable[[Wish], None]) -> None:
    """Raise `ServiceError` for what cannot be recorded, before there is a room."""
    if egress.room is not None:
        judge(room_wish(egress.room, room))
    if egress.participant is not None:
        judge(participant_wish(egress.participant, room, "participant"))
    if egress.tracks is not None:
        judge(track_wish(egress.tracks, room, "TR_track"))


def room_wish(asked: pb.RoomCompositeEgressRequest, room: str) -> Wish:
    """The whole room; whatever room the request names."""
    request = codec.copy(asked)
    request.room_name = room
    return requests.room_composite(request)


def participant_wish(asked: pb.AutoParticipantEgress, room: str, identity: str) -> Wish:
    """One participant."""
    request = pb.ParticipantEgressRequest(
        room_name=room,
        identity=identity,
        preset=asked.preset,
        advanced=asked.advanced,
        file_outputs=asked.file_outputs,
        segment_outputs=asked.segment_outputs,
    )
    return requests.participant(request)


def track_wish(asked: pb.AutoTrackEgress, room: str, track_sid: str) -> Wish:
    """One track; its sid tells files apart where the template does not."""
    file = pb.DirectFileOutput(
        filepath=_with_track_id(asked.filepath),
        disable_manifest=asked.disable_manifest,
        s3=asked.s3,
        gcp=asked.gcp,
        azure=asked.azure,
        ali_oss=asked.ali_oss,
    )
    return requests.track(pb.TrackEgressRequest(room_name=room, track_id=track_sid, file=file))


def _with_track_id(template: str) -> str:
    if not template or template.endswith("/") or "{track_id}" in template:
        return template
    head, slash, last = template.rpartition("/")
    stem, dot, extension = last.rpartition(".")
    named = f"{stem}-{{track_id}}{dot}{extension}" if stem else f"{last}-{{track_id}}"
    return f"{head}{slash}{named}"


class AutoEgress:
    """What rooms ask for, by their sids, and what was started for them."""

    def __init__(self, begin: Begin, fail: Fail) -> None:
        self._begin = begin
        self._fail = fail
        self._wanted: dict[str, pb.RoomEgress] = {}
        self._seen: dict[str, set[str]] = {}
        self.failures: dict[str, ServiceError] = {}
        """Why a room's own recording was not started, until somebody takes it."""

    async def on_event(self, event: events.Event) -> None:
        """Start what an event makes due."""
        match event:
            case events.RoomStarted():
                await self._on_room(event)
            case events.TrackPublished() if event.room.sid in self._wanted:
                await self._on_track(event)
            case events.RoomFinished():
                self._wanted.pop(event.room.sid, None)
                self._seen.pop(event.room.sid, None)
            case _:
                pass

    async def _on_room(self, event: events.RoomStarted) -> None:
        wanted, room = event.egress, event.room
        if wanted is None:
            return
        if wanted.participant is not None or wanted.tracks is not None:
            self._wanted[room.sid] = wanted
            self._seen[room.sid] = set()
        if wanted.room is not None:
            error = await self._start(room_wish(wanted.room, room.name), room)
            if error is not None:
                self.failures = {room.sid: error}  # only the call that has just made the room looks for it

    async def _on_track(self, event: events.TrackPublished) -> None:
        wanted, room = self._wanted[event.room.sid], event.room
        if event.participant.kind is pb.ParticipantInfoKind.EGRESS:
            return
        identity, sid = event.participant.identity, event.track.sid
        if wanted.participant is not None and self._is_new(room, f"participant {identity}"):
            await self._start(participant_wish(wanted.participant, room.name, identity), room)
        if wanted.tracks is not None and self._is_new(room, f"track {sid}"):
            await self._start(track_wish(wanted.tracks, room.name, sid), room)

    def _is_new(self, room: pb.Room, key: str) -> bool:
        seen = self._seen[room.sid]
        if key in seen:
            return False
        seen.add(key)
        return True

    async def _start(self, wish: Wish, room: pb.Room) -> ServiceError | None:
        try:
            await self._begin(wish)
        except ServiceError as error:
            log.warning("a room's recording cannot be started", room=room.name, problem=error.message)
            self._fail(wish, room, error)
            return error
        return None
