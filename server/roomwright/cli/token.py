"""`roomwright token create` and `roomwright generate-keys`."""

import argparse
import sys
from datetime import UTC, datetime

from roomwright.auth import Claims, VideoGrant, mint
from roomwright.cli import CommandError
from roomwright.cli.calling import pairs
from roomwright.cli.connection import add_key_flags, key_pair
from roomwright.cli.duration import duration
from roomwright.cli.output import say
from roomwright.cli.tree import Command, Group
from roomwright.clock import RandomIds, SystemClock

GRANT_FLAGS = {
    "join": "join the room of --room",
    "admin": "administer the room of --room",
    "create": "create and delete rooms",
    "list": "list rooms",
    "record": "start and stop egress",
}
"""Flag to help; the grant is the flag with `room_` before it."""

WITHOUT_ROOM = "know what happens in all rooms"
"""What `admin` adds to `list` where there is no room: all of the event stream."""

PERMISSION_FLAGS = {
    "can-publish": "publish tracks",
    "can-publish-data": "send data",
    "can-subscribe": "receive tracks",
    "can-update-own-metadata": "change its own name, metadata and attributes",
}
"""Flag to help; each has a `--no-` form, and says nothing when it is not given."""


def create(arguments: argparse.Namespace) -> int:
    """Print a token on standard output, and what it is good for on standard error."""
    video = _grant(arguments)
    key, secret = key_pair(arguments)
    ttl = duration(arguments.valid_for, "--valid-for")
    claims = Claims(
        identity=arguments.identity,
        name=arguments.name,
        metadata=arguments.metadata,
        attributes=pairs(arguments.attribute, "--attribute"),
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


def _grant(arguments: argparse.Namespace) -> VideoGrant:
    if arguments.join and not (arguments.room and arguments.identity):
        raise CommandError("--join needs --room and --identity")
    if arguments.admin and not (arguments.room or arguments.list):
        raise CommandError("--admin needs --room, or --list to be told of all rooms (/events)")
    return VideoGrant(
        room=arguments.room,
        **{f"room_{flag}": getattr(arguments, flag) for flag in GRANT_FLAGS},
        **{name: getattr(arguments, name) for name in (flag.replace("-", "_") for flag in PERMISSION_FLAGS)},
    )


def _mint(claims: Claims, key: str, secret: str, ttl: int, clock: SystemClock) -> str:
    try:
        return mint(claims, key=key, secret=secret, ttl=ttl, clock=clock)
    except (ValueError, TypeError) as error:
        raise CommandError(f"cannot make this token: {error}") from error


def _summary(arguments: argparse.Namespace) -> str:
    purposes = GRANT_FLAGS if arguments.room else GRANT_FLAGS | {"admin": WITHOUT_ROOM}
    opened = [purpose for flag, purpose in purposes.items() if getattr(arguments, flag)]
    if not opened:
        return "opens nothing: add --join, --admin, --create, --list or --record"
    return f"may {', '.join(opened)}".replace("the room of --room", f"room {arguments.room!r}")


def _flags(parser: argparse.ArgumentParser) -> None:
    who = parser.add_argument_group("who").add_argument
    who("--identity", default="", help="identity of the participant")
    who("--name", default="", help="name to show")
    who("--metadata", default="", help="metadata of the participant")
    who("--attribute", metavar="KEY=VALUE", action="append", default=[], help="attribute, may be repeated")
    may = parser.add_argument_group("may").add_argument
    may("--room", default="", help="the room that --join and --admin are about")
    for flag, purpose in GRANT_FLAGS.items():
        may(f"--{flag}", action="store_true", help=purpose)
    for flag, purpose in PERMISSION_FLAGS.items():
        may(f"--{flag}", action=argparse.BooleanOptionalAction, default=None, help=f"{purpose}, or not, once joined")
    signed = parser.add_argument_group("signed", argument_default=argparse.SUPPRESS).add_argument
    signed("--valid-for", default="6h", metavar="TIME", help="such as 45s, 30m, 24h, 7d or 1h30m; default: 6h")
    add_key_flags(signed)
    signed("--dev", action="store_true", help="sign with the key of a server that runs with --dev")


COMMAND = Group("make access tokens", {"create": Command("print a new token", create, _flags)})
GENERATE_KEYS = Command("print a new API key and secret", generate_keys)
