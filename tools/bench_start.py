"""How soon the server answers after its start, what it keeps in memory, without media and with it, what it imports.

Usage: python tools/bench_start.py [--starts N] [--rooms N]

Starts the server several times on one core and asks from another; prints medians. Exits 1 when a budget is missed, 2
when nothing could be measured. Needs Linux and two cores.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchlib import (
    KEY,
    LOAD_CORE,
    SECRET,
    CannotMeasureError,
    Program,
    ask,
    columns,
    cpu_seconds,
    free_port,
    require,
    resident_bytes,
    running,
    until_answered,
)
from light_client import Crowd, Times
from livekit import api

FIRST_ANSWER_S = 1.0
RESIDENT_MIB = 90.0
MEDIA_RESIDENT_MIB = 120.0
ROOM_KIB = 4.0

SETTLED_S = 0.5
MIB, KIB = 1024 * 1024, 1024


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds from the process's start to the two first answers, and what that took of CPU and memory.

    The first client joins afterwards, because it is only then that media libraries are loaded. `join` are its times,
    `media_resident` is what the server keeps while it is there.
    """

    page_s: float
    call_s: float
    cpu_s: float
    resident: int
    join: Times
    media_resident: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the report; without a budget it is for information."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    spread: tuple[float, float] | None = None

    @property
    def kept(self) -> bool:
        """Whether the budget is kept, if there is one."""
        return self.budget is None or self.value <= self.budget

    def cells(self) -> list[str]:
        """The line's cells."""
        budget = f"{self.budget:g} {'kept' if self.kept else 'MISSED'}" if self.budget is not None else ""
        spread = f"{self.spread[0]:.2f} … {self.spread[1]:.2f}" if self.spread else ""
        return [self.name, f"{self.value:.2f}", self.unit, spread, budget]

    @classmethod
    def of(cls, name: str, values: Sequence[float], unit: str, budget: float | None = None) -> "Figure":
        """The median of several, with the smallest and the largest."""
        return cls(name, statistics.median(values), unit, budget, (min(values), max(values)))


def list_rooms(port: int, headers: Mapping[str, str]) -> None:
    """The first call of the API; raises CannotMeasureError unless it is answered with no rooms."""
    status, _, body = ask(port, "POST", "/twirp/livekit.RoomService/ListRooms", b"{}", headers)
    if (status, body) != (200, b'{"rooms":[]}'):
        raise CannotMeasureError(f"ListRooms answered {status}: {body[:300]!r}")


def start_once(headers: Mapping[str, str]) -> Start:
    """Start the server, ask for the page until it answers, then call once."""
    port = free_port()
    begin = time.perf_counter()
    with running(port) as process:
        until_answered(port)
        page_s = time.perf_counter() - begin
        list_rooms(port, headers)
        call_s = time.perf_counter() - begin
        cpu_s = cpu_seconds(process.pid)
        time.sleep(SETTLED_S)
        resident = resident_bytes(process.pid)
        return Start(page_s, call_s, cpu_s, resident, *asyncio.run(first_join(port, process.pid)))


async def first_join(port: int, pid: int) -> tuple[Times, int]:
    """The times of the first client, and the server's memory with it."""
    async with Crowd(port) as crowd:
        (times,) = await crowd.join("first", 1)
        await asyncio.sleep(SETTLED_S)
        return times, resident_bytes(pid)


def import_times(log: str) -> Counter[str]:
    """Microseconds by top-level package, from what `python -X importtime` wrote; the standard library is one line."""
    times: Counter[str] = Counter()
    for line in log.splitlines():
        own, _, name = line.removeprefix("import time:").partition("|")
        if line.startswith("import time:") and own.strip().isdigit():
            package = name.rpartition("|")[2].strip().partition(".")[0]
            times["standard library" if package.lstrip("_") in _STANDARD else package] += int(own)
    return times


_STANDARD = {name.lstrip("_") for name in sys.stdlib_module_names} | {"encodings", "site", "sitecustomize"}


def imports_of_a_start() -> Counter[str]:
    """What a server imports until it has answered."""
    port = free_port()
    with tempfile.TemporaryFile("w+") as log:
        with running(port, "-X", "importtime", errors=log):
            until_answered(port)
        log.seek(0)
        return import_times(log.read())


def starts(count: int) -> list[Figure]:
    """The figures of several starts."""
    token = api.AccessToken(KEY, SECRET).with_grants(api.VideoGrants(room_list=True)).to_jwt()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    measured: list[Start] = []
    for i in range(count):
        measured.append(start_once(headers))
        print(f"start {i + 1} of {count}: {measured[-1].page_s:.2f} s, {measured[-1].call_s:.2f} s", flush=True)
    return [
        Figure.of("first answer (GET /)", [start.page_s for start in measured], "s", FIRST_ANSWER_S),
        Figure.of("first call answered (ListRooms)", [start.call_s for start in measured], "s"),
        Figure.of("CPU time until then", [start.cpu_s for start in measured], "s"),
        Figure.of("resident memory, idle", [start.resident / MIB for start in measured], "MiB", RESIDENT_MIB),
        Figure.of("first join, ACTIVE (loads media libraries)", [start.join.active or 0 for start in measured], "s"),
        Figure.of(
            "resident memory, one client with media",
            [start.media_resident / MIB for start in measured],
            "MiB",
            MEDIA_RESIDENT_MIB,
        ),
    ]


def rooms(count: int) -> list[Figure]:
    """What an empty room takes."""
    print(f"creating {count:,} rooms, twice", flush=True)
    with (
        Program("bench_rooms.py", str(count), "resident") as grown,
        Program("bench_rooms.py", str(count), "traced") as asked,
    ):
        resident, traced = grown.facts, asked.facts
    return [
        Figure("state of an empty room (growth of the process)", resident["bytes_per_room"] / KIB, "KiB", ROOM_KIB),
        Figure("state of an empty room (allocated by Python)", traced["bytes_per_room"] / KIB, "KiB"),
        Figure("time to create a room in the backend", resident["seconds_per_room"] * 1e6, "µs"),
    ]


def import_table(times: Counter[str], most: int = 12) -> str:
    """The packages that take longest, and all of them together, in milliseconds."""
    rows = [["import time, traced", "ms"], ["everything", f"{times.total() / 1000:.0f}"]]
    return columns([*rows, *([name, f"{us / 1000:.0f}"] for name, us in times.most_common(most))])


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, judge."""
    require("taskset")
    os.sched_setaffinity(0, {LOAD_CORE})
    figures = [*starts(arguments.starts), *rooms(arguments.rooms)]
    print(f"\n{import_table(imports_of_a_start())}")
    headings = ["figure", "median", "unit", "range", "budget"]
    print(f"\n{columns([headings, *(figure.cells() for figure in figures)])}")
    return 0 if all(figure.kept for figure in figures) else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--starts", type=int, default=7, help="how often the server is started (default 7)")
    parser.add_argument("--rooms", type=int, default=10_000, help="how many rooms are created (default 10000)")
    try:
        return run(parser.parse_args())
    except CannotMeasureError as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
