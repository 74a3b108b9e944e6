"""What the contract needs of a backend under test, and how each implementation gives it.

An implementation takes part by adding one line to `HARNESSES`: a function that makes a started `Harness`. One without
participants of its own (a gateway) brings clients that can do what `Guest` says. Nothing here assumes that effects at
clients are instant: tests wait with `eventually`. Answers of the backend itself are exact at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import CountedIds, ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.sfu.backend import Backend, Caller
from roomwright.sfu.memory import MemoryBackend, PublishRefusedError, RpcError, ScriptedParticipant
from roomwright_proto import livekit as pb
from tests.contract.calls import CallingHarness
from tests.contract.embedded import EmbeddedHarness

CALLER = Caller(Claims(identity="tester"))
PATIENCE = 30.0


class Guest(Protocol):
    """A participant of a test, with a real or a scripted client."""

    @property
    def identity(self) -> str: ...

    @property
    def sid(self) -> str: ...

    @property
    def present(self) -> bool:
        """Whether its client believes to be in a room."""
        ...

    @property
    def room(self) -> str:
        """The name of the room, as its client knows it."""
        ...

    @property
    def subscribed(self) -> set[str]:
        """The sids of the tracks it receives."""
        ...

    def sees(self) -> dict[str, pb.ParticipantInfo]:
        """The others, by identity, as its client knows them."""
        ...

    def received(self) -> list[pb.DataPacket]:
        """The user packets that arrived."""
        ...

    def farewell(self) -> pb.DisconnectReason | None:
        """Why the server ended the connection, if it did."""
        ...

    async def publish(self, name: str, source: pb.TrackSource = pb.TrackSource.MICROPHONE) -> str:
        """Publish a track; its sid, or "" when that is refused."""
        ...

    async def mute(self, sid: str, muted: bool = True) -> None: ...

    async def unpublish(self, sid: str) -> None: ...

    async def send(self, payload: bytes, to: list[str] | None = None) -> None: ...

    def answer(self, method: str, result: str | int | None) -> None:
        """Answer RPCs of `method` with a text, with an RpcError of that code, or (None) never."""
        ...

    async def leave(self) -> None: ...


class Harness(Protocol):
    """A backend under test."""

    backend: Backend

    async def join(self, room: str, identity: str, claims: dict[str, Any] | None = None, **grant: Any) -> Guest:
        """Connect a guest with media transport; raises `ServiceError` when it is refused."""
        ...

    def monotonic(self) -> float:
        """The backend's clock, for deadlines."""
        ...

    async def pass_time(self, seconds: float) -> None: ...

    async def close(self) -> None: ...


async def eventually(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until something is so at a client."""
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110 - a client's state has no event to wait for
            await asyncio.sleep(0.005)


class MemoryGuest:
    """A scripted participant as a guest."""

    def __init__(self, scripted: ScriptedParticipant) -> None:
        self._scripted = scripted

    @property
    def identity(self) -> str:
        return self._scripted.identity

    @property
    def sid(self) -> str:
        return self._scripted.sid

    @property
    def present(self) -> bool:
        return self._scripted.present

    @property
    def room(self) -> str:
        return self._scripted.inbox.rooms()[-1]

    @property
    def subscribed(self) -> set[str]:
        return set(self._scripted.subscribed)

    def sees(self) -> dict[str, pb.ParticipantInfo]:
        return {name: info for name, info in self._scripted.inbox.seen().items() if name != self.identity}

    def received(self) -> list[pb.DataPacket]:
        return [packet for packet in self._scripted.inbox.packets() if packet.user is not None]

    def farewell(self) -> pb.DisconnectReason | None:
        leaves = self._scripted.inbox.signals("leave")
        return leaves[-1].reason if leaves else None

    async def publish(self, name: str, source: pb.TrackSource = pb.TrackSource.MICROPHONE) -> str:
        try:
            return (await self._scripted.publish(name, source=source)).sid
        except PublishRefusedError:
            return ""

    async def mute(self, sid: str, muted: bool = True) -> None:
        await self._scripted.mute(sid, muted)

    async def unpublish(self, sid: str) -> None:
        await self._scripted.unpublish(sid)

    async def send(self, payload: bytes, to: list[str] | None = None) -> None:
        await self._scripted.send_data(payload, to=to or [])

    def answer(self, method: str, result: str | int | None) -> None:
        async def handler(_: object) -> str:
            if result is None:
                await asyncio.Event().wait()
            if isinstance(result, int):
                raise RpcError(result, "my error")
            return result or ""

        self._scripted.on_rpc(method, handler)

    async def leave(self) -> None:
        await self._scripted.leave()


class MemoryHarness:
    """The memory backend with a clock that stands still."""

    def __init__(self, settings: RoomSettings, limits: LimitSettings) -> None:
        self._clock = ManualClock()
        self.backend = MemoryBackend(settings, limits, self._clock, CountedIds())

    async def join(self, room: str, identity: str, claims: dict[str, Any] | None = None, **grant: Any) -> Guest:
        token = Claims(identity=identity, video=VideoGrant(**grant), **(claims or {}))
        return MemoryGuest(await self.backend.join(room, token))

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def pass_time(self, seconds: float) -> None:
        await self.backend.advance(seconds)

    async def close(self) -> None:
        await self.backend.close()


async def memory(settings: RoomSettings, limits: LimitSettings) -> Harness:
    return MemoryHarness(settings, limits)


async def embedded(settings: RoomSettings, limits: LimitSettings) -> Harness:
    return EmbeddedHarness(settings, limits)


async def one_connection(settings: RoomSettings, limits: LimitSettings) -> Harness:
    return await _calling(CallingHarness(settings, limits, single=True))


async def two_connections(settings: RoomSettings, limits: LimitSettings) -> Harness:
    return await _calling(CallingHarness(settings, limits, single=False))


async def _calling(harness: CallingHarness) -> CallingHarness:
    await harness.start()
    return harness


HARNESSES: dict[str, Callable[[RoomSettings, LimitSettings], Awaitable[Harness]]] = {
    "memory": memory,
    "embedded": embedded,
    "embedded, one connection": one_connection,
    "embedded, two connections": two_connections,
}
