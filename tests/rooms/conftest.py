"""The engine with a clock that stands still, and short ways to say what happens to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import CountedIds, ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms import commands as c
from roomwright.rooms.api import RoomApi
from roomwright.rooms.events import Event
from roomwright.rooms.instant import Instant
from roomwright.rooms.participant import Message, Participant, SubscriptionChanged, TokenOutdated
from roomwright.rooms.registry import Rooms
from roomwright_proto import livekit as pb


class Engine:
    """Rooms under test. `happened` holds the events since `forget`; `say` and `join` are what drivers do."""

    def __init__(self, settings: RoomSettings | None = None, limits: LimitSettings | None = None) -> None:
        self.clock = ManualClock()
        self.rooms = Rooms(settings or RoomSettings(), limits or LimitSettings(), CountedIds())
        self.api = RoomApi(self.rooms)
        self.happened: list[Event] = []
        self.history: list[Event] = []
        self.inbox: dict[Participant, list[Message]] = {}

    @property
    def now(self) -> Instant:
        return Instant.of(self.clock)

    def drain(self) -> list[Event]:
        new = self.rooms.take_events()
        self.happened += new
        self.history += new
        for participant in self.rooms.take_mail():
            self.inbox.setdefault(participant, []).extend(participant.take_outbox())
        return new

    def create(self, name: str = "room", **fields: Any) -> pb.Room:
        room = self.api.create_room(pb.CreateRoomRequest(name=name, **fields), self.now)
        self.drain()
        return room

    def join(
        self, identity: str, room: str = "room", *, active: bool = True, auto_subscribe: bool = True, **fields: Any
    ) -> Participant:
        claim_names = ("name", "kind", "metadata", "attributes", "not_before", "room_preset", "room_config")
        claims = {key: fields.pop(key) for key in claim_names if key in fields}
        grant = VideoGrant(room_join=True, room=room, **fields)
        participant = self.rooms.join(
            c.Join(claims=Claims(identity=identity, video=grant, **claims), auto_subscribe=auto_subscribe), self.now
        )
        if active:
            self.rooms.handle(participant, c.Activate(), self.now)
        self.drain()
        return participant

    def say(self, participant: Participant, command: c.Command) -> list[Event]:
        self.rooms.handle(participant, command, self.now)
        return self.drain()

    def publish(
        self, participant: Participant, name: str = "mic", source: pb.TrackSource = pb.TrackSource.MICROPHONE
    ) -> str:
        """Publish a track and return its sid, "" when it was refused."""
        before = set(participant.pending)
        kind = pb.TrackType.AUDIO if source is pb.TrackSource.MICROPHONE else pb.TrackType.VIDEO
        self.say(participant, c.AddTrack(pb.AddTrackRequest(cid=name, name=name, type=kind, source=source)))
        new = [sid for sid in participant.pending if sid not in before]
        if not new:
            return ""
        self.say(participant, c.StartTrack(track_sid=new[0], mime_type="audio/opus"))
        return new[0]

    def call(self, method: Callable[..., Any], request: Any, *extra: Any) -> Any:
        answer = method(request, *extra, self.now)
        self.drain()
        return answer

    def update(self, identity: str, room: str = "room", **fields: Any) -> pb.ParticipantInfo:
        request = pb.UpdateParticipantRequest(room=room, identity=identity, **fields)
        return self.call(self.api.update_participant, request)

    def pass_time(self, seconds: float) -> list[Event]:
        self.clock.advance(seconds)
        self.rooms.on_timeout(self.now)
        return self.drain()

    def room(self, name: str = "room") -> pb.Room | None:
        rooms = self.api.list_rooms(pb.ListRoomsRequest(names=[name])).rooms
        return rooms[0] if rooms else None

    def names(self, room: str | None = "room") -> list[str]:
        """The names of the events so far, of one room."""
        return [type(event).__name__ for event in self.happened if room is None or event.room.name == room]

    def mail(self, participant: Participant, kind: str) -> list[Any]:
        """What a participant's client was told, of one kind: a member of SignalResponse, `token`, or `data`."""
        return [content for name, content in map(_content, self.inbox.get(participant, [])) if name == kind]

    def mail_kinds(self, participant: Participant) -> list[str]:
        return [_content(message)[0] for message in self.inbox.get(participant, [])]

    def forget(self) -> None:
        self.happened.clear()
        self.inbox.clear()

    def check(self) -> None:
        """What holds for any history: see the events' own docstrings."""
        ended: set[str] = set()
        counts: dict[str, int] = {}
        for event in self.history:
            sid = event.room.sid
            assert sid not in ended, f"{event} after the room's end"
            counts[sid] = counts.get(sid, 0) + 1
            assert event.sequence == counts[sid]
            assert (event.sequence == 1) == (type(event).__name__ == "RoomStarted")
            if type(event).__name__ == "RoomFinished":
                ended.add(sid)


def _content(message: Message) -> tuple[str, Any]:
    if isinstance(message, TokenOutdated):
        return "token", message.claims
    if isinstance(message, pb.DataPacket):
        return "data", message
    if isinstance(message, SubscriptionChanged):
        return "subscribed" if message.subscribed else "unsubscribed", message.track.sid
    return next((name, value) for name, value in vars(message).items() if value is not None and name[0] != "_")


@pytest.fixture
def make_engine() -> Callable[..., Engine]:
    return Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.drain()
    engine.check()
