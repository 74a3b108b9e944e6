"""How much a publisher is told it may send (REMB): a bound that follows loss, once per report.

It is the old way of congestion control: additive trust while nothing is lost, a quick retreat when much is. Queues that
grow without loss are not seen; that needs transport-wide feedback.
"""

_LITTLE, _MUCH = 0.02, 0.10
"""Shares of lost packets: below the first the bound rises, above the second it falls."""
_RISE = 1.08
_RETREAT = 0.85
_USED = 0.5
"""The bound rises only while at least that share of it is used: what is not tried is not known."""
_LOWEST = 150_000


class Uplink:
    """The bound of one connection, in bits per second; from `first` up to `highest`."""

    __slots__ = ("_at", "_highest", "_lost", "_octets", "_received", "bitrate")

    def __init__(self, first: int, highest: int) -> None:
        self.bitrate = min(first, highest)
        self._highest = highest
        self._received = self._lost = self._octets = 0
        self._at: float | None = None

    def update(self, received: int, lost: int, octets: int, now: float) -> int:
        """Take the connection's counters (packets, packets, bytes; all since the beginning). Returns the bound."""
        before, elapsed = (self._received, self._lost, self._octets), now - self._at if self._at is not None else 0.0
        self._received, self._lost, self._octets, self._at = received, lost, octets, now
        came, missed = received - before[0], max(0, lost - before[1])
        if elapsed <= 0 or came <= 0:
            return self.bitrate
        rate = 8 * (octets - before[2]) / elapsed
        share = missed / (came + missed)
        if share > _MUCH:
            self.bitrate = max(_LOWEST, min(self.bitrate, int(rate * _RETREAT)))
        elif share < _LITTLE and rate >= self.bitrate * _USED:
            self.bitrate = min(self._highest, int(self.bitrate * _RISE))
        return self.bitrate
