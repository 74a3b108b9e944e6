"""Scalars between Python and JSON, by the rules of protobuf JSON.

The readers take what a JSON parser gives: `str`, `int`, `float`, `bool`, `None`, lists and dicts, or `Decimal` where
the document was read exactly. They raise `CodecError` without a path; who called knows the field.
"""

import re
import struct
from base64 import b64decode, urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Callable
from decimal import Decimal
from math import copysign, inf, isfinite, isnan, nan
from typing import Any, Final

from roomwright.codec.errors import CodecError, InexactNumberError, shown_json
from roomwright.codec.schema import INTEGER_RANGES

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,19})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,9})?")
_STANDARD_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_URL_BASE64: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}")
_SPECIAL_FLOATS: Final = {"NaN": nan, "Infinity": inf, "-Infinity": -inf}
_WIDEST_INTEGER: Final = 20
_EXACT_INTEGERS: Final = 1e15
_FLOAT32: Final = struct.Struct("<f")


def read_string(value: Any) -> str:
    """A string field."""
    if type(value) is str:
        return value
    raise CodecError(f"{shown_json(value)} is not a string")


def read_bool(value: Any) -> bool:
    """A bool field; only `true` and `false` will do."""
    if type(value) is bool:
        return value
    raise CodecError(f"{shown_json(value)} is not true or false")


def integer_reader(kind: str) -> Callable[[Any], int]:
    """The reader of an integer kind, or of enum numbers (`int32`)."""
    low, high = INTEGER_RANGES[kind]

    def read_integer(value: Any) -> int:
        number = value if type(value) is int else _whole(value)
        if low <= number <= high:
            return number
        raise CodecError(f"{shown_json(value)} is out of range for {kind}")

    return read_integer


def _whole(value: Any) -> int:
    """An integer in one of the other forms JSON may give it: a string, or with a point or an exponent."""
    if type(value) is str:
        if _INTEGER.fullmatch(value):
            return int(value)
        if not _NUMBER.fullmatch(value):
            raise CodecError(f"{shown_json(value)} is not an integer")
        return _whole_decimal(Decimal(value), value)
    if type(value) is float:
        raise InexactNumberError
    if type(value) is Decimal:
        return _whole_decimal(value, value)
    raise CodecError(f"{shown_json(value)} is not an integer")


def _whole_decimal(number: Decimal, value: object) -> int:
    if number.is_finite() and number.adjusted() <= _WIDEST_INTEGER:
        if number == number.to_integral_value():
            return int(number)
        raise CodecError(f"{shown_json(value)} is not an integer")
    raise CodecError(f"{shown_json(value)} is out of range")


def read_double(value: Any) -> float:
    """A double field: a number, or a string that has one, or the names of the special values."""
    if type(value) is float:
        return value
    number = _float_of(value)
    if isfinite(number) or value in _SPECIAL_FLOATS:
        return number
    raise CodecError(f"{shown_json(value)} is out of range for double")


def _float_of(value: Any) -> float:
    if type(value) is str:
        if value in _SPECIAL_FLOATS:
            return _SPECIAL_FLOATS[value]
        if not _NUMBER.fullmatch(value):
            raise CodecError(f"{shown_json(value)} is not a number")
    elif type(value) not in {int, Decimal}:
        raise CodecError(f"{shown_json(value)} is not a number")
    try:
        return float(value)
    except OverflowError:
        return inf


def read_float(value: Any) -> float:
    """A float field, rounded to the precision it has on the wire."""
    number = read_double(value)
    try:
        return _FLOAT32.unpack(_FLOAT32.pack(number))[0]
    except OverflowError:
        raise CodecError(f"{shown_json(value)} is out of range for float") from None


def read_bytes(value: Any) -> bytes:
    """A bytes field: base64 in the standard or the URL alphabet, padding optional but not wrong."""
    if type(value) is not str:
        raise CodecError(f"{shown_json(value)} is not a base64 string")
    padded = value
    if len(value) % 4:
        if value.endswith("="):
            raise CodecError("the padding of the base64 string is wrong")
        padded = value + "=" * (-len(value) % 4)
    try:
        if _STANDARD_BASE64.fullmatch(value):
            return b64decode(padded, validate=True)
        if _URL_BASE64.fullmatch(value):
            return urlsafe_b64decode(padded)
    except ValueError:
        pass
    raise CodecError(f"{shown_json(value)} is not base64")


def write_bytes(value: bytes) -> str:
    """Bytes in standard base64 with padding."""
    return b2a_base64(value, newline=False).decode()


def write_double(value: float) -> float | int | str:
    """A double; the special values by name, whole numbers without a point."""
    if value - value == 0:
        is_whole = value == int(value) and abs(value) < _EXACT_INTEGERS and not is_negative_zero(value)
        return int(value) if is_whole else float(value)
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


def is_negative_zero(value: float) -> bool:
    """Whether a number is -0.0, which is not the default of a float field."""
    return value == 0 and copysign(1.0, value) < 0


def write_float(value: float) -> float | int | str:
    """A float by the fewest digits that tell it from its neighbours."""
    written = write_double(value)
    if type(written) is not float:
        return written
    exact = _FLOAT32.unpack(_FLOAT32.pack(value))[0]
    return next(short for digits in range(6, 10) if _same_float32(short := float(f"{exact:.{digits}g}"), exact))


def _same_float32(candidate: float, exact: float) -> bool:
    try:
        return _FLOAT32.unpack(_FLOAT32.pack(candidate))[0] == exact
    except OverflowError:
        return False


def read_map_key(kind: str) -> Callable[[str], Any]:
    """The reader of the keys of a map, which JSON always has as strings."""
    if kind == "string":
        return read_string
    if kind == "bool":
        return _read_bool_key
    return integer_reader(kind)


def _read_bool_key(key: str) -> bool:
    if key in {"true", "false"}:
        return key == "true"
    raise CodecError(f"{shown_json(key)} is not true or false")


def write_map_key(key: bool | int) -> str:
    """A map key that is not a string."""
    if type(key) is bool:
        return "true" if key else "false"
    return int.__repr__(key)
