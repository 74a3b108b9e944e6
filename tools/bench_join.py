"""How long a client takes to join, and what a participant costs the server: 50 clients in one room.

Usage: python tools/bench_join.py [--clients 50] [--rounds 3] [--plot docs/join-latency.svg]

A server as a user starts it is held on one core, the clients (`light_client.py`) share another; every scenario gets a
fresh server, in which one client has joined before in a room of its own, because the first join loads the media
libraries. Times begin when the WebSocket is opened and are the clients' own; when all come at once, the 49 others'
share of the clients' core is in them. There is no budget; the exit code is 1 when something could not be measured.
"""

import argparse
import asyncio
import math
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop
from benchlib import (
    LOAD_CORE,
    CannotMeasureError,
    columns,
    cpu_seconds,
    free_port,
    require,
    resident_bytes,
    running,
    until_answered,
)
from light_client import Crowd, Times
from svg import Panel, chart

SETTLED_S = 1.0
KIB = 1024

MARKS: Mapping[str, str] = {
    "join": "join message",
    "answer": "answer",
    "dtls": "DTLS connected",
    "active": "told to be ACTIVE",
    "data": "data channels open",
}
"""What is reached, by the field of `Times`."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way for many to come. Without `media` a client sends no offer."""

    title: str
    media: bool = True
    together: bool = False


SCENARIOS = (
    Scenario("one after another"),
    Scenario("all at once", together=True),
    Scenario("signalling only, one after another", media=False),
)
FIRST = "first join of a server"


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario on a fresh server. `cpu_s` and `growth` (bytes) are the server's, for all clients together."""

    first: Times
    times: Sequence[Times]
    cpu_s: float
    growth: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one participant costs the server: the median over the runs."""

    cpu_ms: float
    kib: float

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "Cost":
        """Divide by the clients of each run."""
        return cls(
            statistics.median(run.cpu_s / len(run.times) * 1e3 for run in runs),
            statistics.median(run.growth / len(run.times) / KIB for run in runs),
        )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def reached(times: Sequence[Times], mark: str) -> list[float]:
    """When the clients got there, in milliseconds; empty where they do not."""
    return [seconds * 1e3 for one in times if (seconds := getattr(one, mark)) is not None]


async def measure(scenario: Scenario, clients: int) -> Run:
    """One run, on a fresh server."""
    port = free_port()
    with running(port) as process:
        until_answered(port)
        async with Crowd(port) as crowd:
            (first,) = await crowd.join("warm-up", 1, media=scenario.media)
            await asyncio.sleep(SETTLED_S)
            cpu_s, resident = cpu_seconds(process.pid), resident_bytes(process.pid)
            times = await crowd.join("room", clients, media=scenario.media, together=scenario.together)
            cpu_s = cpu_seconds(process.pid) - cpu_s
            await asyncio.sleep(SETTLED_S)
            crowd.require_all()
            return Run(first, times, cpu_s, resident_bytes(process.pid) - resident)


def measure_all(clients: int, rounds: int) -> dict[str, list[Run]]:
    """All scenarios in turn, with a line of progress for each run."""
    runs: dict[str, list[Run]] = {scenario.title: [] for scenario in SCENARIOS}
    for number in range(rounds):
        for scenario in SCENARIOS:
            run = uvloop.run(measure(scenario, clients))
            runs[scenario.title].append(run)
            last = percentile(reached(run.times, "active" if scenario.media else "join"), 50)
            print(f"[{number + 1}/{rounds}] {scenario.title}: {last:.1f} ms (p50)", flush=True)
    return runs


def pooled(runs: Mapping[str, Sequence[Run]]) -> dict[str, list[Times]]:
    """The times of all clients by row of the table; the very first joins are a row of their own."""
    rows = {title: [times for run in some for times in run.times] for title, some in runs.items()}
    with_media = [scenario.title for scenario in SCENARIOS if scenario.media]
    return {**rows, FIRST: [run.first for title in with_media for run in runs[title]]}


def latency_rows(times: Mapping[str, Sequence[Times]]) -> list[list[str]]:
    """The table of latencies: p50 and p95 in milliseconds."""
    rows = [["p50 / p95, ms", *MARKS.values()]]
    for title, some in times.items():
        values = [reached(some, mark) for mark in MARKS]
        rows.append([title, *(_cell(found) for found in values)])
    return rows


def _cell(values: Sequence[float]) -> str:
    return f"{percentile(values, 50):.1f} / {percentile(values, 95):.1f}" if values else ""


def cost_rows(costs: Mapping[str, Cost]) -> list[list[str]]:
    """The table of what a participant costs."""
    rows = [[title, f"{cost.cpu_ms:.1f}", f"{cost.kib:.0f}"] for title, cost in costs.items()]
    return [["a participant costs the server", "CPU ms", "KiB"], *rows]


def plot(times: Mapping[str, Sequence[Times]], clients: int) -> str:
    """The latencies with media as SVG."""
    panels = []
    for scenario in SCENARIOS:
        if scenario.media:
            found = {label: reached(times[scenario.title], mark) for mark, label in MARKS.items()}
            rows = {label: [percentile(values, percent) for percent in (50, 95)] for label, values in found.items()}
            panels.append(Panel(f"{scenario.title} (ms)", rows, digits=1))
    return chart(f"{clients} clients join a room", ("p50", "p95"), panels)


def run(arguments: argparse.Namespace) -> None:
    """Measure, print, plot."""
    require("taskset")
    os.sched_setaffinity(0, {LOAD_CORE})
    runs = measure_all(arguments.clients, arguments.rounds)
    times = pooled(runs)
    print(f"\n{columns(latency_rows(times))}")
    print(f"\n{columns(cost_rows({title: Cost.of(some) for title, some in runs.items()}))}")
    print(f"\n{arguments.clients} clients, {arguments.rounds} rounds; load average {os.getloadavg()[0]:.1f} at the end")
    if arguments.plot:
        arguments.plot.write_text(plot(times, arguments.clients), encoding="utf-8")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--clients", type=int, default=50, help="how many join (default 50)")
    parser.add_argument("--rounds", type=int, default=3, help="fresh servers for each scenario (default 3)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the latencies as SVG too")
    try:
        run(parser.parse_args())
    except CannotMeasureError as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
