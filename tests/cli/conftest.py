"""A server for commands to work on, and commands run in this process."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from roomwright import logs
from roomwright.__main__ import main
from roomwright.config import Config, LoggingSettings
from tests.serving import KEY, SECRET, Running, running


class Said(NamedTuple):
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output, read."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """A table's lines, split into cells."""
        return [line.split() for line in self.out.splitlines()]


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    quiet = LoggingSettings(level="error")
    with running(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, logging=quiet)) as started:
        yield started


@pytest.fixture
def run(server: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the server; the environment says where it is. What is printed is the command's."""
    logs.configure("error", as_json=False)  # tests/conftest.py undoes it
    monkeypatch.setenv("LIVEKIT_URL", f"ws://127.0.0.1:{server.port}")
    monkeypatch.setenv("LIVEKIT_API_KEY", KEY)
    monkeypatch.setenv("LIVEKIT_API_SECRET", SECRET)

    def run_command(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(arguments)
        return Said(code, *capsys.readouterr())

    return run_command
