"""Timestamps and durations as the text they have in JSON."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from roomwright.codec.errors import CodecError, shown_json
from roomwright.codec.wellknown import duration_of, seconds_and_micros, span_in_micros, timestamp_of

_TIMESTAMP: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION: Final = re.compile(r"([+-]?)(\d*)(?:\.(\d{0,9}))?s", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_SECONDS: Final = 12


def write_timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with no, three or six digits of fraction."""
    seconds, micros = seconds_and_micros(moment)
    whole = _EPOCH + timedelta(seconds=seconds)
    return f"{whole.replace(tzinfo=None).isoformat()}{_fraction(micros)}Z"


def write_duration(span: timedelta) -> str:
    """Seconds with no, three or six digits of fraction, such as `1.500s`."""
    micros = span_in_micros(span)
    seconds, rest = divmod(abs(micros), 1_000_000)
    return f"{'-' if micros < 0 else ''}{seconds}{_fraction(rest)}s"


def _fraction(micros: int) -> str:
    if not micros:
        return ""
    digits = f"{micros:06}"
    return f".{digits.removesuffix('000')}"


def read_timestamp(value: Any) -> datetime:
    """RFC 3339 with a zone; T and Z in upper case."""
    match = _TIMESTAMP.fullmatch(value) if type(value) is str else None
    if match is None:
        raise CodecError(f"{shown_json(value)} is not an RFC 3339 time such as 2026-01-31T12:00:00Z")
    try:
        moment = datetime(*(int(part) for part in match.group(1, 2, 3, 4, 5, 6)), tzinfo=UTC)
        seconds = int((moment - _EPOCH).total_seconds()) - _offset(*match.group(8, 9, 10))
    except ValueError as error:
        raise CodecError(f"{shown_json(value)} is not a time: {error}") from None
    return timestamp_of(seconds, _nanos(match[7]))


def _offset(sign: str | None, hours: str, minutes: str) -> int:
    """Seconds east of Greenwich."""
    if sign is None:
        return 0
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("the zone is out of range")
    return (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1)


def read_duration(value: Any) -> timedelta:
    """Seconds with the suffix `s`; a sign, nine digits of fraction and one empty side of the point are fine."""
    match = _DURATION.fullmatch(value) if type(value) is str else None
    if match is None or not (match[2] or match[3]) or len(match[2]) > _LONGEST_SECONDS:
        raise CodecError(f"{shown_json(value)} is not a duration in seconds such as 1.5s")
    sign = -1 if match[1] == "-" else 1
    return duration_of(sign * int(match[2] or 0), sign * _nanos(match[3]))


def _nanos(fraction: str | None) -> int:
    return int(fraction.ljust(9, "0")) if fraction else 0
