"""What an empty room may cost."""

import tracemalloc

from roomwright.clock import ManualClock, RandomIds
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms.api import RoomApi
from roomwright.rooms.instant import Instant
from roomwright.rooms.registry import Rooms
from roomwright_proto import livekit as pb

ROOMS = 500
BUDGET = 4096


def test_an_empty_room_costs_at_most_four_kilobytes():
    """With its snapshot, its place in the registry and in the timers, its name not counted."""
    rooms = Rooms(RoomSettings(), LimitSettings(), RandomIds())
    api, now = RoomApi(rooms), Instant.of(ManualClock())
    requests = [pb.CreateRoomRequest(name=f"room-{number}") for number in range(ROOMS)]
    tracemalloc.start()
    try:
        for request in requests:
            api.create_room(request, now)
            rooms.take_events()
        cost, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert cost / ROOMS <= BUDGET


def test_ended_rooms_cost_nothing():
    """Neither the registry nor the timers keep a room that was deleted long before its time-out."""
    rooms = Rooms(RoomSettings(), LimitSettings(), RandomIds())
    api, now = RoomApi(rooms), Instant.of(ManualClock())
    for number in range(1000):
        api.create_room(pb.CreateRoomRequest(name=str(number)), now)
        api.delete_room(pb.DeleteRoomRequest(room=str(number)), now)
    assert len(rooms) == 0
    assert len(rooms._timers._heap) <= 64
