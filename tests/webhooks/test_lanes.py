"""Whose turn it is."""

import pytest

from roomwright.webhooks.lanes import AHEAD, Lane, Lanes
from roomwright.webhooks.policy import Verdict, verdict, wait
from tests.webhooks.letters import letter


def served(lanes: Lanes, now: float = 0.0) -> list[tuple[str, str]]:
    return [(lane.url, lane.queue) for lane in lanes.take(now)]


def taken(lanes: Lanes, now: float = 0.0) -> Lane:
    (lane,) = lanes.take(now)
    return lane


def test_queues_of_a_url_are_served_side_by_side_up_to_a_number():
    lanes = Lanes(parallel=2)
    for number, queue in enumerate("abc"):
        lanes.add(letter(number, queue=queue))
    lanes.add(letter(9, url="http://b", queue="a"))
    assert served(lanes) == [("http://a", "a"), ("http://a", "b"), ("http://b", "a")]
    assert served(lanes) == []


def test_a_queue_is_served_by_one_at_a_time():
    lanes = Lanes(parallel=9)
    lanes.add(letter(1))
    lane = taken(lanes)
    lanes.add(letter(2))
    assert served(lanes) == []
    lanes.answered(lane)
    lanes.release(lane)
    assert [each.sequence for each in taken(lanes).letters] == [2]


def test_an_empty_queue_is_forgotten():
    lanes = Lanes(parallel=1)
    lanes.add(letter(1))
    lane = taken(lanes)
    lanes.answered(lane)
    lanes.release(lane)
    assert repr(lanes) == "<Lanes: 0 to 0 URLs>"
    assert lanes.next_due() is None


def test_a_failure_makes_its_queue_wait_and_no_other():
    lanes = Lanes(parallel=2)
    lanes.add(letter(1, queue="bad"))
    lanes.add(letter(2, queue="good"))
    for now, due in ((0.0, 1.0), (1.0, 3.0), (3.0, 7.0)):
        bad, good = sorted(lanes.take(now), key=lambda lane: lane.queue)
        lanes.retry(bad, now, unreachable=False)
        lanes.release(good)
        assert bad.due == due
        (again,) = lanes.take(due - 0.1)
        assert again is good
        lanes.release(good)


def test_where_nobody_is_the_whole_url_waits():
    lanes = Lanes(parallel=1)
    lanes.add(letter(1, queue="a"))
    lanes.add(letter(2, queue="b"))
    lanes.add(letter(3, url="http://b"))
    first = next(lane for lane in lanes.take(0.0) if lane.url == "http://a")
    lanes.retry(first, 0.0, unreachable=True)
    assert served(lanes, 0.9) == []
    assert lanes.next_due() == 1.0
    assert served(lanes, 1.0) == [("http://a", "a")]


def test_an_answer_ends_the_waiting():
    lanes = Lanes(parallel=1)
    lanes.add(letter(1))
    for now in (0.0, 1.0, 3.0):
        lanes.retry(taken(lanes, now), now, unreachable=True)
    lane = taken(lanes, 7.0)
    lanes.read(lane, [letter(1), letter(2)], lane.news, AHEAD)
    lanes.answered(lane)
    lanes.retry(lane, 7.0, unreachable=True)
    assert lanes.next_due() == 8.0


def test_letters_of_a_queue_that_waits_are_left_to_the_store():
    lanes = Lanes(parallel=1)
    lanes.add(letter(1))
    lane = taken(lanes)
    lanes.retry(lane, 0.0, unreachable=False)
    assert (list(lane.letters), lane.more) == ([], True)


def test_few_letters_are_held_of_a_queue_and_of_all():
    lanes = Lanes(parallel=1, held=AHEAD + 5)
    for number in range(100):
        lanes.add(letter(number, queue="a"))
        lanes.add(letter(number, queue="b", url="http://b"))
    held = [len(lane.letters) for lane in lanes.take(0.0)]
    assert sum(held) == AHEAD + 5
    assert max(held) <= AHEAD


def test_what_comes_while_the_store_is_read_is_not_overlooked():
    lanes = Lanes(parallel=1)
    lanes.found("http://a", "standup")
    lane = taken(lanes)
    news = lane.news
    lanes.add(letter(2))
    lanes.read(lane, [letter(1)], news, AHEAD)
    assert ([each.sequence for each in lane.letters], lane.more) == ([1], True)


def test_what_is_replayed_comes_before_what_is_held():
    lanes = Lanes(parallel=1)
    lanes.add(letter(5))
    lanes.found("http://a", "standup")
    lane = taken(lanes)
    assert (list(lane.letters), lane.more) == ([], True)


def test_a_replay_ends_the_waiting():
    lanes = Lanes(parallel=1)
    lanes.add(letter(5))
    lanes.retry(taken(lanes), 0.0, unreachable=False)
    lanes.found("http://a", "standup")
    assert served(lanes, 0.0) == [("http://a", "standup")]
    assert served(lanes, 99.0) == []


def test_lanes_beyond_a_number_are_left_to_the_store_until_there_is_room():
    lanes = Lanes(parallel=9, most=4)
    for number in range(10):
        lanes.add(letter(number, queue=f"q{number}"))
    first = list(lanes.take(0.0))
    assert [lane.queue for lane in first] == ["q0", "q1", "q2", "q3"]
    assert lanes.short() == []
    for lane in first:
        lanes.answered(lane)
        lanes.release(lane)
    assert lanes.short() == ["http://a"]
    lanes.refill("http://a", [f"q{number}" for number in range(4, 8)], 4)
    assert len(served(lanes)) == 4


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        (200, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (301, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (408, Verdict.REFUSED),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (501, Verdict.REFUSED),
        (503, Verdict.RETRY),
    ],
)
def test_what_an_answer_means(status: int, becomes: Verdict):
    assert verdict(status) is becomes


def test_waits_double_up_to_half_a_minute():
    assert [wait(failures) for failures in (1, 2, 3, 4, 5, 6, 7, 1000)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_queue_that_was_turned_away_is_read_from_the_store_when_it_comes_again():
    """Its older letters are there, and come first."""
    lanes = Lanes(parallel=1, most=1)
    lanes.add(letter(1, queue="a"))
    lanes.add(letter(2, queue="b"))
    lane = taken(lanes)
    lanes.answered(lane)
    lanes.release(lane)
    assert lanes.short() == ["http://a"]
    lanes.add(letter(3, queue="b"))
    lane = taken(lanes)
    assert (lane.queue, list(lane.letters), lane.more) == ("b", [], True)


def test_a_url_whose_queues_are_all_known_again_is_forgotten_when_they_are_empty():
    lanes = Lanes(parallel=1, most=1)
    lanes.add(letter(1, queue="a"))
    lanes.add(letter(2, queue="b"))
    lane = taken(lanes)
    lanes.answered(lane)
    lanes.release(lane)
    lanes.short()
    lanes.refill("http://a", [], 1)
    assert repr(lanes) == "<Lanes: 0 to 0 URLs>"
    assert lanes.short() == []
