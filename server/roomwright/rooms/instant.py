"""The time of an input, as the engine is told it. It never reads a clock."""

from typing import NamedTuple

from roomwright.clock import Clock

NS_PER_SECOND = 1_000_000_000
NS_PER_MS = 1_000_000
NS_PER_US = 1_000


class Instant(NamedTuple):
    """A moment on both scales: `wall_ns` since the Unix epoch, `monotonic` in seconds, for time-outs."""

    wall_ns: int
    monotonic: float

    @classmethod
    def of(cls, clock: Clock) -> "Instant":
        """The clock's present."""
        return cls(clock.now_ns(), clock.monotonic())
