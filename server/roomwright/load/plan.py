"""What a load test does, and what it finds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A load test: who comes, how fast, for how long (seconds from the last one's coming).

    `publishers` send sound and pictures, as far as `audio` and `video` want them; the other publishers one of the two.
    `bitrate` is a publisher's video's, in bits per second.
    """

    room: str
    publishers: int = 1
    audio_publishers: int = 0
    video_publishers: int = 0
    subscribers: int = 1
    duration_s: float = 30.0
    joins_per_second: float = 5.0
    audio: bool = True
    video: bool = True
    bitrate: int = 1_000_000

    @property
    def participants(self) -> int:
        """All of them."""
        return self.publishing + self.subscribers

    @property
    def publishing(self) -> int:
        """Those who publish; they come first."""
        return self.publishers + self.audio_publishers + self.video_publishers

    def kinds(self, number: int) -> Sequence[str]:
        """What the participant of that number, counted from 0, publishes."""
        if number < self.publishers:
            return [kind for kind, wanted in (("audio", self.audio), ("video", self.video)) if wanted]
        if number < self.publishers + self.audio_publishers:
            return ["audio"]
        return ["video"] if number < self.publishing else []


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
