"""The JSON forms of the well-known types that fields hold as plain values: times, and the wrappers of scalars."""

from collections.abc import Callable
from typing import Any, Final

from roomwright.codec.json_scalars import (
    integer_reader,
    read_bool,
    read_bytes,
    read_double,
    read_float,
    read_string,
    write_bytes,
    write_double,
    write_float,
)
from roomwright.codec.json_times import read_duration, read_timestamp, write_duration, write_timestamp

_PACKAGE: Final = "google.protobuf."


def _plain(value: Any) -> Any:
    return value


_NATIVE_WRITERS: Final[dict[str, Callable[[Any], Any]]] = {
    "Timestamp": write_timestamp,
    "Duration": write_duration,
    "BytesValue": write_bytes,
    "DoubleValue": write_double,
    "FloatValue": write_float,
    "Int64Value": int.__repr__,
    "UInt64Value": int.__repr__,
}

_NATIVE_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "Timestamp": read_timestamp,
    "Duration": read_duration,
    "BoolValue": read_bool,
    "BytesValue": read_bytes,
    "DoubleValue": read_double,
    "FloatValue": read_float,
    "Int32Value": integer_reader("int32"),
    "Int64Value": integer_reader("int64"),
    "StringValue": read_string,
    "UInt32Value": integer_reader("uint32"),
    "UInt64Value": integer_reader("uint64"),
}


def write_native(type_name: str) -> Callable[[Any], Any]:
    """The writer of a well-known type that fields hold as a plain value."""
    return _NATIVE_WRITERS.get(type_name.removeprefix(_PACKAGE), _plain)


def read_native(type_name: str) -> Callable[[Any], Any]:
    """The reader of a well-known type that fields hold as a plain value."""
    return _NATIVE_READERS[type_name.removeprefix(_PACKAGE)]
