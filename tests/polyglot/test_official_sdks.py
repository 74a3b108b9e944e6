"""Each official server SDK calls every room method and sees what it should."""

import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.polyglot.programs import OTHERS, PYTHON, Program
from tests.support import skip_or_fail

CHECKS = (Path(__file__).parent / "checks.txt").read_text().splitlines()


def passes_every_check(program: Program, stage: Mapping[str, str]) -> None:
    lines = program.lines({**stage, "ROOM_PREFIX": secrets.token_hex(4)})
    assert lines == [*(f"ok {check}" for check in CHECKS), f"passed {len(CHECKS)}"]


def test_python(stage: Mapping[str, str]) -> None:
    passes_every_check(PYTHON, stage)


@pytest.mark.polyglot
@pytest.mark.parametrize("program", [pytest.param(program, id=program.language) for program in OTHERS])
def test_other_languages(program: Program, stage: Mapping[str, str]) -> None:
    missing = program.missing_tools()
    if missing:
        skip_or_fail(f"{program.language} needs {' and '.join(missing)} on PATH")
    passes_every_check(program, stage)
