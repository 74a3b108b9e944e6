"""All rooms of a server: opening, finding, ending them, letting participants in, and the time-outs of everything.

The one law is: change, then drain. After every call, take the events, the outboxes and the finished calls, and ask for
the next time-out.
"""

from collections.abc import Iterator

from roomwright.auth.claims import Claims
from roomwright.clock import Ids
from roomwright.codec import Shared
from roomwright.config import LimitSettings, RoomSettings
from roomwright.errors import Code, ServiceError, invalid_argument, not_found, unauthenticated
from roomwright.rooms import configuration, dispatches, forwarding, presence
from roomwright.rooms.commands import Command, Join
from roomwright.rooms.events import Event, RoomStarted
from roomwright.rooms.inputs import handlers
from roomwright.rooms.instant import Instant
from roomwright.rooms.limits import Limits
from roomwright.rooms.participant import Participant, kind_of
from roomwright.rooms.revocations import Revocations
from roomwright.rooms.room import Room
from roomwright.rooms.rpc import RpcCall
from roomwright.rooms.states import TRANSITIONS
from roomwright.rooms.timers import Timers
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

_End = pb.RoomEndReason
_Told = pb.DisconnectReason


class Rooms:
    """The engine. It is told the time and asks nobody; all methods that take `now` may change rooms."""

    def __init__(self, settings: RoomSettings, limits: LimitSettings, ids: Ids) -> None:
        self.settings = settings
        self.limits = Limits.of(limits)
        self.ids = ids
        self.revocations = Revocations()
        self.judge_egress: configuration.JudgeEgress = configuration.refuse_egress
        self.forwards: forwarding.Forwards = {}
        self._rooms: dict[str, Room] = {}
        self._opened = 0
        self._codecs = Shared(settings.enabled_codecs)
        self._subscription_limits = {
            pb.TrackType.AUDIO: limits.subscription_limit_audio,
            pb.TrackType.VIDEO: limits.subscription_limit_video,
        }
        self._handlers = handlers(ids, self.limits, settings)
        self._timers: Timers[Room | RpcCall] = Timers()
        self._events: list[Event] = []
        self._mail: dict[Participant, None] = {}
        self._calls: list[RpcCall] = []

    # what has happened

    def take_events(self) -> list[Event]:
        """The events since the last call; those of one room in order."""
        taken, self._events = self._events, []
        return taken

    def take_mail(self) -> list[Participant]:
        """The participants whose outbox got something since the last call."""
        taken, self._mail = self._mail, {}
        return list(taken)

    def take_calls(self) -> list[RpcCall]:
        """The calls that are done since the last call of this."""
        taken, self._calls = self._calls, []
        return taken

    def next_timeout(self) -> float | None:
        """When to call `on_timeout` next (monotonic seconds), or None."""
        return self._timers.next()

    def on_timeout(self, now: Instant) -> None:
        """End what is due: rooms that nobody came to, calls that nobody answered."""
        for owner in self._timers.take_due(now.monotonic):
            if isinstance(owner, Room):
                self.close(owner, _End.ROOM_END_IDLE_TIMEOUT, _Told.ROOM_CLOSED, now)
            else:
                owner.expire(now.monotonic)
                self._calls.append(owner)

    # rooms

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def __len__(self) -> int:
        return len(self._rooms)

    def find(self, name: str) -> Room | None:
        """The room of that name, or None."""
        return self._rooms.get(name)

    def get(self, name: str) -> Room:
        """The room of that name; raises `not_found`."""
        room = self._rooms.get(name)
        if room is None:
            raise not_found(f"requested room does not exist: {name!r}")
        return room

    def open(self, request: pb.CreateRoomRequest, now: Instant) -> Room:
        """The live room of that name as it is, or a new one as the request says."""
        configuration.check(request, self.limits)
        room = self._rooms.get(request.name)
        return room if room is not None else self._create(request, now)

    def reach(self, name: str, now: Instant) -> Room:
        """The room of that name, made with the defaults where rooms may be; raises `not_found`."""
        if name in self._rooms or not self.settings.auto_create:
            return self.get(name)
        return self.open(pb.CreateRoomRequest(name=name), now)

    def close(self, room: Room, reason: pb.RoomEndReason, told: pb.DisconnectReason, now: Instant) -> None:
        """End a room; its participants are told why."""
        turn = Turn(room, now)
        presence.close(turn, reason, told)
        del self._rooms[room.name]
        self.settle(turn)

    def shut_down(self, now: Instant) -> None:
        """End every room."""
        for room in list(self._rooms.values()):
            self.close(room, _End.ROOM_END_SERVER_SHUTDOWN, _Told.SERVER_SHUTDOWN, now)

    # participants

    def admit(self, claims: Claims) -> None:
        """Raise what `join` would raise, and change nothing; no seat is reserved."""
        name = claims.video.room if claims.video else ""
        self._check_claims(claims, name)
        room = self._rooms.get(name)
        if room is None:
            self._check_new(claims, name)
        elif not _comes_along(claims) and not room.has_seat(claims.identity):
            limit = room.configuration.max_participants
            raise ServiceError(Code.PERMISSION_DENIED, f"room {name!r} is full: max_participants is {limit}")

    def join(self, join: Join, now: Instant) -> Participant:
        """Let a client into the room that its token names; the room is made where that is allowed."""
        claims = join.claims
        self.admit(claims)
        name = claims.video.room if claims.video else ""
        room = self._rooms.get(name) or self._create(configuration.request_of(claims, name), now)
        participant = Participant(room, self.ids.sid("PA"), join, now)
        turn = Turn(room, now)
        presence.enter(turn, participant)
        presence.welcome(turn, participant)
        self.settle(turn)
        return participant

    def handle(self, participant: Participant, command: Command, now: Instant) -> None:
        """What a participant's driver reports. Ignored when it means nothing in the participant's state."""
        if type(command) not in TRANSITIONS[participant.state]:
            return
        turn = Turn(participant.room, now)
        self._handlers[type(command)](turn, participant, command)
        self.settle(turn)

    def settle(self, turn: Turn) -> None:
        """Finish a turn: keep what it led to until it is taken, and set the room's time-out."""
        turn.finish()
        self._events += turn.events
        self._mail.update(turn.mail)
        for call in turn.calls:
            if call.done:
                self._calls.append(call)
            else:
                self._timers.arm(call)
        self._rearm(turn.room, turn.now)
        if self.forwards:
            forwarding.sync(self, turn.room, turn.now)

    # inside

    def _create(self, request: pb.CreateRoomRequest, now: Instant) -> Room:
        configured = configuration.configure(request, self.settings, self.judge_egress)
        self._opened += 1
        room = Room(
            request.name,
            self.ids.sid("RM"),
            number=self._opened,
            turn_password=self.ids.secret(),
            configuration=configured,
            codecs=self._codecs,
            subscription_limits=self._subscription_limits,
            now=now,
        )
        self._rooms[room.name] = room
        self._timers.arm(room)
        turn = Turn(room, now)
        turn.emit(RoomStarted, egress=configured.egress)
        dispatches.announce_configured(turn, self.ids)
        self.settle(turn)
        return room

    def _rearm(self, room: Room, now: Instant) -> None:
        if not room.open:
            return
        if room.occupied():
            room.joined_once = True
            room.due = None
        elif room.due is None:
            config = room.configuration
            room.due = now.monotonic + (config.departure_timeout if room.joined_once else config.empty_timeout)
            self._timers.arm(room)

    def _check_claims(self, claims: Claims, room: str) -> None:
        if not claims.identity:
            raise invalid_argument("the token names no identity (sub): a participant needs one")
        self.limits.identity(claims.identity)
        self.limits.participant_name(claims.name)
        self.limits.metadata(claims.metadata)
        self.limits.attributes(claims.attributes)
        since = self.revocations.since(room, claims.identity)
        if claims.not_before < since:
            raise unauthenticated(
                f"the token of {claims.identity!r} for room {room!r} was revoked: its nbf is before {since}"
            )

    def _check_new(self, claims: Claims, name: str) -> None:
        if not (self.settings.auto_create or (claims.video and claims.video.room_create)):
            self.get(name)
        request = configuration.request_of(claims, name)
        configuration.check(request, self.limits)
        configuration.configure(request, self.settings, self.judge_egress)

    def __repr__(self) -> str:
        return f"<Rooms: {len(self._rooms)} open>"


def _comes_along(claims: Claims) -> bool:
    """Whether a participant with this token would be a dependent one, which is never refused for want of room."""
    if kind_of(claims) in (pb.ParticipantInfoKind.AGENT, pb.ParticipantInfoKind.EGRESS):
        return True
    return claims.video is not None and (claims.video.agent or claims.video.recorder)
