"""What the kinds of fields look like on the wire."""

import struct
from typing import Final

from roomwright.codec.schema import Field

FIXED_FORMATS: Final = {
    "double": "<d",
    "float": "<f",
    "fixed32": "<I",
    "fixed64": "<Q",
    "sfixed32": "<i",
    "sfixed64": "<q",
}
"""The struct format of the kinds with a fixed size."""

LENGTH_DELIMITED: Final = frozenset({"string", "bytes", "message"})
"""The kinds that are sent with their length."""


def wire_type(kind: str) -> int:
    """The wire type of a single value of a kind."""
    if kind in LENGTH_DELIMITED:
        return 2
    if kind in FIXED_FORMATS:
        return 1 if struct.calcsize(FIXED_FORMATS[kind]) == 8 else 5
    return 0


def wire_types(field: Field) -> set[int]:
    """The wire types under which a field is understood: numbers in a list come packed or one by one."""
    own = wire_type(field.kind)
    return {own, 2} if field.repeated and not field.entry else {own}
