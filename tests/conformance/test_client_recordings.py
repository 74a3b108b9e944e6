"""Every recorded case with participants that have media, in the official SDK, against our own server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.conformance.cases import Case, load, waiting_for
from tests.conformance.clients.start import start
from tests.conformance.replayer import Outcome, replay
from tests.conformance.report import judge
from tests.conformance.servers import servers
from tests.rtc.network import Network

pytestmark = [pytest.mark.suite, pytest.mark.asyncio(loop_scope="module")]

AT_ONCE = 8
CASES = [case for case in load() if waiting_for(case) is None and case.has_clients]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replays(network: Network) -> AsyncIterator[dict[str, asyncio.Task[Outcome]]]:
    """All cases, some of them at a time, because much of each is waiting."""
    seats = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:
        clients = await start()
        stack.push_async_callback(clients.stop)
        target_of = servers(stack, clients)

        async def one(case: Case) -> Outcome:
            async with seats:
                return await replay(case, await target_of(case.profile))

        tasks = {case.name: asyncio.create_task(one(case)) for case in CASES}
        yield tasks
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_case_with_clients(case: Case, replays, outcomes) -> None:
    judge(await replays[case.name], outcomes)
