"""The testing guide's first test passes where nothing is installed but `roomwright[testing]`."""

from pathlib import Path

import pytest

from tests.docs.blocks import blocks_for, blocks_of
from tests.packaging.wheels import ROOT, built, environment, follow, run

pytestmark = pytest.mark.suite

[INSTALL] = blocks_for(__file__)
FIRST = ("meetings.py", "test_meetings.py")


def test_the_first_test_of_the_guide_needs_nothing_else(tmp_path: Path) -> None:
    python = environment(tmp_path)
    follow(INSTALL, built(tmp_path), python.parent)
    project = tmp_path / "project"
    project.mkdir()
    for block in blocks_of((ROOT / "docs" / "testing.md").read_text(encoding="utf-8")):
        if block.options.get("file") in FIRST:
            (project / block.options["file"]).write_text(block.text, encoding="utf-8")
    printed = run(python, "-m", "pytest", "-q", "-W", "error", *FIRST[1:], cwd=project)
    assert "1 passed" in printed
    assert "pytest-asyncio" not in run(python, "-m", "pip", "list", cwd=project)
