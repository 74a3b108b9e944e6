"""Packets that a publisher's stream lacks: when to ask for them, how often, when to give up."""

REORDERING = 0.010
"""Seconds to wait before asking: the packet may only be late."""
AGAIN = 0.080
"""Seconds until the same packet is asked for again."""
TRIES = 6
MAX_MISSING = 256
"""More than that at once is not a loss but an outage: only a key frame helps."""


class Losses:
    """Extended sequence numbers that are missing; each with when to ask next and how often that was done."""

    __slots__ = ("_missing", "abandoned")

    def __init__(self) -> None:
        self._missing: dict[int, tuple[float, int]] = {}
        self.abandoned = 0

    def __bool__(self) -> bool:
        return bool(self._missing)

    def __len__(self) -> int:
        return len(self._missing)

    def add(self, first: int, end: int, now: float) -> None:
        """Packets from `first` up to `end` (excluded) are missing."""
        for number in range(max(first, end - MAX_MISSING), end):
            self._missing[number] = (now + REORDERING, 0)
        while len(self._missing) > MAX_MISSING:
            del self._missing[next(iter(self._missing))]
            self.abandoned += 1

    def arrived(self, number: int) -> bool:
        """A packet came after all. Returns whether it had been asked for."""
        return self._missing.pop(number, (0.0, 0))[1] > 0

    def clear(self) -> None:
        """The stream began anew."""
        self._missing.clear()

    def next_due(self) -> float | None:
        """When to call `take_due` next, in seconds."""
        return min((due for due, _ in self._missing.values()), default=None)

    def take_due(self, now: float) -> list[int]:
        """Sequence numbers (16 bits) to ask for now, in order; those asked for too often are given up."""
        wanted: list[int] = []
        for number, (due, tries) in list(self._missing.items()):
            if due > now:
                continue
            if tries == TRIES:
                del self._missing[number]
                self.abandoned += 1
            else:
                self._missing[number] = (now + AGAIN, tries + 1)
                wanted.append(number)
        return [number & 0xFFFF for number in sorted(wanted)]
