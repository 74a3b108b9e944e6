"""`roomwright load-test`: many light participants, progress while they are there, a table at the end."""

import argparse
import asyncio
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from roomwright.auth import Claims, VideoGrant, mint
from roomwright.cli import FAILED, CommandError
from roomwright.cli.connection import Connection, add_connection_flags
from roomwright.cli.duration import duration
from roomwright.cli.tables import add_json_flag, fields, show
from roomwright.cli.tree import Command
from roomwright.clock import SystemClock
from roomwright.load.participant import Ticket
from roomwright.load.plan import Measured, Plan, percentile
from roomwright.load.run import MAX_PARTICIPANTS, MAX_PUBLISHERS, LoadTest

_TOKEN_S = 24 * 3_600
_LINE_S = 5.0
"""Between lines of progress where no line can be written over."""


def load_test(arguments: argparse.Namespace) -> int:
    """Run a load test; Ctrl-C ends it, and what was measured until then is shown. 1 when somebody could not come."""
    plan = _plan(arguments)
    connection = Connection.of(arguments)
    measured = asyncio.run(_run(plan, connection))
    show(arguments, _as_json(plan, measured), _report(plan, measured))
    return FAILED if measured.failed or measured.lost_participants else 0


def _plan(arguments: argparse.Namespace) -> Plan:
    publishers = _publishers(arguments)
    _check("--subscribers", arguments.subscribers, 0, MAX_PARTICIPANTS - MAX_PUBLISHERS)
    _check("--num-per-second", arguments.num_per_second, 0.1, 1_000)
    _check("--video-bitrate", arguments.video_bitrate, 10, 50_000)
    if not sum(publishers.values()) + arguments.subscribers:
        raise CommandError("--publishers and --subscribers are both 0: there is nobody to come")
    return Plan(
        room=arguments.room or f"load-test-{secrets.token_hex(3)}",
        **publishers,
        subscribers=arguments.subscribers,
        duration_s=duration(arguments.duration, "--duration"),
        joins_per_second=arguments.num_per_second,
        audio=not arguments.no_audio,
        video=not arguments.no_video,
        bitrate=arguments.video_bitrate * 1_000,
    )


def _publishers(arguments: argparse.Namespace) -> dict[str, int]:
    """How many of each kind, as the plan calls them. One of the first kind, where nothing is said of any."""
    others = {name: getattr(arguments, name) for name in ("audio_publishers", "video_publishers")}
    first = arguments.publishers if arguments.publishers is not None else int(not any(others.values()))
    publishers = {"publishers": first, **others}
    for name, count in publishers.items():
        _check(f"--{name.replace('_', '-')}", count, 0, MAX_PUBLISHERS)
    _check("all publishers together", sum(publishers.values()), 0, MAX_PUBLISHERS)
    return publishers


