"""The code blocks of a document: what they hold, and what their info string says of them. It runs nothing.

    ```console run-by=tests/packaging/test_container.py

The first word is the language. Then come options: `name` or `name=value`, quoted as in a shell. `executor.py` says what
each language and option means.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; `line` is that of its fence, from 1."""

    line: int
    language: str
    options: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a `console` block and what it shall print; an empty `output` stands for anything."""

    text: str
    output: str


def blocks_of(document: str) -> list[Block]:
    """All fenced blocks, in order."""
    return [_block(document, found) for found in _BLOCK.finditer(document)]


def blocks_for(test: str) -> list[Block]:
    """The blocks of all documents that a file of tests (its `__file__`) is to run, in the documents' order."""
    name = Path(test).relative_to(ROOT).as_posix()
    blocks = (block for guide in GUIDES for block in blocks_of(guide.read_text(encoding="utf-8")))
    return [block for block in blocks if block.options.get("run-by") == name]


def _block(document: str, found: re.Match[str]) -> Block:
    language, *options = shlex.split(found["info"]) or [""]
    named = dict(option.partition("=")[::2] for option in options)
    return Block(document.count("\n", 0, found.start()) + 1, language, named, found["text"])


def commands_of(text: str) -> list[Command]:
    """The commands of a `console` block: lines that begin with `$ `, with those that a backslash adds to them."""
    commands: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append(([line[2:]], []))
        elif not commands:
            raise ValueError(f"a console block begins with a line like '$ command', not {line!r}")
        elif commands[-1][0][-1].endswith("\\") and not commands[-1][1]:
            commands[-1][0].append(line)
        else:
            commands[-1][1].append(line)
    return [Command("\n".join(command), "\n".join(output).strip()) for command, output in commands]


def is_like(actual: str, expected: str) -> bool:
    """Whether a text is the expected one but for white space at its ends; `...` and `…` stand for anything."""
    parts = re.split(r"\.\.\.|…", expected.strip())
    return re.fullmatch(".*?".join(map(re.escape, parts)), actual.strip(), re.DOTALL) is not None
