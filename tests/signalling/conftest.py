"""A clock that stands still, an engine, and clients that join it."""

from typing import Any

import pytest

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import CountedIds, ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms.registry import Rooms
from roomwright.signalling.greeting import Host
from roomwright.signalling.wish import Wish
from tests.signalling.talk import HOST, Join, Talk


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(RoomSettings(), LimitSettings(), CountedIds())


@pytest.fixture
def join(rooms: Rooms, clock: ManualClock) -> Join:
    def joined(identity: str = "alice", *, host: Host = HOST, wish: dict[str, Any] | None = None, **grant: Any) -> Talk:
        claims = Claims(identity=identity, video=VideoGrant(room_join=True, room="room", **grant))
        return Talk(rooms, clock, Wish(claims=claims, **(wish or {})), host)

    return joined
