"""The server that bench_api.py measures: the memory backend with the rooms, participants and tracks that a case needs.

Usage: python tools/bench_server.py [--people] [--lobbies] [--spare-rooms N] [--dispatches N]

Ten rooms always exist. Prints one line of JSON once it listens: its port, the sids of the tracks, the dispatches.
"""

import argparse
import asyncio
import json
from typing import Any

import uvloop
from bench_cases import DISPATCH_ROOMS, EACH, LOBBIES, MEETING, PEOPLE, ROOMS, lobby, member
from benchlib import KEY, SECRET

from roomwright import logs
from roomwright.app import Server
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Config, RoomSettings
from roomwright.sfu.backend import Caller
from roomwright.sfu.memory import Inbox, MemoryBackend
from roomwright_proto import livekit as pb

_NOBODY = Caller()


class Forgetful(Inbox):
    """What participants receive is not kept: it would fill the memory."""

    def put(self, message: pb.SignalResponse | pb.DataPacket) -> None:
        """Forget it."""


class Returning(Forgetful):
    """A participant that joins again as soon as it is sent away."""

    def __init__(self, stage: "Stage", room: str, identity: str) -> None:
        super().__init__()
        self._stage, self._room, self._identity = stage, room, identity
        self._task: asyncio.Task[None] | None = None

    def put(self, message: pb.SignalResponse | pb.DataPacket) -> None:
        """Forget it, but come back after a `leave`."""
        if isinstance(message, pb.SignalResponse) and message.leave is not None:
            self._task = asyncio.create_task(self._stage.add_member(self._room, self._identity))


class Stage:
    """Fills a backend; `facts` is what the load must know about it."""

    def __init__(self, backend: MemoryBackend) -> None:
        self._backend = backend
        self.facts: dict[str, Any] = {"tracks": {}, "dispatches": []}

    async def add_rooms(self, *names: str) -> None:
        """Empty rooms."""
        for name in names:
            await self._backend.create_room(pb.CreateRoomRequest(name=name), _NOBODY)

    async def add_people(self) -> None:
        """The meeting's participants: each publishes a track, hears the others, and answers a call; four dispatches."""
        for identity in PEOPLE:
            participant = await self._backend.join(MEETING, identity)
            participant.inbox = Forgetful()
            participant.on_rpc("echo", lambda invocation: invocation.payload)
            self.facts["tracks"][identity] = (await participant.publish()).sid
        for _ in PEOPLE:
            await self._add_dispatch(MEETING)

    async def add_lobbies(self) -> None:
        """Rooms with members that come back when they are removed, and as many rooms that they can be moved to."""
        for i in range(LOBBIES):
            await self.add_rooms(lobby(i), f"other-{i}")
        for i in range(LOBBIES * EACH):
            await self.add_member(lobby(i), member(i))

    async def add_member(self, room: str, identity: str) -> None:
        """One of them."""
        participant = await self._backend.join(room, identity)
        participant.inbox = Returning(self, room, identity)

    async def add_dispatches(self, count: int) -> None:
        """Dispatches to withdraw, over many rooms."""
        for i in range(count):
            room = f"hall-{i % DISPATCH_ROOMS}"
            self.facts["dispatches"].append([await self._add_dispatch(room), room])

    async def _add_dispatch(self, room: str) -> str:
        request = pb.CreateAgentDispatchRequest(room=room, agent_name="clerk")
        return (await self._backend.create_dispatch(request, _NOBODY)).id


async def prepare(stage: Stage, arguments: argparse.Namespace) -> None:
    """Make all that was asked for."""
    await stage.add_rooms(*ROOMS)
    if arguments.people:
        await stage.add_people()
    if arguments.lobbies:
        await stage.add_lobbies()
    await stage.add_rooms(*(f"spare-{i}" for i in range(arguments.spare_rooms)))
    await stage.add_dispatches(arguments.dispatches)


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until the process is ended."""
    config = Config(
        port=0,
        bind_addresses=("127.0.0.1",),
        keys={KEY: SECRET},
        room=RoomSettings(enable_remote_unmute=True),
    )
    clock = SystemClock()
    backend = MemoryBackend(config.room, config.limit, clock, RandomIds())
    stage = Stage(backend)
    await prepare(stage, arguments)
    async with Server(config, backend=backend, clock=clock) as server:
        print(json.dumps({"port": server.port, **stage.facts}), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--people", action="store_true", help="four participants with tracks in the first room")
    parser.add_argument("--lobbies", action="store_true", help="rooms whose members can be removed and moved")
    parser.add_argument("--spare-rooms", type=int, default=0, help="rooms to delete")
    parser.add_argument("--dispatches", type=int, default=0, help="dispatches to withdraw")
    logs.configure("warn", as_json=False)
    uvloop.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
