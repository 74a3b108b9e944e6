"""CPU per forwarded packet: the media path beside the least that could be done with the same libraries.

Usage: python tools/bench_media.py [--seconds 3] [--rounds 2] [--quick] [--plot docs/media-cost.svg]

For each pattern (publishers → subscribers, bytes per RTP packet) a server of `bench_media_server.py` runs on one core
in turn with the bare loop and with the real path, while this program publishes from the other core; the subscribers'
sockets are bound and not read, so what they hold no room for ends in the kernel, the same for both. Of several rounds
the cheapest counts. The exit code is 1 if 1 → 10 with 1100 bytes costs more than 1.4 times the bare loop.
"""

import argparse
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench_media_server import HOST, PUBLISHER_KEY, session
from benchlib import LOAD_CORE, SERVER_CORE, TOOLS, CannotMeasureError, columns, environment, pinned, require
from pylibsrtp import Policy
from svg import Panel, chart

BUDGET = 1.4
JUDGED = "1→10, 1100 bytes"
TICK = 0.005
"""Seconds between bursts of the load."""
FORWARDED_PER_SECOND = 20_000
MOST_PER_SECOND = 6_000
KEY_FRAME_EVERY = 300
EXTENSION = bytes.fromhex("bede0002") + bytes.fromhex("4030") + bytes.fromhex("22abcdef0000")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Who sends how much to whom; `size` in bytes of a whole RTP packet."""

    publishers: int
    subscribers: int
    size: int

    def __str__(self) -> str:
        return f"{self.publishers}→{self.subscribers}, {self.size} bytes"

    @property
    def rate(self) -> int:
        """Packets per second that all publishers send together."""
        return min(MOST_PER_SECOND, FORWARDED_PER_SECOND // self.subscribers)


PATTERNS = [Pattern(*who, size) for who in ((1, 1), (1, 10), (1, 40), (10, 10)) for size in (100, 1100)]


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU per forwarded packet, in the process and in the kernel together; the share that was lost."""

    total: float
    lost: float


