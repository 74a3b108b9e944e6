"""How answers are printed: aligned tables for people, JSON for programs."""

import argparse
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from roomwright.cli.output import say

_GAP = "  "
_WIDEST = 100
"""Characters of a cell: metadata may be as long as a book. JSON has all of it."""


def add_json_flag(parser: argparse.ArgumentParser) -> None:
    """`--json`: print the server's answer instead of a table."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def show(arguments: argparse.Namespace, answer: Any, people: str) -> int:
    """Print `answer` as JSON where that is asked for, else the text for people. Returns the exit code 0."""
    say(json.dumps(answer, indent=2, ensure_ascii=False) if arguments.json else people)
    return 0


def table(head: Sequence[str], rows: Iterable[Sequence[object]], nothing: str) -> str:
    """Columns as wide as their widest cell, which is cut where it is too wide; `nothing` when there are no rows."""
    cells = [[_cut(_cell(value)) for value in row] for row in rows]
    if not cells:
        return nothing
    lines = [list(head), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(_GAP.join(map(str.ljust, line, widths)).rstrip() for line in lines)


def line(cells: Iterable[object]) -> str:
    """Cells beside each other, without the empty ones."""
    return _GAP.join(text for value in cells if (text := _cell(value)))


def fields(rows: Iterable[tuple[str, object]]) -> str:
    """One thing's fields below each other, named on the left; empty ones are left out."""
    told = [(name, text) for name, value in rows if (text := _cell(value))]
    width = max((len(name) for name, _ in told), default=0)
    return "\n".join(f"{name.ljust(width)}{_GAP}{text}" for name, text in told)


def moment(seconds: object) -> str:
    """A time since 1970 in seconds, as Twirp's JSON has it (a string of digits), in UTC; empty for none."""
    count = int(str(seconds or 0))
    return f"{datetime.fromtimestamp(count, UTC):%Y-%m-%d %H:%M:%S}" if count else ""


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _cell(value: object) -> str:
    """A value on one line: what would break the line or the terminal is shown escaped."""
    match value:
        case None | False | "":
            return ""
        case True:
            return "yes"
        case _:
            return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value))
