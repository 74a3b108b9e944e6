"""Recorded scenarios as data: the lines of a recording, and the script that says what the lines do not.

`recordings/README.md` describes the files. Nothing here talks to a server.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.cases import RECORDINGS

EVENTS = RECORDINGS.parent / "events"
SCRIPTS = Path(__file__).parent / "scripts.yaml"
END = "end of scenario: participants disconnect, room is deleted"
_JOINS = re.compile(r"(\w+) joins as (\w+)")
_LEAVES = re.compile(r"(\w+) leaves")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a recording: `t` in seconds, `kind` and the rest as recorded."""

    t: float
    kind: str
    content: Mapping[str, Any]

    @property
    def began(self) -> float:
        """When it was begun: calls were recorded when they were answered, after what they led to."""
        return self.t - self.content.get("took", 0.0)

    @property
    def joins(self) -> tuple[str, str] | None:
        """Who joins, and with which identity, where the line says that somebody does."""
        found = _JOINS.fullmatch(self.content["text"]) if self.kind == "note" else None
        return (found[1], found[2]) if found else None

    @property
    def leaves(self) -> str:
        """Who leaves, where the line says that somebody does."""
        found = _LEAVES.fullmatch(self.content["text"]) if self.kind == "note" else None
        return found[1] if found else ""

    def tells(self, event: str) -> str:
        """Who was told of this event; empty for other lines."""
        return self.content["who"] if self.kind == "rtc" and self.content["event"] == event else ""


@dataclass(frozen=True)
class Scenario:
    """A recording up to its end, which is the recorder's tidying up, and its script."""

    name: str
    lines: tuple[Line, ...]
    script: Mapping[str, Any]

    @property
    def room(self) -> str:
        """The name of the room, then and now."""
        return f"ev-{self.name}"

    def part(self, name: str) -> Mapping[str, Any]:
        """A part of the script; empty where there is none."""
        return self.script.get(name) or {}

    @cached_property
    def hooks(self) -> list[Mapping[str, Any]]:
        """The bodies of the room's webhooks, in order."""
        bodies = [line.content["body"] for line in self.lines if line.kind == "webhook"]
        return [body for body in bodies if body["room"]["name"] == self.room]


def load() -> list[Scenario]:
    """Every scenario that has a script; a recording without one is an error."""
    scripts = yaml.safe_load(SCRIPTS.read_text(encoding="utf-8"))
    names = sorted(path.stem for path in EVENTS.glob("*.jsonl"))
    return [Scenario(name, read(EVENTS / f"{name}.jsonl"), scripts[name]) for name in names]


def read(path: Path) -> tuple[Line, ...]:
    """The lines of a recording, in the order of their times."""
    recorded = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    end = next(line["t"] for line in recorded if line.get("text") == END)
    lines = [Line(line["t"], line["kind"], line) for line in recorded if line["t"] < end]
    return tuple(sorted(lines, key=lambda line: line.t))