def _check(flag: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise CommandError(f"{flag} must be from {lowest:g} to {highest:g}, not {value:g}")


def _tickets(plan: Plan, connection: Connection) -> Callable[[str], Ticket]:
    clock = SystemClock()

    def ticket(identity: str) -> Ticket:
        claims = Claims(identity=identity, video=VideoGrant(room_join=True, room=plan.room))
        key, secret = connection.api_key, connection.api_secret
        return Ticket(connection.url, identity, mint(claims, key=key, secret=secret, ttl=_TOKEN_S, clock=clock))

    return ticket


async def _run(plan: Plan, connection: Connection) -> Measured:
    test = LoadTest(plan, _tickets(plan, connection))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows has no signal handlers on its loop
            loop.add_signal_handler(number, test.stop)
    telling = asyncio.create_task(_tell(test))
    try:
        return await test.run()
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _tell(test: LoadTest) -> None:
    """Progress on standard error: one line that changes on a terminal, else a line now and then."""
    live = sys.stderr.isatty()
    try:
        while True:
            await asyncio.sleep(1.0 if live else _LINE_S)
            line = _progress(test.plan, test.measured())
            print(f"\r{line}\x1b[K" if live else line, end="" if live else "\n", file=sys.stderr, flush=True)
    finally:
        if live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _progress(plan: Plan, measured: Measured) -> str:
    return (
        f"{measured.elapsed_s:4.0f} s  {measured.joined}/{plan.participants} there, {measured.failed} failed, "
        f"{measured.packets_received} packets, {measured.loss:.2%} lost, {_rate(measured)}, CPU {measured.cpu:.0%}"
    )


def _report(plan: Plan, measured: Measured) -> str:
    return fields(
        (
            ("room", plan.room),
            ("participants", f"{measured.joined} of {plan.participants} ({plan.publishing} publish)"),
            ("failed", measured.failed or "0"),
            ("lost on the way", measured.lost_participants or "0"),
            ("first problem", measured.problem),
            ("signalling p50 / p95", _pair(measured.signalling_s)),
            ("joined p50 / p95", _pair(measured.joins_s)),
            ("streams received", f"{measured.streams} ({measured.missing} missing)"),
            ("packets sent", measured.packets_sent or "0"),
            ("packets received", measured.packets_received or "0"),
            ("packets lost", f"{measured.packets_lost} ({measured.loss:.3%})"),
            ("received", _rate(measured)),
            ("measured for", f"{measured.elapsed_s:.1f} s"),
            ("CPU of this process", f"{measured.cpu:.0%} of one core"),
        )
    )


def _pair(seconds: Sequence[float]) -> str:
    return f"{percentile(seconds, 0.5) * 1e3:.0f} ms / {percentile(seconds, 0.95) * 1e3:.0f} ms"


def _rate(measured: Measured) -> str:
    return f"{measured.octets_received * 8 / max(measured.elapsed_s, 1e-9) / 1e6:.1f} Mbit/s"


def _as_json(plan: Plan, measured: Measured) -> dict[str, object]:
    return {
        "room": plan.room,
        "participants": plan.participants,
        "joined": measured.joined,
        "failed": measured.failed,
        "lost_participants": measured.lost_participants,
        "problem": measured.problem,
        "signalling_p50_ms": percentile(measured.signalling_s, 0.5) * 1e3,
        "signalling_p95_ms": percentile(measured.signalling_s, 0.95) * 1e3,
        "joined_p50_ms": percentile(measured.joins_s, 0.5) * 1e3,
        "joined_p95_ms": percentile(measured.joins_s, 0.95) * 1e3,
        "streams_received": measured.streams,
        "streams_missing": measured.missing,
        "packets_sent": measured.packets_sent,
        "packets_received": measured.packets_received,
        "packets_lost": measured.packets_lost,
        "bits_per_second": measured.octets_received * 8 / max(measured.elapsed_s, 1e-9),
        "seconds": measured.elapsed_s,
        "cpu": measured.cpu,
    }


def _flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--room", metavar="ROOM", help="name of the room; default: a new one")
    add("--publishers", type=int, metavar="N", help="how many publish audio and video; default: 1, or 0 beside others")
    add("--audio-publishers", type=int, default=0, metavar="N", help="how many more publish audio alone")
    add("--video-publishers", type=int, default=0, metavar="N", help="how many more publish video alone")
    add("--subscribers", type=int, default=1, metavar="N", help="how many only receive; default: 1")
    add("--duration", default="30s", metavar="TIME", help="from when all are there, such as 45s, 5m, 1h; default: 30s")
    add("--num-per-second", type=float, default=5.0, metavar="N", help="how many come in a second; default: 5")
    add("--video-bitrate", type=int, default=1_000, metavar="KBIT", help="of a publisher's video; default: 1000")
    add("--no-audio", action="store_true", help="publish no audio")
    add("--no-video", action="store_true", help="publish no video")
    add_json_flag(parser)
    add_connection_flags(parser)


COMMAND = Command("put load on a server, and see how it copes", load_test, _flags)
