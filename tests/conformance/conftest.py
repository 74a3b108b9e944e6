"""Prints what a replay of the recordings came to: the counts, and what was selected out."""

import pytest

from tests.conformance.cases import load, waiting_for
from tests.conformance.replayer import Outcome
from tests.conformance.report import summary

OUTCOMES = pytest.StashKey[list[Outcome]]()


@pytest.fixture
def outcomes(request: pytest.FixtureRequest) -> list[Outcome]:
    """Where a replayed case puts its outcome, for the counts."""
    return request.config.stash.setdefault(OUTCOMES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the counts after a run that replayed something."""
    done = config.stash.get(OUTCOMES, [])
    if done:
        terminalreporter.section("conformance with livekit-server 1.13.5")
        for line in summary(done, filter(waiting_for, load())):
            terminalreporter.write_line(line)
