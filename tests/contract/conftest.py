"""Every test of the contract runs on every implementation of the port."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from roomwright.config import LimitSettings, RoomSettings
from tests.contract.harness import HARNESSES, Harness

MakeHarness = Callable[..., Awaitable[Harness]]


@pytest.fixture(params=list(HARNESSES))
async def make_harness(request: pytest.FixtureRequest) -> AsyncIterator[MakeHarness]:
    made: list[Harness] = []

    async def make(settings: RoomSettings | None = None, limits: LimitSettings | None = None) -> Harness:
        harness = await HARNESSES[request.param](settings or RoomSettings(), limits or LimitSettings())
        made.append(harness)
        return harness

    yield make
    for harness in made:
        await harness.close()


@pytest.fixture
async def harness(make_harness: MakeHarness) -> Harness:
    return await make_harness()


@pytest.fixture
def backend(harness: Harness):
    return harness.backend
