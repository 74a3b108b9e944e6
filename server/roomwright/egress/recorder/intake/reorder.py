"""Brings the packets of one RTP stream into order. Waits a while for what is missing, then says how much is lost.

Its memory is bounded: more than `MAX_HELD` packets behind a gap end the wait.
"""

from collections.abc import Iterator
from typing import Final

from roomwright.media.rtp.numbers import sequence_distance

MAX_HELD: Final = 1_024
RESTART: Final = 3_000
"""A step in sequence numbers as large as this is another stream under the same number, not a loss."""


class Reorder:
    """One stream. `lost` and `late` count packets that never came, or too late, or twice."""

    def __init__(self, patience_ns: int) -> None:
        self.lost = 0
        self.late = 0
        self._patience_ns = patience_ns
        self._next = -1
        self._held: dict[int, tuple[int, bytes]] = {}

    def restart(self) -> None:
        """The next packet is the first: nothing is missing before it."""
        self._held.clear()
        self._next = -1

    def push(self, sequence: int, packet: bytes, arrival_ns: int) -> None:
        """Take a packet."""
        if self._next < 0:
            self._next = sequence + 0x1_0000
        step = sequence_distance(sequence, self._next & 0xFFFF)
        if abs(step) >= RESTART:
            self._held.clear()
            self._next, step = sequence + 0x1_0000, 0
        number = self._next + step
        if step < 0 or number in self._held:
            self.late += 1
        else:
            self._held[number] = (arrival_ns, packet)

    def take(self, now_ns: int) -> Iterator[tuple[int, bytes]]:
        """What is in order by now: each packet with the number of lost ones right before it."""
        held = self._held
        while held:
            lost = 0
            if self._next not in held:
                first = min(held)
                if not self._gives_up(now_ns):
                    return
                lost = first - self._next
                self.lost += lost
                self._next = first
            packet = held.pop(self._next)[1]
            self._next += 1
            yield lost, packet

    def _gives_up(self, now_ns: int) -> bool:
        oldest = min(arrival for arrival, _ in self._held.values())
        return len(self._held) > MAX_HELD or now_ns - oldest >= self._patience_ns