class Load:
    """Publishers: sockets, numbers, keys."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.sockets = [_bound() for _ in range(pattern.publishers)]
        self.sessions = [session(PUBLISHER_KEY, Policy.SSRC_ANY_OUTBOUND) for _ in self.sockets]
        self.sent = 0

    @property
    def ports(self) -> str:
        """Where the publishers send from."""
        return ",".join(str(sock.getsockname()[1]) for sock in self.sockets)

    def run(self, port: int, seconds: float) -> None:
        """Publish at an even rate."""
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < seconds:
            while self.sent < passed * self.pattern.rate:
                self._publish(port)
            time.sleep(TICK)

    def _publish(self, port: int) -> None:
        number, sequence = self.sent % len(self.sockets), self.sent // len(self.sockets)
        payload = b"\x10\x00" if sequence % KEY_FRAME_EVERY == 0 else b"\x10\x01"
        header = struct.pack("!BBHII", 0x90, 96, sequence & 0xFFFF, sequence * 3000 & 0xFFFF_FFFF, 1 + number)
        packet = (header + EXTENSION + payload).ljust(self.pattern.size, b"\xaa")
        self.sockets[number].sendto(self.sessions[number].protect(packet), (HOST, port))
        self.sent += 1


def _bound() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((HOST, 0))
    return sock


@contextmanager
def server(mode: str, pattern: Pattern, ports: Sequence[int]) -> Iterator["subprocess.Popen[str]"]:
    """A server on its core."""
    subscribers = ",".join(map(str, ports))
    command = [sys.executable, TOOLS / "bench_media_server.py", mode, str(pattern.publishers), subscribers]
    process = subprocess.Popen(
        pinned(SERVER_CORE, command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def measure(mode: str, pattern: Pattern, seconds: float) -> Cost:
    """One run."""
    receivers = [_bound() for _ in range(pattern.subscribers)]
    load = Load(pattern)
    with server(mode, pattern, [sock.getsockname()[1] for sock in receivers]) as process:
        assert process.stdin is not None  # noqa: S101  # for the type checker: PIPE was asked for
        port = _line(process)["port"]
        process.stdin.write(load.ports + "\n")
        process.stdin.flush()
        _line(process)
        load.run(int(port), seconds)
        time.sleep(0.05)
        process.stdin.close()
        result = _line(process)
    for sock in (*receivers, *load.sockets):
        sock.close()
    forwarded = result["forwarded"]
    expected = load.sent * pattern.subscribers
    if forwarded < expected / 2:
        raise CannotMeasureError(f"{mode}, {pattern}: {forwarded:.0f} of {expected} packets were forwarded")
    return Cost(result["cpu"] / forwarded * 1e6, 1 - forwarded / expected)


def _line(process: "subprocess.Popen[str]") -> dict[str, float]:
    assert process.stdout is not None  # noqa: S101  # as above
    line = process.stdout.readline()
    if not line:
        raise CannotMeasureError("the server ended early")
    return json.loads(line)


def compare(pattern: Pattern, seconds: float, rounds: int) -> tuple[Cost, Cost]:
    """The cheapest of some rounds, bare and real in turn."""
    costs: dict[str, list[Cost]] = {"bare": [], "forward": []}
    for _ in range(rounds):
        for mode, found in costs.items():
            found.append(measure(mode, pattern, seconds))
    bare, real = (min(found, key=lambda cost: cost.total) for found in costs.values())
    return bare, real


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two costs of a pattern."""

    bare: Cost
    real: Cost

    @property
    def ratio(self) -> float:
        """What the media path costs, in bare loops."""
        return self.real.total / self.bare.total

    def cells(self, pattern: Pattern) -> list[str]:
        """One line of the table."""
        bare, real = self.bare, self.real
        lost = max(bare.lost, real.lost)
        return [str(pattern), f"{bare.total:.2f}", f"{real.total:.2f}", f"{self.ratio:.2f}", f"{lost:.1%}"]


def measure_all(patterns: Sequence[Pattern], seconds: float, rounds: int) -> dict[Pattern, Comparison]:
    """All patterns, with a line of progress for each."""
    found: dict[Pattern, Comparison] = {}
    for count, pattern in enumerate(patterns, 1):
        found[pattern] = Comparison(*compare(pattern, seconds, rounds))
        print(f"[{count}/{len(patterns)}] {pattern}: {found[pattern].ratio:.2f} times the bare loop", flush=True)
    return found


def plot(found: Mapping[Pattern, Comparison]) -> str:
    """The costs as SVG."""
    rows = {str(pattern): (one.bare.total, one.real.total) for pattern, one in found.items()}
    return chart("CPU per forwarded packet", ("bare loop", "media path"), [Panel("publishers→subscribers (µs)", rows)])


def run(options: argparse.Namespace) -> int:
    """Measure, print, plot, judge."""
    require("taskset")
    os.sched_setaffinity(0, {LOAD_CORE})
    patterns = [pattern for pattern in PATTERNS if str(pattern) == JUDGED] if options.quick else PATTERNS
    found = measure_all(patterns, options.seconds, options.rounds)
    headings = ["µs of CPU per forwarded packet", "bare loop", "media path", "ratio", "lost"]
    print(columns([headings, *(one.cells(pattern) for pattern, one in found.items())]))
    if options.plot:
        options.plot.write_text(plot(found), encoding="utf-8")
    judged = next(one.ratio for pattern, one in found.items() if str(pattern) == JUDGED)
    print(f"{JUDGED}: {judged:.2f} times the bare loop, budget {BUDGET}; load average {os.getloadavg()[0]:.1f}")
    return 0 if judged <= BUDGET else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="only the pattern that has a budget")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the costs as SVG too")
    return run(parser.parse_args())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CannotMeasureError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
