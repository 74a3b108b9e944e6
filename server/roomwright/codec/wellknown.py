"""The well-known types that fields hold as plain Python values: what value belongs to which message.

`datetime` and `timedelta` count microseconds, so nanoseconds below that are cut off; and a datetime knows the years 1
to 9999 only, which are exactly those a Timestamp may have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from roomwright.codec.errors import CodecError, shown

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MILLION: Final = 1_000_000
_BILLION: Final = 1_000_000_000

TIMESTAMP_SECONDS: Final = (-62_135_596_800, 253_402_300_799)
"""The years 1 to 9999, as a Timestamp counts them."""

DURATION_SECONDS: Final = 315_576_000_000
"""Ten thousand years, the longest Duration in either direction."""


@dataclass(frozen=True, slots=True)
class Native:
    """How a well-known message becomes a plain value and back.

    Attributes:
        kind: what the value has to be, in words.
        types: the Python types it may have.
        fields: the field values of the message for a value.
        value: the value of a message.
    """

    kind: str
    types: tuple[type, ...]
    fields: Callable[[Any], dict[str, Any]]
    value: Callable[[Any], Any]


def timestamp_of(seconds: int, nanos: int) -> datetime:
    """The time so long after 1970, at microsecond resolution."""
    if not (TIMESTAMP_SECONDS[0] <= seconds <= TIMESTAMP_SECONDS[1] and 0 <= nanos < _BILLION):
        raise CodecError(f"{seconds} s and {nanos} ns after 1970 is outside the years 1 to 9999")
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)


def seconds_and_micros(moment: datetime) -> tuple[int, int]:
    """Whole seconds since 1970 (rounded down) and the microseconds on top."""
    if moment.tzinfo is None:
        raise CodecError(f"{shown(moment)} has no time zone")
    return divmod((moment - _EPOCH) // _MICROSECOND, _MILLION)


def duration_of(seconds: int, nanos: int) -> timedelta:
    """The span of so many seconds and nanoseconds, at microsecond resolution."""
    in_range = abs(seconds) <= DURATION_SECONDS and abs(nanos) < _BILLION
    if not in_range or seconds * nanos < 0:
        raise CodecError(f"{seconds} s and {nanos} ns is not a valid duration")
    micros = nanos // 1000 if nanos >= 0 else -(-nanos // 1000)
    return timedelta(seconds=seconds, microseconds=micros)


def span_in_micros(span: timedelta) -> int:
    """A duration in microseconds; `CodecError` when it is longer than a Duration may be."""
    micros = span // _MICROSECOND
    if abs(micros) // _MILLION > DURATION_SECONDS:
        raise CodecError(f"{span} is longer than 10000 years")
    return micros


def _timestamp_fields(moment: datetime) -> dict[str, Any]:
    seconds, micros = seconds_and_micros(moment)
    return {"seconds": seconds, "nanos": micros * 1000}


def _duration_fields(span: timedelta) -> dict[str, Any]:
    micros = span_in_micros(span)
    seconds, rest = divmod(abs(micros), _MILLION)
    sign = -1 if micros < 0 else 1
    return {"seconds": sign * seconds, "nanos": sign * rest * 1000}


def _wrapper(kind: str, *types: type) -> Native:
    return Native(kind, types, lambda value: {"value": value}, lambda message: message.value)


NATIVES: Final = {
    "google.protobuf.Timestamp": Native(
        "a datetime", (datetime,), _timestamp_fields, lambda message: timestamp_of(message.seconds, message.nanos)
    ),
    "google.protobuf.Duration": Native(
        "a timedelta", (timedelta,), _duration_fields, lambda message: duration_of(message.seconds, message.nanos)
    ),
    "google.protobuf.BoolValue": _wrapper("a bool", bool),
    "google.protobuf.BytesValue": _wrapper("bytes", bytes, bytearray, memoryview),
    "google.protobuf.DoubleValue": _wrapper("a number", float, int),
    "google.protobuf.FloatValue": _wrapper("a number", float, int),
    "google.protobuf.Int32Value": _wrapper("an integer", int),
    "google.protobuf.Int64Value": _wrapper("an integer", int),
    "google.protobuf.StringValue": _wrapper("a string", str),
    "google.protobuf.UInt32Value": _wrapper("an integer", int),
    "google.protobuf.UInt64Value": _wrapper("an integer", int),
}
"""The conversions of all native types, by full name."""
