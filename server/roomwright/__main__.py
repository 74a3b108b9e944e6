"""The command line's entry point: `roomwright` and `python -m roomwright`."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from roomwright.cli import CommandError
from roomwright.cli.parser import make_parser

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; a mistake or a refusal is one line on standard error."""
    try:
        parsed = make_parser().parse_args(arguments)
        return parsed.run(parsed)
    except CommandError as error:
        print(f"roomwright: error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED


def program() -> None:
    """Run one command as a process, and end it with the command's exit code."""
    code = main()
    if "livekit.rtc" in sys.modules:  # its threads call a Python that is ending, and abort the process
        with suppress(OSError):  # nobody reads any more
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    program()
