"""The embedded backend with its real media plane, and clients that call each other over loopback."""

from collections.abc import AsyncIterator, Callable

import pytest

from roomwright.clock import RandomIds, SystemClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.plane import MediaAddress, WebRtc
from tests.sfu.embedded.callers import Caller


@pytest.fixture
async def backend() -> AsyncIterator[EmbeddedBackend]:
    clock, ids = SystemClock(), RandomIds()
    backend = EmbeddedBackend(
        RoomSettings(), LimitSettings(), clock, ids, media=WebRtc(MediaAddress(), clock, ids), mint=lambda _: "token"
    )
    await backend.start()
    yield backend
    await backend.close()


@pytest.fixture(params=[True, False], ids=["one connection", "two connections"])
async def caller(request, backend) -> AsyncIterator[Callable[[], Caller]]:
    """Makes clients that use one connection, and in another run of the test two."""
    made: list[Caller] = []

    def make() -> Caller:
        made.append(Caller(backend, single=request.param))
        return made[-1]

    yield make
    for one in made:
        await one.close()
