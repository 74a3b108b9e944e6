"""Pieces about what is not the reference server's: the rules that the conformance tests follow."""

import sys
from collections.abc import Iterable
from pathlib import Path

from docs_text import item, sentence

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the tests are not a package that is installed

from tests.conformance.deviations import RULES
from tests.conformance.scenarios.deviations import EVENT_RULES


def answers() -> str:
    """Where answers of the API differ, and why."""
    return _items((rule.name, rule.reason) for rule in RULES)


def events() -> str:
    """Where what participants and webhooks are told differs, and why."""
    return _items((rule.name, rule.reason) for rule in EVENT_RULES)


def _items(rules: Iterable[tuple[str, str]]) -> str:
    return "\n".join([*(item(f"**{sentence(name)}**: {reason}.") for name, reason in rules), ""])


PIECES = {"deviations": answers, "deviations of events": events}
