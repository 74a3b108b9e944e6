"""How long packets take through this process: from being read to being handed to the kernel.

Packets of a batch are read together and leave together, so that one look at the clock serves all of them. How long they
waited in the kernel before is not known.
"""

from typing import NamedTuple

BUCKETS = 22
"""Of which the last holds all above a second."""
_LONGEST_US = 2 ** (BUCKETS - 2)


class Passed(NamedTuple):
    """What was counted until a moment.

    `counts[i]` packets took less than 2 ** i microseconds and not less than half of that. `total` is the sum of all
    their seconds, `squares` of the squares.
    """

    counts: tuple[int, ...] = (0,) * BUCKETS
    total: float = 0.0
    squares: float = 0.0


NOTHING = Passed()


class Transits:
    """Times that packets took. `add` is called for every batch: kept flat for speed."""

    __slots__ = ("_counts", "_squares", "_total")

    def __init__(self) -> None:
        self._counts = [0] * BUCKETS
        self._total = self._squares = 0.0

    def add(self, packets: int, seconds: float) -> None:
        """So many packets took so long."""
        micros = int(seconds * 1e6)
        self._counts[micros.bit_length() if micros < _LONGEST_US else BUCKETS - 1] += packets
        weighted = packets * seconds
        self._total += weighted
        self._squares += weighted * seconds

    @property
    def passed(self) -> Passed:
        """All until now."""
        return Passed(tuple(self._counts), self._total, self._squares)

    def __repr__(self) -> str:
        return f"<Transits of {sum(self._counts)} packets>"
