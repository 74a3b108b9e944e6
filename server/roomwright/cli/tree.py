"""Commands as a table, and the parser made of it. Knows argparse; knows no command.

A command that is named is all that is imported and set up, so that `roomwright --help` and the server's own start cost
the same however many commands there are.
"""

import argparse
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple, NoReturn, TypeAlias

from roomwright.cli import CommandError

Run = Callable[[argparse.Namespace], int]
"""Carries a command out and returns the exit code. Mistakes and refusals are raised as `CommandError`."""
Flags = Callable[[argparse.ArgumentParser], None]
"""Says what a command takes."""


def no_flags(_parser: argparse.ArgumentParser) -> None:
    """For a command that takes nothing."""


class Command(NamedTuple):
    """One command: what its help says (lower case, no full stop), what it does, what it takes."""

    purpose: str
    run: Run
    flags: Flags = no_flags


class Group(NamedTuple):
    """Commands below a name."""

    purpose: str
    commands: "Mapping[str, Entry]"


class Later(NamedTuple):
    """A command or group whose module is imported when it is named; `where` is `module:NAME`."""

    purpose: str
    where: str

    def entry(self) -> "Command | Group":
        """What stands there."""
        module, _, name = self.where.partition(":")
        return getattr(import_module(module), name)


Entry: TypeAlias = Command | Group | Later


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and which learns what its command takes when it is first used."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entry: Entry | None = None

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage."""
        raise CommandError(f"{message} (try {self.prog} --help)")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - its overloads, in one
        """Learn, then parse."""
        self.learn()
        return super().parse_known_args(args, namespace)

    def learn(self) -> None:
        """Take in the entry's flags or commands, once."""
        entry, self.entry = self.entry, None
        match entry.entry() if isinstance(entry, Later) else entry:
            case Command(_, run, flags):
                self.set_defaults(run=run)
                flags(self)
            case Group(_, commands):
                add_commands(self, commands, required=True)
            case None:
                pass


def add_commands(parser: Parser, commands: Mapping[str, Entry], *, required: bool = False) -> None:
    """Let `parser` take one of `commands`."""
    choices = parser.add_subparsers(title="commands", metavar="command", required=required)
    for name, entry in commands.items():
        purpose = entry.purpose
        description = f"{purpose[0].upper()}{purpose[1:]}."
        choices.add_parser(name, help=purpose, description=description, allow_abbrev=False).entry = entry
