"""Protobuf's own conformance suite, proto3, binary and JSON."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.codec.protobuf_conformance import classes, runner
from tests.support import skip_or_fail

pytestmark = pytest.mark.suite

HERE = Path(__file__).parent
EXCEPTIONS = HERE / "exceptions.txt"
SUMMARY = re.compile(r"(\d+) successes, (\d+) skipped, (\d+) expected failures, (\d+) unexpected failures")


class Report(NamedTuple):
    """What the runner found."""

    successes: int
    failing: set[str]
    log: str


@pytest.fixture(scope="module")
def runner_command() -> list[str]:
    try:
        return runner.command()
    except runner.RunnerMissingError as missing:
        skip_or_fail(str(missing))


@pytest.fixture(scope="module")
def report(runner_command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("conformance")
    classes.generate(folder)
    testee = [sys.executable, str(HERE / "testee.py"), str(folder)]
    command = [*runner_command, "--output_dir", str(folder), *testee]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    counts = SUMMARY.search(done.stderr)
    assert counts, done.stderr[-3000:]
    failing = folder / "failing_tests.txt"
    return Report(int(counts[1]), names(failing) if failing.exists() else set(), done.stderr)


def names(file: Path) -> set[str]:
    """The names of the cases in a list, without their remarks."""
    return {line.partition("#")[0].strip() for line in file.read_text().splitlines()} - {""}


def test_every_required_case_passes_but_the_listed_ones(report: Report):
    assert report.successes > 1400
    assert report.failing - names(EXCEPTIONS) == set(), report.log[-6000:]


def test_the_list_of_exceptions_holds_only_what_still_fails(report: Report):
    assert names(EXCEPTIONS) - report.failing == set()


def test_every_exception_is_a_required_case_and_has_a_reason():
    for line in EXCEPTIONS.read_text().splitlines():
        name, _, reason = line.partition("#")
        assert not name or name.startswith("Required.Proto3."), line
        assert len(reason.strip()) > 20, line
