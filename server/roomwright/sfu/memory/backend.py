"""The memory backend: the room engine with scripted participants and no media. For tests: instant and deterministic."""

import asyncio
from dataclasses import replace

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import Clock, CountedIds, Ids, ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms.commands import Activate, Join
from roomwright.rooms.instant import Instant
from roomwright.sfu.local import LocalBackend
from roomwright.sfu.memory.scripted import ScriptedParticipant
from roomwright_proto import livekit as pb

_DEFAULT_CLIENT = pb.ClientInfo(client_protocol=2)


class MemoryBackend(LocalBackend):
    """A whole room server in memory. With a `ManualClock` time passes only in `advance`."""

    def __init__(
        self,
        rooms: RoomSettings | None = None,
        limits: LimitSettings | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        clock = clock or ManualClock()
        self._manual = clock if isinstance(clock, ManualClock) else None
        super().__init__(
            rooms or RoomSettings(), limits or LimitSettings(), clock, ids or CountedIds(), timer=self._manual is None
        )

    async def join(
        self,
        room: str,
        claims: Claims | str,
        *,
        active: bool = True,
        auto_subscribe: bool = True,
        client: pb.ClientInfo = _DEFAULT_CLIENT,
    ) -> ScriptedParticipant:
        """Let a scripted participant into `room`; raises `ServiceError`.

        `claims` are its token's, or just its identity. `active` connects its media transport too; without that it
        stays JOINED, like a client that only does signalling.
        """
        if isinstance(claims, str):
            claims = Claims(identity=claims)
        claims = replace(claims, video=replace(claims.video or VideoGrant(), room_join=True, room=room))
        scripted = ScriptedParticipant(self, claims)
        participant = self.enter(Join(claims=claims, auto_subscribe=auto_subscribe, client=client), scripted)
        if active:
            self.tell(participant, Activate())
        return scripted

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass on the `ManualClock`, with every time-out at its own time."""
        if self._manual is None:
            raise RuntimeError("time passes by itself with this clock")
        end = self._manual.monotonic() + seconds
        while (due := self.rooms.next_timeout()) is not None and due <= end:
            self._manual.advance(max(0.0, due - self._manual.monotonic()))
            self.rooms.on_timeout(Instant.of(self._manual))
            self._drain()
            await asyncio.sleep(0)
        self._manual.advance(max(0.0, end - self._manual.monotonic()))
        await asyncio.sleep(0)
