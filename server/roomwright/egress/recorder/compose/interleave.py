"""Brings the units of several streams into one order of time."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from ..units import Unit

MAX_WAITING: Final = 2_000
"""Units of one stream that wait for the others; above, they go on without."""


class Interleaver:
    """Gives a unit when every stream has one, the earliest first."""

    def __init__(self, streams: int) -> None:
        self._queues: list[deque[Unit]] = [deque() for _ in range(streams)]

    def put(self, unit: Unit) -> Iterator[Unit]:
        """Add a unit; give those whose turn it is."""
        queue = self._queues[unit.index]
        queue.append(unit)
        while all(self._queues) or len(queue) > MAX_WAITING:
            yield self._first()

    def rest(self) -> Iterator[Unit]:
        """Everything that waits."""
        while any(self._queues):
            yield self._first()

    def _first(self) -> Unit:
        return min((queue for queue in self._queues if queue), key=lambda queue: queue[0].dts_ns).popleft()
