"""What can be said on the command line. Imports nothing heavy: `--help` answers at once."""

import argparse
from typing import NoReturn, Protocol

from roomwright import __version__
from roomwright.cli import CommandError

GRANT_FLAGS = {
    "join": "join the room of --room",
    "admin": "administer the room of --room",
    "create": "create and delete rooms",
    "list": "list rooms",
    "record": "start and stop egress",
}
"""Flag to help; the grant is the flag with `room_` before it."""

PERMISSION_FLAGS = {
    "can-publish": "publish tracks",
    "can-publish-data": "send data",
    "can-subscribe": "receive tracks",
    "can-update-own-metadata": "change its own name, metadata and attributes",
}
"""Flag to help; each has a `--no-` form, and says nothing when it is not given."""

_EPILOG = """\
Settings come from the flags, then from the environment (LIVEKIT_KEYS, LIVEKIT_CONFIG, NODE_IP, and LIVEKIT_ with the
upper-case path of any key of the file, such as LIVEKIT_ROOM_EMPTY_TIMEOUT), then from the file, then from the defaults.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage."""
        raise CommandError(f"{message} (try {self.prog} --help)")


class _Commands(Protocol):
    """Where commands are added: what `add_subparsers` returns."""

    def add_parser(self, name: str, *, help: str, description: str, allow_abbrev: bool) -> argparse.ArgumentParser:  # noqa: A002
        """A parser for one command."""
        ...


def make_parser() -> argparse.ArgumentParser:
    """The parser of `roomwright`. The command is in `command`: `serve` (also without one), `config`, ...."""
    parser = _Parser(
        prog="roomwright",
        description="A LiveKit server. Without a command it serves.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"roomwright {__version__}")
    parser.set_defaults(command="serve")
    _add_server_flags(parser)
    commands = parser.add_subparsers(title="commands", metavar="command")
    _add_server_flags(_add_command(commands, "serve", "run the server (the same as no command)"))
    _add_server_flags(_add_command(commands, "config", "print the effective configuration, secrets masked"))
    _add_command(commands, "generate-keys", "print a new API key and secret")
    token = _add_command(commands, "token", "make access tokens")
    token.set_defaults(command="token")
    _add_token_flags(_add_command(token.add_subparsers(required=True, metavar="create"), "create", "print a new token"))
    return parser


def _add_command(commands: _Commands, name: str, purpose: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.", allow_abbrev=False
    )
    command.set_defaults(command=name)
    return command


def _add_server_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that say nothing when they are not given, so that the same flag may stand before or after the command."""
    add = parser.add_argument_group("settings", argument_default=argparse.SUPPRESS).add_argument
    add("--dev", action="store_true", help="for trying things out: loopback only, API key devkey, secret secret")
    add("--config", metavar="FILE", help="configuration file in LiveKit's format")
    add("--config-body", metavar="YAML", help="the configuration itself; LIVEKIT_CONFIG")
    add("--keys", metavar='"KEY: SECRET"', help="API keys, one per line; LIVEKIT_KEYS keeps them out of ps")
    add("--key-file", metavar="FILE", help='file with lines of "key: secret"')
    add("--bind", metavar="ADDRESS", action="append", help="address to listen on, may be repeated; default: all")
    add("--port", metavar="PORT", type=int, help="port for HTTP and WebSocket, 0 for any free one; default: 7880")
    add("--grpc-port", metavar="PORT", type=int, help="port for gRPC, 0 for any free one; default: no gRPC")
    add("--node-ip", metavar="ADDRESS", help="address that clients send media to; NODE_IP")


def _add_token_flags(parser: argparse.ArgumentParser) -> None:
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
    signed = parser.add_argument_group("signed").add_argument
    signed("--valid-for", default="6h", metavar="TIME", help="such as 45s, 30m, 24h, 7d or 1h30m; default: 6h")
    signed("--api-key", metavar="KEY", help="LIVEKIT_API_KEY")
    signed("--api-secret", metavar="SECRET", help="LIVEKIT_API_SECRET keeps it out of ps")
    signed("--dev", action="store_true", help="sign with the key of a server that runs with --dev")
