"""The one server that all programs talk to, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def stage() -> Iterator[Mapping[str, str]]:
    """The environment variables with which a program finds the server and the control endpoint."""
    command = (sys.executable, str(Path(__file__).parent / "stage.py"))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield dict(_exports(process.stdout))
        process.stdin.close()


def _exports(output: Iterator[str]) -> Iterator[tuple[str, str]]:
    """The variables of `export NAME=value` lines, which end with an empty one."""
    for line in output:
        if not line.strip():
            return
        name, value = line.removeprefix("export ").strip().split("=", 1)
        yield name, value
    pytest.fail("the server did not start")
