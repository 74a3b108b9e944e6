"""`roomwright token create` and `roomwright generate-keys`."""

import argparse
import os
import re
import sys
from datetime import UTC, datetime

from roomwright.auth import Claims, VideoGrant, mint
from roomwright.cli import CommandError
from roomwright.cli.output import say
from roomwright.cli.parser import GRANT_FLAGS, PERMISSION_FLAGS
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import DEV_KEYS

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s?)?")
_UNITS = (86_400, 3_600, 60, 1)


def create(arguments: argparse.Namespace) -> int:
    """Print a token on standard output, and what it is good for on standard error."""
    video = _grant(arguments)
    key, secret = _key_pair(arguments)
    ttl = duration(arguments.valid_for)
    claims = Claims(
        identity=arguments.identity,
        name=arguments.name,
        metadata=arguments.metadata,
        attributes=dict(_attribute(text) for text in arguments.attribute),
        video=video,
    )
    clock = SystemClock()
    say(_mint(claims, key, secret, ttl, clock))
    until = datetime.fromtimestamp(clock.now_ns() // 1_000_000_000 + ttl, UTC)
    print(
        f"signed with API key {key!r}, valid until {until:%Y-%m-%d %H:%M:%S} UTC, {_summary(arguments)}",
        file=sys.stderr,
    )
    return 0


def generate_keys(_arguments: argparse.Namespace) -> int:
    """Print a new API key and its secret."""
    ids = RandomIds()
    say(f"API Key:     {ids.sid('API').replace('_', '')}\nAPI Secret:  {ids.secret()}")
    return 0


def duration(text: str) -> int:
    """Seconds from texts such as `45s`, `30m`, `24h`, `7d`, `1h30m`; bare digits are seconds."""
    match = _DURATION.fullmatch(text)
    seconds = sum(int(count or 0) * unit for count, unit in zip(match.groups(), _UNITS, strict=True)) if match else 0
    if not seconds:
        raise CommandError(f"--valid-for must be a time such as 45s, 30m, 24h, 7d or 1h30m, not {text!r}")
    return seconds


def _grant(arguments: argparse.Namespace) -> VideoGrant:
    if arguments.join and not (arguments.room and arguments.identity):
        raise CommandError("--join needs --room and --identity")
    if arguments.admin and not arguments.room:
        raise CommandError("--admin needs --room")
    return VideoGrant(
        room=arguments.room,
        **{f"room_{flag}": getattr(arguments, flag) for flag in GRANT_FLAGS},
        **{name: getattr(arguments, name) for name in (flag.replace("-", "_") for flag in PERMISSION_FLAGS)},
    )


def _key_pair(arguments: argparse.Namespace) -> tuple[str, str]:
    if arguments.dev:
        return next(iter(DEV_KEYS.items()))
    key = arguments.api_key or os.environ.get("LIVEKIT_API_KEY")
    secret = arguments.api_secret or os.environ.get("LIVEKIT_API_SECRET")
    if not key or not secret:
        raise CommandError(
            "no API key: give --api-key and --api-secret, or LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or --dev"
        )
    return key, secret


def _attribute(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise CommandError(f"--attribute must be KEY=VALUE, not {text!r}")
    return key, value


def _mint(claims: Claims, key: str, secret: str, ttl: int, clock: SystemClock) -> str:
    try:
        return mint(claims, key=key, secret=secret, ttl=ttl, clock=clock)
    except (ValueError, TypeError) as error:
        raise CommandError(f"cannot make this token: {error}") from error


def _summary(arguments: argparse.Namespace) -> str:
    opened = [purpose for flag, purpose in GRANT_FLAGS.items() if getattr(arguments, flag)]
    if not opened:
        return "opens nothing: add --join, --admin, --create, --list or --record"
    return f"may {', '.join(opened)}".replace("the room of --room", f"room {arguments.room!r}")
