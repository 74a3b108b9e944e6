"""A server that carries as much as it may opens no further room."""

import pytest

from roomwright.config import LimitSettings
from roomwright.errors import Code, ServiceError
from roomwright.sfu.embedded.media import Load
from tests.sfu.embedded.fakes import FakeSocket
from tests.sfu.embedded.house import House


@pytest.mark.parametrize(
    ("limits", "load", "name"),
    [
        (LimitSettings(num_tracks=10), Load(tracks=10), "num_tracks"),
        (LimitSettings(bytes_per_sec=1_000), Load(bytes_per_second=1_000.5), "bytes_per_sec"),
    ],
)
async def test_beyond_a_limit_rooms_that_exist_can_be_joined_and_others_not(limits, load, name):
    house = House(limits=limits)
    house.join("alice")
    house.plane.load = load
    house.join("bob")
    for attempt in (house.backend.admit, lambda wish: house.backend.connect(wish, FakeSocket())):
        with pytest.raises(ServiceError, match=rf"limit\.{name}") as refused:
            attempt(house.wish("carol", room="another"))
        assert refused.value.code is Code.RESOURCE_EXHAUSTED
    assert await house.listed("another") == []


async def test_without_limits_nothing_is_refused():
    house = House()
    house.plane.load = Load(tracks=10**9, bytes_per_second=1e12)
    house.join("alice")
    assert await house.listed() == ["alice"]


async def test_below_the_limit_nothing_is_refused():
    house = House(limits=LimitSettings(num_tracks=10, bytes_per_sec=1_000))
    house.plane.load = Load(tracks=9, bytes_per_second=999.0)
    house.join("alice")
    assert await house.listed() == ["alice"]
