"""Shapes of text that several pieces of the documents have."""

import textwrap
from collections.abc import Iterable, Sequence


def columns(words: Sequence[str], width: int = 110) -> str:
    """Words in columns, read line by line."""
    each = max(map(len, words)) + 2
    count = max(1, width // each)
    rows = [words[start : start + count] for start in range(0, len(words), count)]
    return "\n".join("".join(f"{word:<{each}}" for word in row).rstrip() for row in rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---" for _ in head], *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines) + "\n"


def sentence(text: str) -> str:
    """A text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def item(text: str) -> str:
    """An item of a list."""
    return textwrap.fill(text, 120, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
