"""The embedded backend in the contract: clients that speak signalling, over transports that only take notes."""

from typing import Any

from roomwright import codec
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms import commands as c
from roomwright.sfu.embedded.client import Client
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb
from tests.contract.told import others
from tests.sfu.embedded.fakes import FakeMedia, FakePlane, FakeSocket, ManualBackend


class EmbeddedGuest:
    """A client as its frames show it."""

    def __init__(self, client: Client, socket: FakeSocket, media: FakeMedia) -> None:
        self._client, self._socket, self._media = client, socket, media
        self._answers: dict[str, str | int | None] = {}
        media.on_packet = self._on_packet

    @property
    def identity(self) -> str:
        return self._socket.all("join")[0].participant.identity

    @property
    def sid(self) -> str:
        return self._socket.all("join")[0].participant.sid

    @property
    def present(self) -> bool:
        return not self._socket.ended

    @property
    def room(self) -> str:
        return [content.room.name for kind, content in self._socket.messages if kind in {"join", "room_moved"}][-1]

    @property
    def subscribed(self) -> set[str]:
        return set(self._media.sources)

    def sees(self) -> dict[str, pb.ParticipantInfo]:
        return others(self.identity, self._socket.messages)

    def received(self) -> list[pb.DataPacket]:
        return [packet for packet in self._media.packets if packet.user is not None]

    def farewell(self) -> pb.DisconnectReason | None:
        leaves = self._socket.all("leave")
        return leaves[-1].reason if leaves else None

    async def publish(self, name: str, source: pb.TrackSource = pb.TrackSource.MICROPHONE) -> str:
        video = source in (pb.TrackSource.CAMERA, pb.TrackSource.SCREEN_SHARE)
        kind = pb.TrackType.VIDEO if video else pb.TrackType.AUDIO
        self._say(add_track=pb.AddTrackRequest(cid=name, name=name, type=kind, source=source))
        answered, answer = self._socket.messages[-1]
        if answered != "track_published":
            return ""
        self._media.start(answer.track.sid)
        return answer.track.sid

    async def mute(self, sid: str, muted: bool = True) -> None:
        self._say(mute=pb.MuteTrackRequest(sid=sid, muted=muted))

    async def unpublish(self, sid: str) -> None:
        self._client.tell(c.UnpublishTrack(sid))

    async def send(self, payload: bytes, to: list[str] | None = None) -> None:
        packet = pb.DataPacket(destination_identities=to or [], user=pb.UserPacket(payload=payload))
        self._client.tell(c.SendPacket(packet))

    def answer(self, method: str, result: str | int | None) -> None:
        self._answers[method] = result

    async def leave(self) -> None:
        self._say(leave=pb.LeaveRequest(reason=pb.DisconnectReason.CLIENT_INITIATED))

    def _say(self, **request: Any) -> None:
        self._client.on_frame(codec.encode(pb.SignalRequest(**request)))

    def _on_packet(self, packet: pb.DataPacket) -> None:
        request = packet.rpc_request
        if request is None:
            return
        self._reply(rpc_ack=pb.RpcAck(request_id=request.id))
        if request.method not in self._answers:
            self._fail(request.id, 1400, "Method not supported at destination")
        elif isinstance(result := self._answers[request.method], str):
            self._reply(rpc_response=pb.RpcResponse(request_id=request.id, payload=result))
        elif result is not None:
            self._fail(request.id, result, "my error")

    def _fail(self, request_id: str, code: int, message: str) -> None:
        error = pb.RpcError(code=code, message=message)
        self._reply(rpc_response=pb.RpcResponse(request_id=request_id, error=error))

    def _reply(self, **value: Any) -> None:
        self._client.tell(c.SendPacket(pb.DataPacket(**value)))


class EmbeddedHarness:
    """The embedded backend with a clock that stands still."""

    def __init__(self, settings: RoomSettings, limits: LimitSettings) -> None:
        self._clock, self._plane = ManualClock(), FakePlane()
        self.backend = ManualBackend(self._clock, self._plane, settings, limits)

    async def join(self, room: str, identity: str, claims: dict[str, Any] | None = None, **grant: Any) -> EmbeddedGuest:
        video = VideoGrant(**{"room_join": True, "room": room, **grant})
        socket = FakeSocket()
        client = self.backend.connect(Wish(claims=Claims(identity=identity, video=video, **(claims or {}))), socket)
        if client is None:
            raise RuntimeError("this was not a wish to resume")
        guest = EmbeddedGuest(client, socket, self._plane.opened[-1])
        client.tell(c.Activate())
        return guest

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def pass_time(self, seconds: float) -> None:
        self.backend.advance(seconds)

    async def close(self) -> None:
        await self.backend.close()
