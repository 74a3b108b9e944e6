"""How long packets take through the server: a histogram since the start, mean and deviation between two looks."""

import math
from collections.abc import Iterator
from operator import sub

from roomwright.media.transits import BUCKETS, NOTHING, Passed
from roomwright.metrics.figures import Distribution, Figure
from roomwright.metrics.histogram import Histogram

_NS_PER_S = 1e9
_BOUNDS_NS = tuple(1_000 * 2**power for power in range(BUCKETS - 1))


class Transit:
    """`take` is called every few seconds with what has passed until then."""

    def __init__(self) -> None:
        self._passed = NOTHING
        self._mean = self._deviation = 0.0

    def __repr__(self) -> str:
        return f"<Transit: {self._mean:.0f} ns>"

    def take(self, passed: Passed) -> None:
        """Look."""
        self._mean, self._deviation = _between(self._passed, passed)
        self._passed = passed

    def figures(self) -> Iterator[Figure | Distribution]:
        """All of it, in the unit that the reference has: nanoseconds."""
        yield Figure("gauge", "livekit_forward_latency", "Mean time through, in ns.", [({}, self._mean * _NS_PER_S)])
        deviation = self._deviation * _NS_PER_S
        yield Figure("gauge", "livekit_forward_jitter", "Its standard deviation, in ns.", [({}, deviation)])
        histogram = Histogram.counted(_BOUNDS_NS, self._passed.counts, self._passed.total * _NS_PER_S)
        yield Distribution("livekit_forward_latency_ns", "Time through.", [({}, histogram)])


def _between(before: Passed, now: Passed) -> tuple[float, float]:
    """Mean and standard deviation, in seconds, of what has passed since `before`; 0 when nothing has."""
    count = sum(map(sub, now.counts, before.counts))
    if count <= 0:
        return 0.0, 0.0
    mean = (now.total - before.total) / count
    return mean, math.sqrt(max(0.0, (now.squares - before.squares) / count - mean * mean))
