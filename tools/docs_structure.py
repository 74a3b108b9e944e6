"""Pieces about how the code is built: its layers, its state machines, the port for parts."""

import importlib.util
import inspect
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs_text import table

from roomwright.app.parts import Part
from roomwright.egress import states as egress_states
from roomwright.media.transport import states as transport_states
from roomwright.rooms import states as participant_states
from roomwright.signalling import session

if TYPE_CHECKING:
    from enum import Enum

ROOT = Path(__file__).resolve().parent.parent


def _layers() -> list[list[str]]:
    """The modules of each layer, the highest first, as import-linter holds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [each for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers"]
    named = [[re.sub(r"[() ]", "", name) for name in re.split(r"[|:]", layer)] for layer in contract["layers"]]
    there = [[name for name in layer if _is_there(name)] for layer in named]
    return [layer for layer in there if layer]


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def layers() -> str:
    """A drawing: each layer may import those below it."""
    lines = ["```mermaid", "flowchart TB"]
    rows = [[name.removeprefix("roomwright.") for name in layer] for layer in _layers()]
    for number, row in enumerate(rows):
        label = " · ".join(row)
        lines.append(f'    l{number}["{label}"]')
    lines.append("    " + " --> ".join(f"l{number}" for number in range(len(rows))))
    return "\n".join([*lines, "```", ""])


def packages() -> str:
    """A table: what each package owns, in its own words."""
    names = [name for layer in _layers() for name in layer if name.startswith("roomwright.")]
    return table(("package", "owns"), ((f"`{name.removeprefix('roomwright.')}`", _about(name)) for name in names))


def _about(name: str) -> str:
    paragraph = (importlib.import_module(name).__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.split())


def _machine(module: Any, start: str) -> str:
    """A state machine of its table; what leads from one state to the same other stands at one arrow."""
    arrows: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for before, given, after in _steps(module.TRANSITIONS):
        if after is not before:
            arrows[_word(before), _word(after)].append(given)
    ends = [_word(state) for state, row in module.TRANSITIONS.items() if not row]
    lines = [f"[*] --> {start}"]
    for (before, after), given in arrows.items():
        label = ", ".join(filter(None, given))
        lines.append(f"{before} --> {after}: {label}" if label else f"{before} --> {after}")
    lines += [f"{state} --> [*]" for state in ends]
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```", ""])


def _steps(transitions: Mapping["Enum", Any]) -> Iterator[tuple["Enum", str, "Enum"]]:
    """State, input, following state; some tables name no inputs."""
    for state, row in transitions.items():
        if isinstance(row, Mapping):
            yield from ((state, _word(given), following) for given, following in row.items())
        else:
            yield from ((state, "", following) for following in sorted(row))


def _word(name: Any) -> str:
    """The name of a state or an input; an input may be a class."""
    return (getattr(name, "name", None) or name.__name__).removeprefix("EGRESS_")


def part() -> str:
    """A table of the port for parts."""
    return table(("of a part", "is"), ((f"`{name}`", text) for name, text in _members(Part)))


def _members(port: type) -> Iterator[tuple[str, str]]:
    for name, member in vars(port).items():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            yield name, " ".join((inspect.getdoc(member) or "").split())


PIECES = {
    "layers": layers,
    "packages": packages,
    "states of a participant": partial(_machine, participant_states, "JOINED"),
    "states of a session": partial(_machine, session, "OPEN"),
    "states of a transport": partial(_machine, transport_states, "NEW"),
    "states of an egress": partial(_machine, egress_states, "STARTING"),
    "the port for parts": part,
}
