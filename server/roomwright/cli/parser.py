"""What can be said on the command line. Imports nothing heavy: `--help` answers at once."""

import argparse

from roomwright import __version__
from roomwright.cli.commands import COMMANDS
from roomwright.cli.settings import add_server_flags
from roomwright.cli.tree import Parser, add_commands

_EPILOG = """\
Settings come from the flags, then from the environment (LIVEKIT_KEYS, LIVEKIT_CONFIG, NODE_IP, and LIVEKIT_ with the
upper-case path of any key of the file, such as LIVEKIT_ROOM_EMPTY_TIMEOUT), then from the file, then from the defaults.
"""


def make_parser() -> Parser:
    """The parser of `roomwright`. What is to be done is in `run` of the parsed arguments."""
    parser = Parser(
        prog="roomwright",
        description="A LiveKit server, and the commands that work on one. Without a command it serves.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"roomwright {__version__}")
    parser.set_defaults(run=_serve)
    add_server_flags(parser)
    add_commands(parser, COMMANDS)
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    from roomwright.cli.serve import serve  # the configuration: not for --help and other commands

    return serve(arguments)
