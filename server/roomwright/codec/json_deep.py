"""A JSON reader without recursion, for documents nested more deeply than the interpreter's stack allows.

Nothing a message has is nested like that, but what a request may carry besides, and is to be ignored, can be.
"""

import re
from typing import Any, Final

from roomwright.codec.errors import CodecError
from roomwright.codec.json_text import DECODER, RepeatedKeys

MAX_JSON_DEPTH: Final = 10_000
"""Objects and lists inside each other, the outermost one counted."""

_TOKEN: Final = re.compile(r"[ \t\r\n]*(.?)", re.DOTALL)


class _Text:
    """A position in a text."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def next(self, expected: str = "") -> str:
        """Move behind the next character that is not white space."""
        match = _TOKEN.match(self.text, self.at)
        assert match is not None  # noqa: S101 - the pattern matches anything
        if not match[1] or (expected and match[1] not in expected):
            raise CodecError(f"the text is not JSON: char {match.start(1)}")
        self.at = match.end()
        return match[1]

    def take(self, character: str) -> bool:
        """Move behind the next character if it is this one."""
        before = self.at
        if self.next() == character:
            return True
        self.at = before
        return False

    def scalar(self) -> Any:
        """Read a string, a number or a literal."""
        self.next()
        try:
            value, self.at = DECODER.raw_decode(self.text, self.at - 1)
        except ValueError as error:
            raise CodecError(f"the text is not JSON: {error}") from None
        return value

    def key(self) -> str:
        """Read the name of a member, and the colon behind it."""
        self.next('"')
        self.at -= 1
        key = self.scalar()
        self.next(":")
        return key


class _Open:
    """A list or an object whose end has not been read."""

    def __init__(self, closing: str) -> None:
        self.closing = closing
        self.items: list[Any] = []
        self.keys: list[str] = []

    def built(self) -> Any:
        if self.closing == "]":
            return self.items
        pairs = list(zip(self.keys, self.items, strict=True))
        tree = dict(pairs)
        return tree if len(tree) == len(pairs) else RepeatedKeys(pairs)


def read_deep(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that starts at a position, and the position behind it."""
    source = _Text(text, at)
    containers: list[_Open] = []
    while True:
        value = _descend(source, containers)
        if not containers:
            return value, source.at
        containers[-1].items.append(value)
        while source.next("," + containers[-1].closing) == containers[-1].closing:
            value = containers.pop().built()
            if not containers:
                return value, source.at
            containers[-1].items.append(value)
        if containers[-1].closing == "}":
            containers[-1].keys.append(source.key())


def _descend(source: _Text, containers: list[_Open]) -> Any:
    """Open containers until a value is read that is complete in itself."""
    while True:
        closing = "]" if source.take("[") else "}" if source.take("{") else ""
        if not closing:
            return source.scalar()
        if len(containers) == MAX_JSON_DEPTH:
            raise CodecError(f"the JSON is nested more than {MAX_JSON_DEPTH} levels deep")
        container = _Open(closing)
        if source.take(closing):
            return container.built()
        containers.append(container)
        if closing == "}":
            container.keys.append(source.key())
