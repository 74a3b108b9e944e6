"""Ten thousand events, a listener that is down now and then, a server that is killed again and again: nothing is lost.

What the callers know to have been answered is compared with the listener's own ledger.
"""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

import aiohttp
import pytest
import yaml

from roomwright.auth.claims import Claims, VideoGrant
from tests.ports import free_port
from tests.serving import KEY, SECRET, token
from tests.webhooks.listener import Listener

pytestmark = pytest.mark.suite

EVENTS = 10_000
KILLS = 8
ROOMS = 40
PATIENCE_S = 180.0


@dataclass
class Process:
    """A server that can be killed and started again."""

    port: int
    config: str
    log: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "roomwright", "--config-body", self.config, stderr=log, stdout=log
            )
        async with asyncio.timeout(120):
            while not await self.answers():  # noqa: ASYNC110 - only the port tells
                await asyncio.sleep(0.05)

    async def answers(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False

    async def end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()


@dataclass
class Callers:
    """Who calls, one after another per room, and what of it was answered, in order."""

    url: str
    session: aiohttp.ClientSession
    wanted: int
    answered: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    @property
    def enough(self) -> bool:
        return self.count >= self.wanted

    async def room(self, name: str, seed: int) -> None:
        """Create, change and delete one room again and again."""
        chance = random.Random(seed)
        numbers = count(1)  # never the same again, also for a call that was cut off
        while not self.enough:
            try:
                await self.life(name, chance, numbers)
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(0.1)  # killed: the room is gone, its next life begins

    async def life(self, name: str, chance: random.Random, numbers: Iterator[int]) -> None:
        created = await self.call("CreateRoom", {"name": name})
        if created is None:
            return
        self.note(name, f"started {created['sid']}")
        for number in islice(numbers, chance.randrange(60)):
            if await self.call("UpdateRoomMetadata", {"room": name, "metadata": f"{number}"}) is None:
                return
            self.note(name, f"metadata {number}")
        if await self.call("DeleteRoom", {"room": name}) is not None:
            self.note(name, f"finished {created['sid']}")

    async def call(self, method: str, request: dict[str, str]) -> dict[str, str] | None:
        grant = VideoGrant(room_create=True, room_admin=True, room=request.get("room", ""))
        headers = {"Authorization": f"Bearer {token(Claims(video=grant))}"}
        url = f"{self.url}/twirp/livekit.RoomService/{method}"
        async with self.session.post(url, json=request, headers=headers) as answer:
            return await answer.json() if answer.status == 200 else None

    def note(self, name: str, what: str) -> None:
        self.answered[name].append(what)
        self.count += 1


def arrivals(listener: Listener) -> dict[str, list[str]]:
    """What the listener took, by room: each event once, in the order of its first arrival."""
    found: dict[str, list[str]] = defaultdict(list)
    for event in listener.taken():
        kind = event.event.removeprefix("room_")
        what = event.room.metadata if kind == "metadata_changed" else event.room.sid
        found[event.room.name].append(f"{kind.removesuffix('_changed')} {what}")
    return found


async def disturb(listener: Listener, chance: random.Random, until: Callers) -> None:
    """Let the listener be away, fail or hang for a while, again and again."""
    while not until.enough:
        await asyncio.sleep(chance.uniform(0.2, 2.0))
        match chance.choice(["away", "failing", "hanging"]):
            case "away":
                await listener.stop()
                await asyncio.sleep(chance.uniform(0.5, 3.0))
                await listener.start()
            case "failing":
                listener.answer = lambda _event, _before: chance.choice([200, 429, 500, 503])
                await asyncio.sleep(chance.uniform(0.5, 2.0))
                listener.answer = lambda _event, _before: 200
            case _:
                listener.gate.clear()
                await asyncio.sleep(chance.uniform(0.2, 1.5))
                listener.gate.set()


async def kill(process: Process, chance: random.Random, callers: Callers) -> int:
    """Kill the server at random moments of the work, and start it again."""
    moments = sorted(chance.randrange(callers.wanted // 20, callers.wanted) for _ in range(KILLS))
    for moment in moments:
        while callers.count < moment:  # noqa: ASYNC110 - a random moment of it
            await asyncio.sleep(chance.uniform(0.0, 0.01))
        await process.end(signal.SIGKILL)
        await process.start()
    return len(moments)


def configured(port: int, url: str, outbox: Path) -> str:
    config = {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {"udp_port": 0},
        "keys": {KEY: SECRET},
        "logging": {"level": "warn"},
        "webhook": {
            "urls": [url],
            "outbox_directory": str(outbox),
            "timeout": 2,
            "filter_params": {"include_events": ["room_started", "room_metadata_changed", "room_finished"]},
        },
    }
    return yaml.safe_dump(config)


async def work(process: Process, callers: Callers, listener: Listener, seed: int) -> None:
    """Call until there were enough events, while server and listener suffer; then wait until all have come."""
    chance = random.Random(seed)
    killing = asyncio.create_task(kill(process, random.Random(seed + 1), callers))
    disturbing = asyncio.create_task(disturb(listener, random.Random(seed + 2), callers))
    try:
        await asyncio.gather(*(callers.room(f"room-{n}", chance.randrange(10**9)) for n in range(ROOMS)))
        await killing
        await disturbing
        async with asyncio.timeout(PATIENCE_S):
            while lacking(callers, listener):  # noqa: ASYNC110 - at every arrival it would cost more than the arrivals
                await asyncio.sleep(0.5)
    finally:
        killing.cancel()
        disturbing.cancel()


async def test_nothing_that_was_answered_is_lost_and_every_room_is_in_order(tmp_path: Path):
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    print(f"SEED={seed}")
    listener, port = Listener(), free_port()
    process = Process(port, configured(port, listener.url(), tmp_path / "outbox"), tmp_path / "server.log")
    async with listener, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        callers = Callers(f"http://127.0.0.1:{port}", session, EVENTS)
        await process.start()
        try:
            await work(process, callers, listener, seed)
        finally:
            await process.end(signal.SIGTERM)
    got = arrivals(listener)
    for name, answered in callers.answered.items():
        known = set(answered)
        assert [what for what in got[name] if what in known] == answered, f"SEED={seed}: {name}"
        assert in_order(listener, name), f"SEED={seed}: {name}"
    repeated = sum(n - 1 for n in Counter(a.event.id for a in listener.ledger if a.answered == 200).values())
    print(f"{callers.count} events answered, {sum(map(len, got.values()))} arrived, {repeated} repeated, {KILLS} kills")
    assert "Traceback" not in process.log.read_text(encoding="utf-8")


def in_order(listener: Listener, room: str) -> bool:
    """Whether a room's events first came in the order of their sequence."""
    numbers = [int(each.headers["Roomwright-Sequence"]) for each in listener.ledger if each.room == room]
    first = list(dict.fromkeys(numbers))
    return first == sorted(first)


def lacking(callers: Callers, listener: Listener) -> int:
    """How many events have been answered and not arrived."""
    got = arrivals(listener)
    return sum(len(set(answered) - set(got[name])) for name, answered in callers.answered.items())
