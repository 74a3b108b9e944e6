"""Writes what the documents say of the code, from the code: between `<!-- from the code: NAME -->` and `<!-- end -->`.

Usage: python tools/docs.py [--check]

A document says which piece it wants; `PIECES` makes them. With `--check` nothing is written, and the exit code is 1
when a document is not what the code says.
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import docs_api
import docs_configuration
import docs_deviations
import docs_structure

ROOT = Path(__file__).resolve().parent.parent
PIECES: Mapping[str, Callable[[], str]] = {
    **docs_api.PIECES,
    **docs_configuration.PIECES,
    **docs_deviations.PIECES,
    **docs_structure.PIECES,
}
"""What can stand in a document, by name."""

_PIECE = re.compile(r"<!-- from the code: (.*?) -->\n.*?<!-- end -->", re.DOTALL)


def renewed(text: str) -> str:
    """A document with all its pieces as the code has them now. Raises KeyError for a piece that is not there."""
    return _PIECE.sub(lambda found: f"<!-- from the code: {found[1]} -->\n\n{PIECES[found[1]]()}\n<!-- end -->", text)


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a difference")
    check = parser.parse_args().check
    stale = 0
    for document in sorted((ROOT / "docs").rglob("*.md")):
        text = document.read_text(encoding="utf-8")
        new = renewed(text)
        if new == text:
            continue
        stale += 1
        print(f"{'differs from the code' if check else 'written'}: {document.relative_to(ROOT)}")
        if not check:
            document.write_text(new, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
