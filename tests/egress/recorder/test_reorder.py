"""Packets come out in order, whatever the network does to them; what is missing is counted, after a while."""

from hypothesis import given
from hypothesis import strategies as st

from roomwright.egress.recorder.intake.reorder import MAX_HELD, Reorder

PATIENCE = 500


def taken(reorder: Reorder, now: int = 0) -> list[tuple[int, bytes]]:
    return list(reorder.take(now))


@given(st.integers(0, 65535), st.permutations(range(12)), st.data())
def test_any_order_of_arrival_is_put_right_across_the_wrap(first, order, data) -> None:
    order = [0, *(number for number in order if number)]
    reorder, out = Reorder(PATIENCE), []
    for now, number in enumerate(order):
        reorder.push(first + number & 0xFFFF, bytes((number,)), now)
        if data.draw(st.booleans()):
            out += taken(reorder, now)
    out += taken(reorder, len(order))
    assert out == [(0, bytes((number,))) for number in range(12)]
    assert (reorder.lost, reorder.late) == (0, 0)


@given(st.integers(0, 65535), st.sets(st.integers(1, 40), max_size=20))
def test_every_packet_comes_out_once_or_is_counted_as_lost(first, missing) -> None:
    reorder = Reorder(PATIENCE)
    there = [number for number in range(42) if number not in missing]
    for now, number in enumerate(there):
        reorder.push(first + number & 0xFFFF, bytes((number,)), now)
        reorder.push(first + number & 0xFFFF, bytes((number,)), now)
    out = taken(reorder, 10_000)
    assert [packet[0] for _, packet in out] == there
    assert sum(lost for lost, _ in out) == reorder.lost == len(missing)
    assert reorder.late == len(there)


def test_a_missing_packet_is_waited_for_and_then_given_up() -> None:
    reorder = Reorder(PATIENCE)
    for number in (0, 1, 3):
        reorder.push(number, bytes((number,)), 10)
    assert [packet for _, packet in taken(reorder, 509)] == [b"\0", b"\1"]
    assert taken(reorder, 510) == [(1, b"\3")]
    reorder.push(2, b"\2", 511)
    assert taken(reorder, 2_000) == []
    assert reorder.late == 1


def test_a_stream_that_begins_anew_is_followed() -> None:
    reorder = Reorder(PATIENCE)
    reorder.push(10, b"a", 0)
    assert taken(reorder) == [(0, b"a")]
    reorder.push(40_000, b"b", 1)
    assert taken(reorder) == [(0, b"b")]


def test_what_is_held_is_bounded() -> None:
    reorder = Reorder(PATIENCE)
    reorder.push(0, b"", 0)
    for number in range(2, MAX_HELD + 3):
        reorder.push(number, b"", 0)
    assert len(taken(reorder)) == MAX_HELD + 2


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 5_000)), max_size=60))
def test_any_sequence_numbers_leave_it_in_order_and_bounded(pushes) -> None:
    reorder, now, count = Reorder(PATIENCE), 0, 0
    for sequence, passed in pushes:
        now += passed
        reorder.push(sequence, b"", now)
        count += len(taken(reorder, now))
    count += len(taken(reorder, now + PATIENCE))
    assert count <= len(pushes)
    assert not taken(reorder, now + 10 * PATIENCE)
