"""The command line's entry point: `roomwright` and `python -m roomwright`."""

import sys
from collections.abc import Sequence

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


if __name__ == "__main__":
    sys.exit(main())
