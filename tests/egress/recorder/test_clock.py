"""Media gets the time at which it was captured, smoothly, whatever arrivals and clocks do."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.egress.recorder.intake.clock import SECOND, PublisherClock, StreamClock

FRAME = 960


def run(
    clock: StreamClock, *, seconds: float, arrivals, reports: bool = True, drift: float = 0.0, ahead: float = 77.0
) -> list[int]:
    """Times of the packets, as nanoseconds off the moment of their capture. `arrivals` gives a packet's delay."""
    off = list[int]()
    for number in range(round(seconds * 50)):
        at = number / 50
        timestamp = round(at * 48_000 * (1 + drift)) & 0xFFFF_FFFF
        arrival = round((1_000 + at + arrivals(number)) * SECOND)
        if reports and number % 50 == 25:
            clock.report(int((ahead + at) * (1 << 32)), timestamp, arrival)
        ticks = clock.ticks(timestamp)
        clock.arrived(ticks, arrival)
        off.append(clock.at_ns(ticks) - round((1_000 + at) * SECOND))
    return off


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1_000), st.floats(-0.001, 0.001), st.booleans())
def test_a_drifting_clock_is_followed_within_25_ms_under_jitter(seed, drift, reports) -> None:
    chance = random.Random(seed)
    off = run(
        StreamClock(48_000, PublisherClock()),
        seconds=60,
        arrivals=lambda _: 0.03 + chance.random() * 0.06,
        reports=reports,
        drift=drift,
    )
    assert all(abs(value - 0.03 * SECOND) < 0.025 * SECOND for value in off[1_000:])
    steps = [after - before for before, after in pairwise(off)]
    assert all(abs(step) < 0.02 * SECOND for step in steps[100:])


def test_two_streams_of_a_publisher_stay_together_though_one_is_sent_later() -> None:
    publisher = PublisherClock()
    sound, picture = StreamClock(48_000, publisher), StreamClock(48_000, publisher)
    early = run(sound, seconds=30, arrivals=lambda _: 0.02)
    late = run(picture, seconds=30, arrivals=lambda _: 0.14)
    assert abs(late[-1] - early[-1]) < 0.005 * SECOND
    assert late[0] - early[0] == pytest.approx(0.12 * SECOND, rel=0.01)


def test_reports_that_cannot_be_are_not_believed() -> None:
    publisher = PublisherClock()
    run(StreamClock(48_000, publisher), seconds=20, arrivals=lambda _: 0.02)
    off = run(StreamClock(48_000, publisher), seconds=20, arrivals=lambda _: 0.02, ahead=7_000.0)
    assert abs(off[-1] - 0.02 * SECOND) < 0.01 * SECOND


def test_time_stamps_that_begin_anew_are_placed_by_their_arrival() -> None:
    clock = StreamClock(48_000, PublisherClock())
    run(clock, seconds=10, arrivals=lambda _: 0.02)
    ticks = clock.ticks(123_456_789)
    clock.arrived(ticks, 1_020 * SECOND)
    assert clock.at_ns(ticks) == 1_020 * SECOND


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(-90_000, 90_000), max_size=30))
def test_time_stamps_are_unwrapped(first, steps) -> None:
    clock = StreamClock(90_000, PublisherClock())
    expected = clock.ticks(first)
    highest = expected
    for step in steps:
        expected = highest + step
        assert clock.ticks(expected & 0xFFFF_FFFF) == expected
        highest = max(highest, expected)
