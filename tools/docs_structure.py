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
    transitions: Mapping[Enum, Mapping[Any, Enum]] = module.TRANSITIONS
    arrows: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for state, row in transitions.items():
        for given, following in row.items():
            if following is not state:
                arrows[state.name, following.name].append(getattr(given, "name", None) or given.__name__)
    ends = [state.name for state, row in transitions.items() if not row]
    lines = [f"[*] --> {start}"]
    lines += [f"{before} --> {after}: {', '.join(inputs)}" for (before, after), inputs in arrows.items()]
    lines += [f"{state} --> [*]" for state in ends]
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```", ""])


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
    "the port for parts": part,
}
