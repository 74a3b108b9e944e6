"""What the documents show works, and what they point to exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from roomwright.config import DEV_KEYS, Config
from tests.serving import running

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "tests").glob("*/README.md"))]

_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
_PATH = re.compile(r"`((?:server|proto|generated|tests|tools|docs)/[\w./-]+)`")
_PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_to_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    missing = [target for target in _LINK.findall(text) if not (document.parent / target).exists()]
    missing += [path for path in _PATH.findall(text) if not (ROOT / path).exists()]
    assert missing == []


def test_the_first_program_of_the_readme_runs() -> None:
    [program] = _PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    with running(Config(port=0, bind_addresses=("127.0.0.1",), keys=DEV_KEYS)) as server:
        program = program.replace("http://127.0.0.1:7880", server.server.url)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert 'name: "standup"' in done.stdout


def test_the_targets_that_the_readme_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|\\$ )make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()
