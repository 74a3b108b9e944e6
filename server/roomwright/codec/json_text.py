"""JSON text to trees of Python objects, exactly.

orjson reads the usual document. It keeps only the last of several equal keys, though, and protobuf JSON must refuse a
field that is given twice; it wants nothing behind the value; it rounds long numbers and gives up at 1,024 levels. Such
documents are noticed cheaply and read again by the standard library, or, when they are nested very deeply, by
`json_deep`.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any, Final

import orjson

from roomwright.codec.errors import CodecError

Parse = Callable[[bytes, bool], Any]
"""A parser: the document, and whether numbers have to be kept exactly."""

_WHITESPACE: Final = re.compile(r"[ \t\r\n]*")
_LONG_NUMBER: Final = 40
_SURROGATES: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>\\u[dD][89a-fA-F])|\\.", re.DOTALL
)


class RepeatedKeys(dict[str, Any]):
    """An object in which some keys stand more than once; each has its last value."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        self.repeated = [key for key, _ in pairs if key in seen or seen.add(key)]


def first_value(data: bytes, exact: bool) -> Any:
    """The first JSON value of a text; whatever follows it does not matter."""
    return _parse(data, exact=exact, first_only=True)


def whole_document(data: bytes, exact: bool) -> Any:
    """The only JSON value of a text."""
    return _parse(data, exact=exact, first_only=False)


def _parse(data: bytes, *, exact: bool, first_only: bool) -> Any:
    if exact:
        return _parse_exactly(data, first_only=first_only)
    try:
        tree = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _parse_exactly(data, first_only=first_only)
    if _may_repeat_keys(data, tree):
        return _parse_exactly(data, first_only=first_only)
    return tree


def _may_repeat_keys(data: bytes, tree: Any) -> bool:
    """Whether a key may have been lost because it stands twice in one object.

    Colons are counted: every member of an object has one, and printing the tree gives back all colons of the text but
    those of lost members. Only a colon that the text writes as an escape would disturb the sum.
    """
    colons = data.count(b":")
    if type(tree) is dict and colons == len(tree):  # pyright: ignore[reportUnknownArgumentType] - JSON is Any
        return False
    if b"\\u003" in data:
        return True
    try:
        return orjson.dumps(tree).count(b":") != colons
    except orjson.JSONEncodeError:  # nested more deeply than orjson writes
        return True


def _parse_exactly(data: bytes, *, first_only: bool) -> Any:
    text = data.decode("utf-8", "surrogateescape")
    start = _end_of_whitespace(text, 0)
    try:
        tree, end = DECODER.raw_decode(text, start)
    except RecursionError:
        from roomwright.codec.json_deep import read_deep

        tree, end = read_deep(text, start)
    except ValueError as error:
        raise CodecError(f"the text is not JSON: {error}") from None
    _check_unicode(text[:end])
    if not first_only and _end_of_whitespace(text, end) != len(text):
        raise CodecError("something follows the JSON value")
    return tree


def _end_of_whitespace(text: str, at: int) -> int:
    match = _WHITESPACE.match(text, at)
    return match.end() if match else at


def _check_unicode(text: str) -> None:
    """Refuse invalid UTF-8, which decoding has turned into lone surrogates, and escapes of lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CodecError("the text is not valid UTF-8") from None
    if "\\u" in text and any(match["lone"] for match in _SURROGATES.finditer(text)):
        raise CodecError("a string has a lone surrogate")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    return tree if len(tree) == len(pairs) else RepeatedKeys(pairs)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except DecimalException:  # an exponent beyond anything
        return Decimal(float(text))


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < _LONG_NUMBER else _number(text)


def _refuse_constant(name: str) -> None:
    raise CodecError(f"the text is not JSON: {name} is no JSON value")


DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_number,
    parse_int=_integer,
    parse_constant=_refuse_constant,
)
"""The standard library's decoder, keeping repeated keys and exact numbers."""
