"""What a load test does, and what it finds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A load test: who comes, how fast, for how long (seconds from the last one's coming).

    `bitrate` is a publisher's video's, in bits per second; a stream that is not wanted is left out.
    """

    room: str
    publishers: int = 1
    subscribers: int = 1
    duration_s: float = 30.0
    joins_per_second: float = 5.0
    audio: bool = True
    video: bool = True
    bitrate: int = 1_000_000

    @property
    def participants(self) -> int:
        """All of them."""
        return self.publishers + self.subscribers


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was found, at the end or on the way. Times in seconds; `cpu` is this process' share of one core.

    `missing` streams are those that a participant should get and of which nothing came.
    """

    elapsed_s: float
    joined: int
    failed: int
    lost_participants: int
    signalling_s: Sequence[float]
    joins_s: Sequence[float]
    packets_sent: int
    packets_received: int
    packets_lost: int
    octets_received: int
    streams: int
    missing: int
    cpu: float
    problem: str = ""

    @property
    def loss(self) -> float:
        """The share of packets that did not come, 0 to 1."""
        expected = self.packets_received + self.packets_lost
        return self.packets_lost / expected if expected else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank); 0 for none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
