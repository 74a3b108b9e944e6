"""`roomwright join ROOM`: a participant with a tone and a test pattern, which tells what it sees."""

import argparse
import asyncio
import json
import logging
import re
import secrets
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from roomwright.auth import Claims, VideoGrant, mint
from roomwright.cli import FAILED, CommandError
from roomwright.cli.calling import named_room, pairs
from roomwright.cli.connection import Connection, add_connection_flags
from roomwright.cli.duration import duration
from roomwright.cli.output import say
from roomwright.cli.tree import Command
from roomwright.clock import SystemClock

if TYPE_CHECKING:
    from roomwright.load.synthetic import SyntheticParticipant

MISSING = "roomwright join needs LiveKit's SDK for Python: pip install 'roomwright[tools]'"
_SIZE = re.compile(r"([1-9]\d{1,3})x([1-9]\d{1,3})")
_TOKEN_S = 24 * 3_600


def join(arguments: argparse.Namespace) -> int:
    """Join, perform and tell, until Ctrl-C, the end of `--duration`, or the end of the session (then 1)."""
    try:
        from roomwright.load import synthetic  # a library of its own, which is slow to load
    except ImportError as error:
        raise CommandError(MISSING) from error
    connection = Connection.of(arguments)
    stay = duration(arguments.duration, "--duration") if arguments.duration else None
    logging.getLogger("livekit").setLevel(logging.CRITICAL)  # what went wrong is told here, once
    width, height = _size(arguments)
    performance = synthetic.Performance(
        hz=_tone(arguments),
        width=width,
        height=height,
        pictures_per_s=arguments.fps,
        simulcast=arguments.simulcast,
    )

    def tell(event: str, names: dict[str, str]) -> None:
        say(json.dumps({"event": event, **names}) if arguments.json else _line(event, names))

    async def perform() -> bool:
        participant = synthetic.SyntheticParticipant(performance, tell)
        return await _perform(participant, connection.url.replace("http", "ws", 1), _token(arguments, connection), stay)

    return 0 if asyncio.run(perform()) else FAILED


async def _perform(participant: "SyntheticParticipant", url: str, token: str, stay: float | None) -> bool:
    """Whether it ended because we wanted it to."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows has no signal handlers on its loop
            loop.add_signal_handler(number, told.set)
    try:
        await participant.join(url, token)
    except Exception as error:
        await participant.leave()
        raise CommandError(f"cannot join: {error}", FAILED) from error
    ends = [asyncio.create_task(told.wait()), asyncio.create_task(participant.ended.wait())]
    await asyncio.wait(ends, timeout=stay, return_when=asyncio.FIRST_COMPLETED)
    wanted = told.is_set() or not participant.ended.is_set()
    for end in ends:
        end.cancel()
    await participant.leave()
    return wanted


def _token(arguments: argparse.Namespace, connection: Connection) -> str:
    claims = Claims(
        identity=arguments.identity or f"roomwright-{secrets.token_hex(3)}",
        name=arguments.name,
        attributes=pairs(arguments.attribute, "--attribute"),
        video=VideoGrant(room_join=True, room=arguments.room),
    )
    key, secret = connection.api_key, connection.api_secret
    print(f"joining {arguments.room!r} on {connection.url} as {claims.identity!r}", file=sys.stderr)
    return mint(claims, key=key, secret=secret, ttl=_TOKEN_S, clock=SystemClock())


def _tone(arguments: argparse.Namespace) -> float:
    if arguments.no_audio:
        return 0.0
    if not 20 <= arguments.hz <= 20_000:
        raise CommandError(f"--hz must be from 20 to 20000, not {arguments.hz:g}")
    return arguments.hz


def _size(arguments: argparse.Namespace) -> tuple[int, int]:
    if arguments.no_video:
        return 0, 0
    match = _SIZE.fullmatch(arguments.size)
    if match is None:
        raise CommandError(f"--size must be WIDTHxHEIGHT such as 640x360, not {arguments.size!r}")
    if not 1 <= arguments.fps <= 60:
        raise CommandError(f"--fps must be from 1 to 60, not {arguments.fps:g}")
    width, height = map(int, match.groups())
    return width, height


def _line(event: str, names: dict[str, str]) -> str:
    who = names.get("identity", "")
    rest = " ".join(f"{name}={value!r}" for name, value in names.items() if name != "identity" and value)
    return " ".join(part for part in (who, event, rest) if part)


def _flags(parser: argparse.ArgumentParser) -> None:
    named_room(parser)
    add = parser.add_argument
    add("--identity", default="", help="identity of the participant; default: a new one")
    add("--name", default="", help="name to show")
    add("--attribute", metavar="KEY=VALUE", action="append", default=[], help="attribute, may be repeated")
    add("--hz", type=float, default=440.0, metavar="HZ", help="of the tone; default: 440")
    add("--size", default="640x360", metavar="WxH", help="of the picture; default: 640x360")
    add("--fps", type=float, default=15.0, metavar="N", help="pictures a second; default: 15")
    add("--simulcast", action="store_true", help="send several qualities")
    add("--no-audio", action="store_true", help="publish no tone")
    add("--no-video", action="store_true", help="publish no picture")
    add("--duration", metavar="TIME", help="leave after a time such as 45s, 5m; default: stay until Ctrl-C")
    add("--json", action="store_true", help="tell what happens as lines of JSON")
    add_connection_flags(parser)


COMMAND = Command("join a room with a tone and a test pattern", join, _flags)
