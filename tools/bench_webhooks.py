"""What a webhook costs through the outbox, beside a bare aiohttp client that posts the same bodies.

Usage: python tools/bench_webhooks.py [--events N] [--rooms N] [--rounds N]

A listener that only answers is held on one core; on the other, in turn: the bare client, then everything that the
server does from an event of the engine to the delivered webhook. Prints medians. Needs Linux and two cores.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from benchlib import KEY, LOAD_CORE, SECRET, SERVER_CORE, CannotMeasureError, Program, columns, require

from roomwright import logs
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import WebhookSettings, WebhookUrl
from roomwright.feed import Entry, Feed
from roomwright.rooms import events as happened
from roomwright.sfu.fanout import Fanout
from roomwright.webhooks import Courier, Outbox, Recipients, Sender
from roomwright_proto import livekit as pb

PARALLEL = 16
AT_ONCE = 16
"""Events of one moment, as from calls that are answered together."""
MIME_TYPES = ("audio/opus", "audio/red", "video/VP8", "video/H264", "video/VP9", "video/AV1", "video/rtx")

Facts = dict[str, Any]


def room(number: int) -> pb.Room:
    """A room as events have it."""
    return pb.Room(
        sid=f"RM_{number:012}",
        name=f"room-{number}",
        empty_timeout=300,
        departure_timeout=20,
        creation_time=1_750_000_000,
        turn_password="x" * 43,
        enabled_codecs=[pb.Codec(mime=mime) for mime in MIME_TYPES],
    )


class World:
    """The server's way from the engine's events to a delivered webhook, without the rest of the server."""

    def __init__(self, url: str, folder: Path) -> None:
        self.clock = SystemClock()
        self.fanout = Fanout()
        self.feed = Feed(self.fanout.listen, RandomIds(), self.clock)
        self.outbox = Outbox(folder)
        self.recipients = Recipients(WebhookSettings(urls=(WebhookUrl(url=url),)))
        sender = Sender({KEY: SECRET}, {url: KEY}, 10, self.clock)
        self.courier = Courier(self.outbox.store, sender, parallel=PARALLEL, max_age=3600, clock=self.clock)
        self.url = url

    async def start(self) -> None:
        """Begin to deliver, and listen."""
        await self.courier.start([self.url])
        self.feed.listen(self._on_entry)

    def _on_entry(self, entry: Entry) -> None:
        self.courier.put(self.recipients.letters(entry, self.clock.now_ns() // 1_000_000))

    async def happen(self, count: int, rooms: list[pb.Room]) -> None:
        """Let events happen and be written, some at a time, as when calls are answered."""
        for first in range(0, count, AT_ONCE):
            batch = [
                happened.RoomStarted(sequence=1, at_ns=time.time_ns(), room=rooms[number % len(rooms)])
                for number in range(first, min(count, first + AT_ONCE))
            ]
            self.fanout.publish(list(batch))
            self.feed.pump()
            await self.courier.journal.settled()

    async def end(self) -> None:
        """Stop."""
        await self.courier.close(1)
        self.outbox.close()


async def delivered(url: str, count: int, rooms: int) -> Facts:
    """Everything, until nothing is left in the outbox."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(url, Path(folder))
        await world.start()
        began, cpu = time.perf_counter(), time.process_time()
        await world.happen(count, [room(number) for number in range(rooms)])
        while await world.courier.journal.ask(lambda store: store.count(0)):  # noqa: ASYNC110 - only the store tells
            await asyncio.sleep(0.05)
        facts = {"cpu_us": (time.process_time() - cpu) / count * 1e6, "per_s": count / (time.perf_counter() - began)}
        await world.end()
    return facts


async def written(_url: str, count: int, rooms: int) -> Facts:
    """Into the outbox alone: nobody listens."""
    with tempfile.TemporaryDirectory() as folder:
        world = World("http://127.0.0.1:9/", Path(folder))
        await world.start()
        began, cpu = time.perf_counter(), time.process_time()
        await world.happen(count, [room(number) for number in range(rooms)])
        facts = {"cpu_us": (time.process_time() - cpu) / count * 1e6, "per_s": count / (time.perf_counter() - began)}
        await world.end()
    return facts


async def bare(url: str, count: int, rooms: int) -> Facts:
    """The same bodies by aiohttp's client alone."""
    fanout = Fanout()
    feed, bodies = Feed(fanout.listen, RandomIds(), SystemClock()), list[bytes]()
    feed.listen(lambda entry: bodies.append(entry.body))
    fanout.publish([happened.RoomStarted(sequence=1, at_ns=1, room=room(number)) for number in range(rooms)])
    feed.pump()
    left = iter(range(count))
    headers = {"Content-Type": "application/webhook+json", "Authorization": "x" * 250}

    async def post(session: aiohttp.ClientSession) -> None:
        for number in left:
            async with session.post(url, data=bodies[number % rooms], headers=headers) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(post(session) for _ in range(PARALLEL)))
        return {"cpu_us": (time.process_time() - cpu) / count * 1e6, "per_s": count / (time.perf_counter() - began)}


async def listen(_url: str, _count: int, _rooms: int) -> Facts:
    """Answer every POST, for ever."""

    async def hook(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response()

    server = await asyncio.get_running_loop().create_server(web.Server(hook, access_log=None), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.Event().wait()
    return {}


ROLES: dict[str, Callable[[str, int, int], Awaitable[Facts]]] = {
    "bare": bare,
    "delivered": delivered,
    "written": written,
    "listen": listen,
}


def measure(arguments: argparse.Namespace) -> list[list[str]]:
    """All rounds; the lines of the table."""
    figures: dict[str, list[Facts]] = {"bare": [], "delivered": [], "written": []}
    numbers = ("--events", str(arguments.events), "--rooms", str(arguments.rooms))
    with Program("bench_webhooks.py", "--role", "listen", core=LOAD_CORE) as listener:
        url = f"http://127.0.0.1:{listener.port}/"
        for number in range(arguments.rounds):
            for role, found in figures.items():
                with Program("bench_webhooks.py", "--role", role, "--url", url, *numbers, core=SERVER_CORE) as one:
                    found.append(one.facts)
            print(f"round {number + 1} of {arguments.rounds} is done", file=sys.stderr)
    medians = {
        role: {name: statistics.median(one[name] for one in found) for name in ("cpu_us", "per_s")}
        for role, found in figures.items()
    }
    base = medians["bare"]["cpu_us"]
    names = {"bare": "bare client", "delivered": "event to delivery", "written": "event to outbox"}
    rows = [
        [names[role], f"{m['cpu_us']:.0f}", f"{m['cpu_us'] / base:.2f}", f"{m['per_s']:.0f}"]
        for role, m in medians.items()
    ]
    return [["", "CPU µs each", "beside bare", "per second"], *rows]


def main() -> int:
    """Measure, or play one role of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--role", choices=ROLES, help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        logs.configure("error", as_json=False)
        facts = _loop(ROLES[arguments.role](arguments.url, arguments.events, arguments.rooms))
        print(json.dumps(facts), flush=True)
        return 0
    try:
        require("taskset")
        print(columns(measure(arguments)))
    except CannotMeasureError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _loop(role: Awaitable[Facts]) -> Facts:
    import uvloop

    async def play() -> Facts:
        return await role

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(play())


if __name__ == "__main__":
    sys.exit(main())
