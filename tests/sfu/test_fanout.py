"""Events for everybody who listens."""

import asyncio
import gc

import pytest

from roomwright.rooms.events import Event
from roomwright.sfu.fanout import Fanout, ListenerTooSlowError
from roomwright_proto import livekit as pb


def events(*numbers: int) -> list[Event]:
    return [Event(sequence=number, at_ns=0, room=pb.Room()) for number in numbers]


async def drain(stream) -> list[int]:
    return [event.sequence async for event in stream]


async def test_a_listener_gets_what_happens_after_it_began():
    fanout = Fanout()
    fanout.publish(events(1))
    stream = fanout.listen()
    fanout.publish(events(2, 3))
    fanout.end()
    assert await drain(stream) == [2, 3]


async def test_a_listener_waits_for_what_comes():
    fanout = Fanout()
    stream = fanout.listen()
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    fanout.publish(events(7))
    assert (await waiting).sequence == 7


async def test_the_end_wakes_who_waits():
    fanout = Fanout()
    waiting = asyncio.ensure_future(drain(fanout.listen()))
    await asyncio.sleep(0)
    fanout.end()
    assert await waiting == []


async def test_a_listener_that_comes_after_the_end_hears_nothing():
    fanout = Fanout()
    fanout.end()
    assert await drain(fanout.listen()) == []


async def test_a_slow_listener_is_told_that_it_missed_something_and_others_miss_nothing():
    fanout = Fanout(backlog=3)
    slow, quick = fanout.listen(), fanout.listen()
    heard = []
    for number in range(1, 6):
        fanout.publish(events(number))
        heard.append((await anext(quick)).sequence)
    assert heard == [1, 2, 3, 4, 5]
    for _ in range(2):
        with pytest.raises(ListenerTooSlowError, match="more than 3"):
            await anext(slow)


async def test_exactly_the_backlog_is_kept():
    fanout = Fanout(backlog=3)
    stream = fanout.listen()
    fanout.publish(events(1, 2, 3))
    fanout.end()
    assert await drain(stream) == [1, 2, 3]


async def test_a_closed_listener_hears_nothing_more():
    fanout = Fanout()
    stream = fanout.listen()
    fanout.publish(events(1))
    await stream.aclose()
    fanout.publish(events(2))
    assert await drain(stream) == []


async def test_a_forgotten_listener_costs_nothing():
    fanout = Fanout()
    fanout.listen()
    gc.collect()
    assert len(fanout._streams) == 0


async def test_what_is_unread_can_be_taken_without_waiting():
    fanout = Fanout(backlog=3)
    stream = fanout.listen()
    assert stream.take() == []
    fanout.publish(events(1, 2))
    assert [event.sequence for event in stream.take()] == [1, 2]
    assert stream.take() == []
    fanout.publish(events(3, 4, 5, 6))
    with pytest.raises(ListenerTooSlowError):
        stream.take()


async def test_a_listener_may_have_a_backlog_of_its_own():
    fanout = Fanout(backlog=1)
    stream = fanout.listen(3)
    fanout.publish(events(1, 2, 3))
    assert [event.sequence for event in stream.take()] == [1, 2, 3]
