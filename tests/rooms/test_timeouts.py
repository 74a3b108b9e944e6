"""When a room ends by itself."""

import pytest

from roomwright.rooms import commands as c
from roomwright.rooms.timers import Timers
from roomwright_proto import livekit as pb

IDLE = pb.RoomEndReason.ROOM_END_IDLE_TIMEOUT


def test_a_room_that_nobody_joins_ends_after_empty_timeout(engine):
    engine.create(empty_timeout=10, departure_timeout=1)
    assert engine.rooms.next_timeout() == pytest.approx(10)
    assert engine.pass_time(9.9) == []
    (end,) = engine.pass_time(0.1)
    assert end.reason is IDLE
    assert engine.room() is None
    assert engine.rooms.next_timeout() is None


def test_a_room_with_somebody_in_it_never_ends(engine):
    engine.create(empty_timeout=1, departure_timeout=1)
    engine.join("alice", active=False)
    assert engine.rooms.next_timeout() is None
    assert engine.pass_time(10_000) == []


def test_a_room_ends_after_departure_timeout_from_the_last_leave(engine):
    engine.create(empty_timeout=1, departure_timeout=7)
    alice, bob = engine.join("alice"), engine.join("bob")
    engine.say(alice, c.Leave())
    engine.pass_time(100)
    engine.say(bob, c.Leave())
    assert engine.pass_time(6.9) == []
    assert engine.names()[-1] == "ParticipantLeft"
    engine.pass_time(0.1)
    assert engine.names()[-1] == "RoomFinished"


def test_a_rejoin_in_time_keeps_the_room(engine):
    engine.create(departure_timeout=5)
    engine.say(engine.join("alice"), c.Leave())
    engine.pass_time(4)
    alice = engine.join("alice")
    assert engine.pass_time(100) == []
    engine.say(alice, c.Leave())
    assert engine.pass_time(4.9) == []
    assert engine.pass_time(0.1)


def test_a_duplicate_identity_does_not_start_the_departure(engine):
    engine.create(departure_timeout=1)
    engine.join("alice")
    engine.join("alice")
    assert engine.rooms.next_timeout() is None


@pytest.mark.parametrize("fields", [{"kind": "agent"}, {"agent": True}, {"kind": "egress"}, {"recorder": True}])
def test_dependents_do_not_keep_a_room(engine, fields):
    engine.create(departure_timeout=5)
    alice = engine.join("alice")
    helper = engine.join("helper", **fields)
    engine.say(alice, c.Leave())
    engine.pass_time(5)
    assert engine.names()[-2:] == ["ParticipantLeft", "RoomFinished"]
    assert engine.mail(helper, "leave")[0].reason is pb.DisconnectReason.ROOM_CLOSED


def test_a_dependent_alone_does_not_count_as_the_first_join(engine):
    engine.create(empty_timeout=10, departure_timeout=1)
    engine.pass_time(4)
    engine.say(engine.join("helper", kind="agent"), c.Leave())
    assert engine.rooms.next_timeout() == pytest.approx(10)


def test_a_hidden_participant_keeps_a_room(engine):
    engine.create(empty_timeout=1)
    engine.join("ghost", hidden=True)
    assert engine.rooms.next_timeout() is None


def test_becoming_an_agent_by_permission_counts_as_leaving(engine):
    engine.create(departure_timeout=3)
    engine.join("alice")
    permission = pb.ParticipantPermission()
    permission.agent = True
    engine.update("alice", permission=permission)
    engine.pass_time(3)
    assert engine.room() is None


def test_a_deleted_room_has_no_time_out_left(engine):
    engine.create()
    engine.call(engine.api.delete_room, pb.DeleteRoomRequest(room="room"))
    assert engine.rooms.next_timeout() is None


def test_rooms_end_in_the_order_of_their_times(engine):
    engine.create("late", empty_timeout=20)
    engine.create("early", empty_timeout=10)
    ends = engine.pass_time(30)
    assert [event.room.name for event in ends] == ["early", "late"]


class _Owner:
    def __init__(self, due: float | None) -> None:
        self.due = due


def test_timers_forget_what_is_not_due_any_more():
    timers: Timers[_Owner] = Timers()
    owners = [_Owner(float(number)) for number in range(1000)]
    for owner in owners:
        timers.arm(owner)
        if owner.due != 500.0:
            owner.due = None
    assert timers.next() == 500.0
    assert len(timers._heap) < 200, "stale entries are swept, not kept until their time"
    assert [owner is owners[500] for owner in timers.take_due(500.0)] == [True]
    assert timers.next() is None


def test_a_timer_that_moved_fires_once_at_its_new_time():
    timers: Timers[_Owner] = Timers()
    owner = _Owner(1.0)
    timers.arm(owner)
    owner.due = 2.0
    timers.arm(owner)
    assert list(timers.take_due(1.5)) == []
    assert list(timers.take_due(2.0)) == [owner]
    assert list(timers.take_due(9.0)) == []
