"""Who is due when. One heap for everything in the engine that waits; it reads no clock."""

import heapq
from collections.abc import Iterator
from itertools import count
from typing import Generic, Protocol, TypeVar

TOLERANCE = 1e-6
"""A timer may fire a microsecond early: clocks and time-outs are floats."""

_SMALL = 64


class Due(Protocol):
    """Something that waits. `due` is on the monotonic scale in seconds, or None when it waits for nothing."""

    due: float | None


T = TypeVar("T", bound=Due)


class Timers(Generic[T]):
    """A heap with lazy deletion: an entry counts only while its owner is still due at that time."""

    __slots__ = ("_heap", "_sweep_at", "_ticket")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._ticket = count()
        self._sweep_at = _SMALL

    def arm(self, owner: T) -> None:
        """Remember when `owner` is due now. Call it after every change of `due` but to None."""
        if owner.due is None:
            return
        heapq.heappush(self._heap, (owner.due, next(self._ticket), owner))
        if len(self._heap) > self._sweep_at:
            self._sweep()

    def next(self) -> float | None:
        """When the next one is due, or None."""
        while self._heap and not _live(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> Iterator[T]:
        """Those that are due, earliest first; each has `due` None when it is handed out."""
        while (due := self.next()) is not None and due <= now + TOLERANCE:
            owner = heapq.heappop(self._heap)[2]
            owner.due = None
            yield owner

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if _live(entry)]
        heapq.heapify(self._heap)
        self._sweep_at = max(_SMALL, 2 * len(self._heap))


def _live(entry: "tuple[float, int, Due]") -> bool:
    return entry[2].due == entry[0]
