"""The embedded backend with its real media plane in the contract: clients with transports of their own, by aiortc.

The backend's clock stands still, as in the other harnesses; that of the media runs.
"""

from typing import Any

from roomwright.clock import ManualClock, RandomIds, SystemClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.sfu.embedded.plane import MediaAddress, WebRtc
from roomwright_proto import livekit as pb
from tests.contract.told import others
from tests.sfu.embedded.callers import Caller, Mute
from tests.sfu.embedded.fakes import ManualBackend


class CallingGuest:
    """A client as its messages show it."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._published: dict[str, Mute] = {}
        self._answers: dict[str, str | int | None] = {}
        caller.on_packet = self._on_packet

    @property
    def identity(self) -> str:
        return self._caller.all("join")[0].participant.identity

    @property
    def sid(self) -> str:
        return self._caller.all("join")[0].participant.sid

    @property
    def present(self) -> bool:
        return not self._caller.line.ended

    @property
    def room(self) -> str:
        return [content.room.name for kind, content in self._caller.messages if kind in {"join", "room_moved"}][-1]

    @property
    def subscribed(self) -> set[str]:
        return self._caller.subscribed

    def sees(self) -> dict[str, pb.ParticipantInfo]:
        return others(self.identity, self._caller.messages)

    def received(self) -> list[pb.DataPacket]:
        return [packet for packet in self._caller.packets if packet.user is not None]

    def farewell(self) -> pb.DisconnectReason | None:
        leaves = self._caller.all("leave")
        return leaves[-1].reason if leaves else None

    async def publish(self, name: str, source: pb.TrackSource = pb.TrackSource.MICROPHONE) -> str:
        video = source in (pb.TrackSource.CAMERA, pb.TrackSource.SCREEN_SHARE)
        track = Mute("video" if video else "audio")
        sid = await self._caller.publish(track, name=name, source=source)
        self._published[sid] = track
        return sid

    async def mute(self, sid: str, muted: bool = True) -> None:
        self._caller.say(mute=pb.MuteTrackRequest(sid=sid, muted=muted))

    async def unpublish(self, sid: str) -> None:
        await self._caller.unpublish(self._published.pop(sid))

    async def send(self, payload: bytes, to: list[str] | None = None) -> None:
        self._send(destination_identities=to or [], user=pb.UserPacket(payload=payload))

    def answer(self, method: str, result: str | int | None) -> None:
        self._answers[method] = result

    async def leave(self) -> None:
        self._caller.say(leave=pb.LeaveRequest(reason=pb.DisconnectReason.CLIENT_INITIATED))

    def _on_packet(self, packet: pb.DataPacket) -> None:
        request = packet.rpc_request
        if request is None:
            return
        self._send(rpc_ack=pb.RpcAck(request_id=request.id))
        if request.method not in self._answers:
            self._fail(request.id, 1400, "Method not supported at destination")
        elif isinstance(result := self._answers[request.method], str):
            self._send(rpc_response=pb.RpcResponse(request_id=request.id, payload=result))
        elif result is not None:
            self._fail(request.id, result, "my error")

    def _fail(self, request_id: str, code: int, message: str) -> None:
        error = pb.RpcError(code=code, message=message)
        self._send(rpc_response=pb.RpcResponse(request_id=request_id, error=error))

    def _send(self, **value: Any) -> None:
        self._caller.send(pb.DataPacket(**value))


class CallingHarness:
    """The embedded backend. `single`: its clients use one connection, else two."""

    def __init__(self, settings: RoomSettings, limits: LimitSettings, *, single: bool) -> None:
        self._clock, self._single = ManualClock(), single
        self.backend = ManualBackend(self._clock, WebRtc(MediaAddress(), SystemClock(), RandomIds()), settings, limits)
        self._callers: list[Caller] = []

    async def start(self) -> None:
        await self.backend.start()

    async def join(self, room: str, identity: str, claims: dict[str, Any] | None = None, **grant: Any) -> CallingGuest:
        caller = Caller(self.backend, single=self._single)
        self._callers.append(caller)
        await caller.join(room, identity, claims, **grant)
        return CallingGuest(caller)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def pass_time(self, seconds: float) -> None:
        self.backend.advance(seconds)

    async def close(self) -> None:
        for caller in self._callers:
            await caller.close()
        await self.backend.close()
