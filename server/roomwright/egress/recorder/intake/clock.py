"""When media was captured, by the server's clock: from RTP time stamps, sender reports and arrivals.

A sender report ties a stream's time stamps to its publisher's clock, which all streams of the publisher share. How far
the server's clock is ahead of it shows in arrivals: the way's least delay is the same for all streams, so that what was
captured together stays together. Until a stream's first report its own arrivals have to do.

Estimates are followed smoothly: clocks drift, and neither sound nor picture may jump for it.
"""

from collections import deque
from typing import Final

from roomwright.media.rtp.numbers import timestamp_distance

SECOND: Final = 1_000_000_000
_JUMP_NS: Final = 300_000_000
"""Further off than this is no drift but another clock."""
_INCREDIBLE_NS: Final = SECOND
"""Reports that put media further from its arrival than this are wrong."""
_PAUSE_NS: Final = 3 * SECOND
"""When time stamps and arrivals differ by so much from one packet to the next, the time stamps have begun anew."""
_WINDOW_NS: Final = 2 * SECOND
_WINDOWS: Final = 6
_REACH_NS: Final = 2 * SECOND
"""How long it takes to make up most of a difference."""
_CREEP: Final = 0.002
"""What is made up at least, per time that passes."""


class Least:
    """The least value of the last seconds: the delay of a way without its jitter."""

    def __init__(self) -> None:
        self._windows: deque[tuple[int, int]] = deque(maxlen=_WINDOWS)

    def add(self, value: int, now_ns: int) -> None:
        """One more value."""
        if not self._windows or now_ns - self._windows[-1][0] >= _WINDOW_NS:
            self._windows.append((now_ns, value))
        elif value < self._windows[-1][1]:
            self._windows[-1] = (self._windows[-1][0], value)

    def clear(self) -> None:
        """Forget all: the clock behind the values is another one."""
        self._windows.clear()

    @property
    def value(self) -> int | None:
        """The least, if there is any."""
        return min((value for _, value in self._windows), default=None)


class Smooth:
    """A value that follows its target without jumps, unless it is too far off."""

    def __init__(self) -> None:
        self.value: int | None = None
        self._at_ns = 0

    def follow(self, target: int, now_ns: int) -> None:
        """Move towards the target by what the time that passed allows."""
        if self.value is None or abs(target - self.value) > _JUMP_NS:
            self.value = target
        else:
            passed = min(max(0, now_ns - self._at_ns), SECOND)
            away = target - self.value
            step = int(abs(away) * passed / _REACH_NS + passed * _CREEP)
            self.value += max(-step, min(step, away))
        self._at_ns = max(self._at_ns, now_ns)


class PublisherClock:
    """How far the server's clock is ahead of one publisher's, with the least time that its packets are under way."""

    def __init__(self) -> None:
        self._least = Least()

    def observe(self, sent_ns: int, arrival_ns: int) -> None:
        """A packet, by the publisher's clock, and when it came."""
        ahead = arrival_ns - sent_ns
        known = self._least.value
        if known is not None and ahead < known - _JUMP_NS:
            self._least.clear()
        self._least.add(ahead, arrival_ns)

    @property
    def ahead_ns(self) -> int | None:
        """None before the first packet."""
        return self._least.value


class StreamClock:
    """The time of one RTP stream: `ticks` are its time stamps without wraps."""

    def __init__(self, rate: int, publisher: PublisherClock) -> None:
        self._rate = rate
        self._publisher = publisher
        self._last: int | None = None
        self._last_arrival: tuple[int, int] | None = None
        self._begin()

    def _begin(self) -> None:
        self._reported = Smooth()
        self._arrivals = Least()
        self._total = Smooth()
        self._is_used = False

    def restart(self) -> None:
        """After a pause: arrivals of before say nothing of what comes."""
        self._arrivals = Least()
        self._last_arrival = None

    def ticks(self, timestamp: int) -> int:
        """The time stamp without wraps, near the last one."""
        if self._last is None:
            self._last = timestamp + (1 << 32)
        ticks = self._last + timestamp_distance(timestamp, self._last & 0xFFFF_FFFF)
        self._last = max(self._last, ticks)
        return ticks

    def report(self, ntp: int, timestamp: int, arrival_ns: int) -> None:
        """The publisher's sender report."""
        ntp_ns = (ntp >> 32) * SECOND + ((ntp & 0xFFFF_FFFF) * SECOND >> 32)
        if ntp_ns:
            self._reported.follow(ntp_ns - self._media_ns(self.ticks(timestamp)), arrival_ns)

    def arrived(self, ticks: int, arrival_ns: int) -> None:
        """A packet of that time came now."""
        media_ns = self._media_ns(ticks)
        if (
            self._last_arrival
            and abs(media_ns - self._last_arrival[0] - arrival_ns + self._last_arrival[1]) > _PAUSE_NS
        ):
            self._begin()
        self._last_arrival = (media_ns, arrival_ns)
        self._arrivals.add(arrival_ns - media_ns, arrival_ns)
        if self._reported.value is not None:
            self._publisher.observe(media_ns + self._reported.value, arrival_ns)
        if not self._is_used:
            self._total = Smooth()
        self._total.follow(self._target(), arrival_ns)

    def at_ns(self, ticks: int) -> int:
        """When that was captured, by the server's clock, plus the way's least delay; from now on it moves smoothly."""
        self._is_used = True
        return self._media_ns(ticks) + (self._total.value or 0)

    def _target(self) -> int:
        ahead, arrivals = self._publisher.ahead_ns, self._arrivals.value or 0
        if self._reported.value is None or ahead is None:
            return arrivals
        reported = self._reported.value + ahead
        return reported if abs(reported - arrivals) < _INCREDIBLE_NS else arrivals

    def _media_ns(self, ticks: int) -> int:
        return ticks * SECOND // self._rate
