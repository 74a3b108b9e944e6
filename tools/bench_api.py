"""CPU time, throughput and latency of every API method beside a bare aiohttp handler that answers the same bytes.

Usage: python tools/bench_api.py [--only NAME] [--encoding json|protobuf] [--seconds N] [--rounds N]

The server is held on one core and wrk loads it from another. Every round runs the bare handler and a fresh server one
after the other; what counts is the ratio of their CPU time per request, the median of the rounds. Exits 1 when a budget
is missed, 2 when nothing could be measured. Needs Linux, two cores and wrk.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bench_messages
import bench_wrk
from bench_cases import CASES, Call, Case, Facts
from bench_messages import MEDIA
from bench_wrk import Load, Request
from benchlib import KEY, SECRET, CannotMeasureError, Program, ask, columns, cpu_seconds, require
from livekit import api

FRESH_TOKENS = 6_000
"""More than the server remembers: when the first one comes again, it is forgotten."""


class UnimplementedError(Exception):
    """The server does not have the method: nothing to measure, nothing wrong."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run against one server."""

    load: Load
    cpu_s: float

    @property
    def cpu_us(self) -> float:
        """The server's user and system time per answered request."""
        return self.cpu_s / self.load.requests * 1e6


@dataclass(frozen=True, slots=True)
class Row:
    """The rounds of one case in one encoding."""

    case: Case
    encoding: str
    bare: Sequence[Sample]
    ours: Sequence[Sample]

    @property
    def ratio(self) -> float:
        """CPU time per request, ours to the bare handler's: the median over the rounds."""
        return statistics.median(o.cpu_us / b.cpu_us for o, b in zip(self.ours, self.bare, strict=True))

    @property
    def kept(self) -> bool:
        """Whether the budget is kept, if there is one."""
        return self.case.budget is None or self.ratio <= self.case.budget

    def cells(self) -> list[str]:
        """The row of the final table."""
        ours, bare = self.ours, self.bare
        budget = f"{self.case.budget:.1f} {'kept' if self.kept else 'MISSED'}" if self.case.budget else ""
        return [
            self.case.title,
            self.encoding,
            f"{statistics.median(o.load.per_second for o in ours):,.0f}",
            f"{statistics.median(o.load.p50_us for o in ours) / 1e3:.2f}",
            f"{statistics.median(o.load.p99_us for o in ours) / 1e3:.2f}",
            f"{statistics.median(o.cpu_us for o in ours):.0f}",
            f"{statistics.median(b.cpu_us for b in bare):.0f}",
            f"{self.ratio:.2f}",
            budget,
        ]


HEADINGS = ["method", "encoding", "requests/s", "p50 ms", "p99 ms", "CPU µs", "bare µs", "ratio", "budget"]


class Tokens:
    """Tokens by their grants and a number: the same ones for the same grants, because signing takes long."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, call: Call, number: int) -> str:
        """The token number `number` with the call's grants."""
        key = f"{number} {call.grants}"
        if key not in self._known:
            token = api.AccessToken(KEY, SECRET).with_identity(f"bench-{number}")
            self._known[key] = token.with_grants(api.VideoGrants(**call.grants)).to_jwt()
        return self._known[key]


class Bench:
    """Runs cases; `seconds` is the length of one run, of which there are two in each of the `rounds`."""

    def __init__(self, bare: Program, seconds: int, rounds: int) -> None:
        self._bare = bare
        self._seconds = seconds
        self._rounds = rounds
        self._tokens = Tokens()

    def row(self, case: Case, encoding: str) -> Row:
        """Measure one case in one encoding."""
        rounds = [self._round(case, MEDIA[encoding]) for _ in range(self._rounds)]
        return Row(case, encoding, [bare for bare, _ in rounds], [ours for _, ours in rounds])

    def _round(self, case: Case, media: str) -> tuple[Sample, Sample]:
        """The bare handler and a fresh server, one after the other."""
        with Program("bench_server.py", *case.arguments(self._seconds)) as server:
            requests = list(self._requests(case, media, server.facts))
            answer = self._proved(case, media, server, requests[0])
            load = requests[1:] or requests
            path = bench_messages.path(case.method)
            ask(self._bare.port, "PUT", path, answer, {"Content-Type": media})
            return self._sample(self._bare, load), self._sample(server, load)

    def _sample(self, program: Program, requests: Sequence[Request]) -> Sample:
        before = cpu_seconds(program.pid)
        load = bench_wrk.run(program.port, requests, seconds=self._seconds)
        return Sample(load, cpu_seconds(program.pid) - before)

    def _requests(self, case: Case, media: str, facts: Facts) -> Iterator[Request]:
        path = bench_messages.path(case.method)
        calls = case.calls(facts, self._seconds)
        for call in calls:
            body = bench_messages.encode(case.method, media, call.message)
            count = FRESH_TOKENS if case.fresh_tokens else 1
            yield from (Request(path, media, self._tokens.of(call, i), body) for i in range(count))

    def _proved(self, case: Case, media: str, server: Program, request: Request) -> bytes:
        """The answer to one request, compared with what is expected."""
        headers = {"Content-Type": media, "Authorization": f"Bearer {request.token}"}
        status, answered, body = ask(server.port, "POST", request.path, request.numbered(0), headers)
        if status == 501:
            raise UnimplementedError
        if (status, answered) != (200, media):
            raise CannotMeasureError(f"{case.title}: {status} {answered}: {body[:300]!r}")
        expected = bench_messages.numbered(case.expected, 0)
        wrong = bench_messages.differences(expected, bench_messages.decode(case.method, media, body))
        if wrong:
            raise CannotMeasureError(f"{case.title}: {'; '.join(wrong)}")
        return body


def chosen(only: Sequence[str]) -> list[Case]:
    """The cases whose title holds one of the texts, all without any; small and capital letters are the same."""
    return [case for case in CASES if not only or any(text.lower() in case.title.lower() for text in only)]


def measure(bench: Bench, cases: Sequence[Case], encodings: Sequence[str]) -> Iterator[Row]:
    """Measure all, with a line of progress for each."""
    for case in cases:
        for encoding in encodings:
            print(f"{case.title}, {encoding} … ", end="", flush=True)
            try:
                row = bench.row(case, encoding)
            except UnimplementedError:
                print("not implemented", flush=True)
                continue
            rounds = " ".join(f"{o.cpu_us:.0f}/{b.cpu_us:.0f}" for o, b in zip(row.ours, row.bare, strict=True))
            print(f"{row.ratio:.2f} ({rounds} µs)", flush=True)
            yield row


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, judge."""
    require("wrk", "taskset")
    cases = chosen(arguments.only)
    if not cases:
        raise CannotMeasureError(f"no method's name holds {' or '.join(arguments.only)}")
    encodings = [arguments.encoding] if arguments.encoding else list(MEDIA)
    paths = sorted({bench_messages.path(case.method) for case in cases})
    with Program("bench_bare.py", *paths) as bare:
        rows = list(measure(Bench(bare, arguments.seconds, arguments.rounds), cases, encodings))
    print(f"\n{columns([HEADINGS, *(row.cells() for row in rows)])}")
    print(f"\nload average {os.getloadavg()[0]:.1f} at the end; the budget is on the ratio")
    return 0 if all(row.kept for row in rows) else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="part of a row's name; repeatable")
    parser.add_argument("--encoding", choices=list(MEDIA), help="one encoding instead of both")
    parser.add_argument("--seconds", type=int, default=1, help="length of one run (default 1)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each server per row (default 3)")
    try:
        return run(parser.parse_args())
    except CannotMeasureError as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
