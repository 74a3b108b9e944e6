"""A histogram: how many values were how large."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Self


class Histogram:
    """Counts of values up to each of `bounds` and above the last; `total` is their sum."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    @classmethod
    def counted(cls, bounds: Sequence[float], counts: Sequence[int], total: float) -> Self:
        """One that was counted elsewhere: `counts` has one more than `bounds`."""
        histogram = cls(bounds)
        histogram._counts[:] = counts
        histogram.total = total
        return histogram

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self._counts)

    def buckets(self) -> list[tuple[str, float]]:
        """Prometheus' form: each bound, and how many values were no larger."""
        bounds = [*map(_text, self._bounds), "+Inf"]
        return list(zip(bounds, accumulate(self._counts), strict=True))

    def __repr__(self) -> str:
        return f"<Histogram {self.count} values>"


def _text(bound: float) -> str:
    """A bound as Go writes it, because queries name bounds; in full where that would be rounded."""
    short = f"{bound:g}"
    return short if float(short) == bound else str(bound)
