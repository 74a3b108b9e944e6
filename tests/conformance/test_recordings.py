"""Every recorded case without participants that have media, against our own server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.conformance.cases import Case, load, waiting_for
from tests.conformance.replay import main
from tests.conformance.replayer import Outcome, replay
from tests.conformance.report import judge
from tests.conformance.servers import Targets, own_server, servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

READY = [case for case in load() if waiting_for(case) is None and not case.has_clients]
# Cases in which time passes come first and all start with the first of them, so that their pauses pass together.
PAUSING = [case for case in READY if case.sleeps]
INSTANT = [case for case in READY if not case.sleeps]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target_of() -> AsyncIterator[Targets]:
    """Gives a server for a profile."""
    async with AsyncExitStack() as stack:
        yield servers(stack)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pausing(target_of: Targets) -> AsyncIterator[dict[str, asyncio.Task[Outcome]]]:
    """All cases in which time passes, running side by side."""
    tasks = {case.name: asyncio.create_task(replay(case, await target_of(case.profile))) for case in PAUSING}
    yield tasks
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("case", PAUSING, ids=lambda case: case.name)
async def test_a_case_in_which_time_passes(case: Case, pausing, outcomes) -> None:
    judge(await pausing[case.name], outcomes)


@pytest.mark.parametrize("case", INSTANT, ids=lambda case: case.name)
async def test_a_case(case: Case, target_of: Targets, outcomes) -> None:
    judge(await replay(case, await target_of(case.profile, own_server(case))), outcomes)


async def test_the_command_line_replays_against_any_server(target_of: Targets, capsys) -> None:
    target = await target_of("default")
    arguments = ["--url", f"http://{target.host}:{target.port}", "--group", "room-delete"]
    assert await asyncio.to_thread(main, arguments) == 0
    assert "default: 3 as recorded, 0 by rule, 0 failed" in capsys.readouterr().out
    assert await asyncio.to_thread(main, [*arguments, "--secret", "wrong"]) == 1
    assert "status: expected 404, got 401" in capsys.readouterr().out
