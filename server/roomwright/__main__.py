"""The command line's entry point: `roomwright` and `python -m roomwright`."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from roomwright.cli import CommandError
from roomwright.cli.parser import make_parser

_FAILED = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; a mistake of the user is one line on standard error and 2."""
    try:
        return _run(make_parser().parse_args(arguments))
    except CommandError as error:
        print(f"roomwright: error: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(arguments: Namespace) -> int:
    match arguments.command:
        case "serve":
            from roomwright.cli.serve import serve as command
        case "config":
            from roomwright.cli.serve import show_config as command
        case "generate-keys":
            from roomwright.cli.token import generate_keys as command
        case _:
            from roomwright.cli.token import create as command
    return command(arguments)


if __name__ == "__main__":
    sys.exit(main())
