"""`roomwright webhooks …`: what waits in the outbox, what was given up, and sending the latter again.

Works on the outbox's file, whether its server runs or not; one that runs takes up what is replayed within a second.
"""

import argparse
import os
import sys
from pathlib import Path

from roomwright.cli import FAILED, CommandError
from roomwright.cli.tables import add_json_flag, moment, show, table
from roomwright.cli.tree import Command, Group
from roomwright.clock import SystemClock
from roomwright.config import ConfigError, Flags, load
from roomwright.webhooks import FILE, OutboxError, Row, Store, outbox_directory
from roomwright.webhooks.schema import DEAD, WAITING

_STATES = {"waiting": WAITING, "dead": DEAD}
_HEAD = ("SEQUENCE", "STATE", "EVENT", "ROOM", "URL", "TRIES", "SINCE (UTC)", "LAST ERROR")


def list_webhooks(arguments: argparse.Namespace) -> int:
    """Print what is in the outbox, the oldest first."""
    store = _open(arguments)
    try:
        rows = list(store.rows(arguments.limit, _STATES.get(arguments.state)))
        there = sum(store.count(state) for name, state in _STATES.items() if arguments.state in {None, name})
    finally:
        store.close()
    if there > len(rows) == arguments.limit:
        print(f"the first {len(rows)} of {there}; --limit shows more", file=sys.stderr)
    nothing = f"nothing waits in {store.path}" if arguments.state is None else f"nothing is {arguments.state}"
    return show(arguments, [row._asdict() for row in rows], table(_HEAD, map(_cells, rows), nothing))


def replay(arguments: argparse.Namespace) -> int:
    """Let dead letters wait again, in their old place in the order."""
    if not (arguments.webhook or arguments.url or arguments.all):
        raise CommandError("say which: their sequence or event id, --url URL, or --all")
    if arguments.all and (arguments.webhook or arguments.url):
        raise CommandError("--all leaves nothing to choose")
    store = _open(arguments)
    try:
        now_ms = SystemClock().now_ns() // 1_000_000
        count = store.replay(now_ms, names=arguments.webhook, url=arguments.url)
    finally:
        store.close()
    if not count and not arguments.all:
        raise CommandError("no dead webhook is meant by that (roomwright webhooks list)", exit_code=FAILED)
    return show(arguments, {"replayed": count}, f"{count} webhooks wait to be delivered again")


def _open(arguments: argparse.Namespace) -> Store:
    try:
        directory = arguments.outbox or load(Flags(config=arguments.config), os.environ).config.webhook.outbox_directory
        return Store(outbox_directory(directory) / FILE, create=False)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    except (OutboxError, OSError) as error:
        raise CommandError(
            f"no outbox: {error} (say where it is with --outbox or --config)", exit_code=FAILED
        ) from error


def _cells(row: Row) -> tuple[object, ...]:
    since = moment(row.since_ms // 1_000)
    return row.sequence, row.state, row.event, row.room, row.url, row.attempts, since, row.error


def _where(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("outbox").add_argument
    add("--outbox", metavar="DIRECTORY", type=Path, help="the outbox's directory; default: that of the configuration")
    add("--config", metavar="FILE", help="the server's configuration file")
    add_json_flag(parser)


def _list_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=tuple(_STATES), help="only those")
    parser.add_argument(
        "--limit", metavar="COUNT", type=_count, default=1_000, help="show so many at most; default: 1000"
    )
    _where(parser)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= len(text) <= 9:
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}")
    return int(text)


def _replay_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("webhook", nargs="*", metavar="WEBHOOK", help="its sequence, or its event's id, EV_…")
    parser.add_argument("--url", metavar="URL", help="those for this URL")
    parser.add_argument("--all", action="store_true", help="all that are dead")
    _where(parser)


COMMAND = Group(
    "what waits to be delivered, and what was given up",
    {
        "list": Command("list the outbox", list_webhooks, _list_flags),
        "replay": Command("deliver dead webhooks again", replay, _replay_flags),
    },
)
