"""A backend with clients that are easily had."""

from typing import Any

from roomwright import codec
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms import commands as c
from roomwright.sfu.backend import Caller
from roomwright.sfu.embedded.client import Client
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb
from tests.sfu.embedded.fakes import FakeMedia, FakePlane, FakeSocket, ManualBackend

CALLER = Caller()


class House:
    """A backend with clients that are easily had."""

    def __init__(self, settings: RoomSettings | None = None, limits: LimitSettings | None = None) -> None:
        self.plane, self.clock = FakePlane(), ManualClock()
        self.backend = ManualBackend(self.clock, self.plane, settings or RoomSettings(), limits or LimitSettings())

    def wish(self, identity: str, room: str = "room", **fields: Any) -> Wish:
        grant = VideoGrant(room_join=True, room=room, can_publish=fields.pop("can_publish", None))
        return Wish(claims=Claims(identity=identity, name=identity.upper(), video=grant), **fields)

    def join(self, identity: str, *, active: bool = False, **fields: Any) -> tuple[Client, FakeSocket, FakeMedia]:
        socket = FakeSocket()
        client = self.backend.connect(self.wish(identity, **fields), socket)
        assert client is not None
        if active:
            client.tell(c.Activate())
        return client, socket, self.plane.opened[-1]

    def resume(self, client: Client, identity: str = "alice", **fields: Any) -> tuple[Client | None, FakeSocket]:
        socket = FakeSocket()
        wish = self.wish(identity, reconnect=True, participant_sid=client.participant.sid, **fields)
        return self.backend.connect(wish, socket), socket

    async def listed(self, room: str = "room") -> list[str]:
        answer = await self.backend.list_participants(pb.ListParticipantsRequest(room=room), CALLER)
        return [info.identity for info in answer.participants]


def say(client: Client, **request: Any) -> None:
    client.on_frame(codec.encode(pb.SignalRequest(**request)))


def publish(client: Client, socket: FakeSocket, media: FakeMedia) -> str:
    say(client, add_track=pb.AddTrackRequest(cid="mic", source=pb.TrackSource.MICROPHONE))
    sid = socket.all("track_published")[-1].track.sid
    media.start(sid)
    return sid
