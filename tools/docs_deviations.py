"""The piece about answers that are not the reference server's: the rules that the conformance tests follow."""

import sys
from pathlib import Path

from docs_text import item, sentence

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the tests are not a package that is installed

from tests.conformance.deviations import RULES


def deviations() -> str:
    """A paragraph for each rule: what is different, and why."""
    return "\n".join([*(item(f"**{sentence(rule.name)}**: {rule.reason}.") for rule in RULES), ""])


PIECES = {"deviations": deviations}
