"""What replays of the recordings share: a network for clients, and the counts at the end."""

from collections.abc import Iterator

import pytest
import structlog

from tests.conformance.cases import load, waiting_for
from tests.conformance.replayer import Outcome
from tests.conformance.report import summary
from tests.conformance.scenarios.player import Outcome as Played
from tests.conformance.scenarios.report import summary as scenarios
from tests.rtc.network import Network, NetworkError
from tests.support import skip_or_fail

PLAYED = pytest.StashKey[list[Played]]()
OUTCOMES = pytest.StashKey[list[Outcome]]()


@pytest.fixture(autouse=True)
def _logs_where_pytest_looks() -> None:
    """The access log's thread writes between tests too, when nothing captures what is printed."""
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    """Everything of the module happens in a network of its own, where clients find the server."""
    try:
        network = Network()
    except NetworkError as error:
        skip_or_fail(f"clients need a network of their own: {error}")
    with network:
        yield network
    network.close()


@pytest.fixture
def outcomes(request: pytest.FixtureRequest) -> list[Outcome]:
    """Where a replayed case puts its outcome, for the counts."""
    return request.config.stash.setdefault(OUTCOMES, [])


@pytest.fixture
def played(request: pytest.FixtureRequest) -> list[Played]:
    """Where a played scenario puts its outcome, for the counts."""
    return request.config.stash.setdefault(PLAYED, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the counts after a run that replayed something."""
    done, played = config.stash.get(OUTCOMES, []), config.stash.get(PLAYED, [])
    if done or played:
        terminalreporter.section("conformance with livekit-server 1.13.5")
    lines = summary(done, filter(waiting_for, load())) if done else []
    for line in [*lines, *(scenarios(played) if played else [])]:
        terminalreporter.write_line(line)
