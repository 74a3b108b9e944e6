"""Durations as people write them."""

import re

from roomwright.cli import CommandError

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s?)?")
_UNITS = (86_400, 3_600, 60, 1)


def duration(text: str, flag: str) -> int:
    """Seconds from texts such as `45s`, `30m`, `24h`, `7d`, `1h30m`; bare digits are seconds."""
    match = _DURATION.fullmatch(text)
    seconds = sum(int(count or 0) * unit for count, unit in zip(match.groups(), _UNITS, strict=True)) if match else 0
    if not seconds:
        raise CommandError(f"{flag} must be a time such as 45s, 30m, 24h, 7d or 1h30m, not {text!r}")
    return seconds
