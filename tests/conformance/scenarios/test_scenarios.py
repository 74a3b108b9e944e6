"""The recorded scenarios, played by the same SDK, against our own server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.conformance.clients.start import start
from tests.conformance.scenarios.hooks import Inbox
from tests.conformance.scenarios.player import Outcome, play
from tests.conformance.scenarios.recording import Scenario, load
from tests.conformance.servers import servers
from tests.rtc.network import Network

pytestmark = [pytest.mark.suite, pytest.mark.asyncio(loop_scope="module")]

AT_ONCE = 8
SCENARIOS = load()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["single", "double"])
async def plays(request, network: Network) -> AsyncIterator[dict[str, asyncio.Task[Outcome]]]:
    """All scenarios with one or two peer connections, some at a time, because much of each is waiting."""
    seats = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:
        clients = await start(request.param)
        stack.push_async_callback(clients.stop)
        inbox = await stack.enter_async_context(Inbox())
        target = await servers(stack, clients, hooks=inbox.url)("default")

        async def one(scenario: Scenario) -> Outcome:
            async with seats:
                return await play(scenario, target, inbox)

        tasks = {scenario.name: asyncio.create_task(one(scenario)) for scenario in SCENARIOS}
        yield tasks
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_a_scenario(scenario: Scenario, plays, played) -> None:
    outcome = await plays[scenario.name]
    played.append(outcome)
    if outcome.mismatches:
        pytest.fail("\n".join(outcome.mismatches), pytrace=False)
