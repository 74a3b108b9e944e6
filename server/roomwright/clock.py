"""Injected time, identifiers and randomness: the only place that reads the system's.

Everything above takes a `Clock` and `Ids`, so that tests decide what time it is and which id comes next.
"""

import secrets
import string
import time
import uuid
from typing import Protocol

_ALPHABET = string.ascii_letters + string.digits
_SID_LENGTH = 12
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


class Clock(Protocol):
    """Where the time comes from."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; for time-outs."""
        ...


class SystemClock:
    """The machine's own time."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until told otherwise."""

    def __init__(self, now_ns: int = 1_750_000_000_000_000_000) -> None:
        self._now_ns = now_ns
        self._start_ns = now_ns

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return self._now_ns

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return (self._now_ns - self._start_ns) / 1e9

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back {-seconds} s")
        self._now_ns += round(seconds * 1e9)


class Ids(Protocol):
    """Where identifiers and secrets come from."""

    def sid(self, prefix: str) -> str:
        """A new LiveKit id such as `RM_aB3…`: `prefix`, an underscore, 12 letters and digits."""
        ...

    def uuid(self) -> str:
        """A new random UUID in its usual text form."""
        ...

    def secret(self) -> str:
        """43 URL-safe characters that nobody can guess (256 bits)."""
        ...


class RandomIds:
    """Identifiers from the system's randomness."""

    def sid(self, prefix: str) -> str:
        """A new LiveKit id; 12 characters carry 71 bits, taken from 128 so that none is likelier by more than 2^-56."""
        number = int.from_bytes(secrets.token_bytes(16), "big")
        pairs: list[str] = []
        for _ in range(_SID_LENGTH // 2):
            number, pair = divmod(number, len(_PAIRS))
            pairs.append(_PAIRS[pair])
        return f"{prefix}_{''.join(pairs)}"

    def uuid(self) -> str:
        """A new random UUID."""
        return str(uuid.uuid4())

    def secret(self) -> str:
        """43 URL-safe characters."""
        return secrets.token_urlsafe(32)


class CountedIds:
    """Identifiers that count up, the same in every run: for tests."""

    def __init__(self) -> None:
        self._count = 0

    def _next(self) -> int:
        self._count += 1
        return self._count

    def sid(self, prefix: str) -> str:
        """The next id, such as `RM_000000000001`."""
        return f"{prefix}_{self._next():0{_SID_LENGTH}d}"

    def uuid(self) -> str:
        """The next UUID."""
        return str(uuid.UUID(int=self._next()))

    def secret(self) -> str:
        """The next "secret"."""
        return f"secret-{self._next():036d}"
