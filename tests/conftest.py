"""What holds for every test."""

from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _logs_as_they_come() -> Iterator[None]:
    """A test that configures logging leaves nothing of it to the next one."""
    yield
    structlog.reset_defaults()
