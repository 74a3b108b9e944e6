"""Timestamps across switches: what is added so that an outgoing stream's clock goes on as the picture does."""

from typing import Protocol, TypeVar

from roomwright.media.forward.reception import Reception
from roomwright.media.forward.stretches import Stretch
from roomwright.media.rtp.numbers import TIMESTAMP_MASK, ntp_seconds, timestamp_distance

_PLAUSIBLE = 5.0
"""Seconds by which sender reports may disagree with the clock on the wall before they are not believed."""


class Received(Protocol):
    """A stream of which is known how it arrives."""

    @property
    def reception(self) -> Reception:
        """Its counters and its sender's clock."""
        ...


ReceivedT = TypeVar("ReceivedT", bound=Received)


def advance(before: Stretch[ReceivedT], reception: Reception, timestamp: int, now: float) -> int:
    """What to add to the timestamps of a stream that follows the stretch `before`, which has ended.

    Two layers have clocks of their own; their sender reports say which timestamps belong to the same moment. Where they
    are missing or implausible the time that has passed decides.
    """
    source = before.source.reception
    if source is reception:
        return before.ahead
    passed = max(1, int((now - before.arrived) * reception.clock_rate))
    by_time = before.last_timestamp + passed
    if source.report and reception.report:
        between = ntp_seconds(reception.report.ntp - source.report.ntp)
        then = source.report.rtp + int(between * source.clock_rate) + before.ahead
        ahead = then - reception.report.rtp
        progress = timestamp_distance(timestamp + ahead & TIMESTAMP_MASK, before.last_timestamp)
        if 0 < progress < passed + _PLAUSIBLE * reception.clock_rate:
            return ahead & TIMESTAMP_MASK
    return by_time - timestamp & TIMESTAMP_MASK
