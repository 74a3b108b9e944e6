"""`roomwright completion bash|zsh|fish`: a script for the shell, generated from the table of commands.

A script knows, for each command, what may follow it: commands, flags with their help, and values where they are few.
"""

import argparse
from collections.abc import Iterator
from typing import cast

from roomwright.cli.output import say
from roomwright.cli.shells import SHELLS, Place, Word
from roomwright.cli.tree import Command, Parser


def complete(arguments: argparse.Namespace) -> int:
    """Print the script."""
    from roomwright.cli.parser import make_parser

    say(SHELLS[arguments.shell](list(places(make_parser()))))
    return 0


def places(parser: Parser, path: str = "") -> Iterator[Place]:
    """This command's place and those of all below it."""
    parser.learn()
    below: dict[str, Parser] = {}
    words: list[Word] = []
    values: dict[str, tuple[str, ...]] = {}
    for action in parser._actions:  # the only list of all flags
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage] - as above
            below = cast("dict[str, Parser]", action.choices)
            helps = {each.dest: each.help or "" for each in action._choices_actions}
            words += [Word(name, helps[name]) for name in below]
        elif action.option_strings:
            words += [Word(flag, action.help or "") for flag in action.option_strings]
            if action.nargs != 0:
                choices = tuple(map(str, action.choices or ()))
                values |= dict.fromkeys(action.option_strings, choices)
        else:
            words += [Word(str(choice), "") for choice in action.choices or ()]
    yield Place(path, tuple(words), values)
    for name, each in below.items():
        yield from places(each, f"{path} {name}".strip())


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=sorted(SHELLS), help="your shell")


COMMAND = Command("print a script that completes commands in your shell", complete, _flags)
