"""How long packets take through: counted by powers of two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomwright.media.transits import BUCKETS, NOTHING, Transits


@given(st.lists(st.tuples(st.integers(1, 1000), st.floats(0, 30))))
def test_each_packet_is_counted_once_in_the_bucket_of_its_time(batches: list[tuple[int, float]]) -> None:
    transits = Transits()
    for packets, seconds in batches:
        transits.add(packets, seconds)
    passed = transits.passed
    for power in range(BUCKETS - 1):
        below = sum(packets for packets, seconds in batches if seconds * 1e6 < 2**power)
        assert sum(passed.counts[: power + 1]) == below
    assert sum(passed.counts) == sum(packets for packets, _ in batches)
    assert passed.total == pytest.approx(sum(packets * seconds for packets, seconds in batches))


def test_what_has_passed_stays_as_it_was() -> None:
    transits = Transits()
    passed = transits.passed
    transits.add(1, 0.5)
    assert passed == NOTHING
