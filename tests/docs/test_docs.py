"""What the documents show works, and what they point to exists."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import GUIDES, ROOT, blocks_of
from tests.docs.executor import Executor

DOCUMENTS = [*GUIDES, ROOT / "web" / "README.md", *sorted((ROOT / "tests").glob("*/README.md"))]
RUN_ELSEWHERE = {"docs/schema.md": "tests/proto/test_schema_howto.py"}

_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
_PATH = re.compile(r"`((?:server|proto|generated|tests|tools|docs)/[\w./-]+)`")


def _name(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_what_a_document_points_to_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    missing = [target for target in _LINK.findall(text) if not (document.parent / target).exists()]
    missing += [path for path in _PATH.findall(text) if not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("document", [one for one in GUIDES if _name(one) not in RUN_ELSEWHERE], ids=_name)
def test_what_a_document_shows_works(document: Path, tmp_path: Path) -> None:
    blocks = blocks_of(document.read_text(encoding="utf-8"))
    executor = Executor(tmp_path)
    try:
        for block in blocks:
            executor.run(block)
    finally:
        executor.close()


def test_the_index_lists_every_document() -> None:
    listed = set(_LINK.findall((ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    documents = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert documents - listed == set()


def test_the_targets_that_the_readme_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|\\$ )make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()
