"""Pieces about the configuration: all keys with their defaults, the other spellings, LiveKit's keys without effect.

A key's comment is the docstring after its field in `config/settings.py` and its neighbours.
"""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from docs_text import columns, table

from roomwright.config import Config, ConfigError
from roomwright.config.schema import NOT_SUPPORTED, OWN, RENAMED, SUPPORTED

_SHOWN = {
    "keys": "{}",
    "room.enabled_codecs": "null",
    "room.room_configurations": "{classroom: {empty_timeout: 60, max_participants: 30}}",
}
"""What stands for a default that says little by itself, or for which there is an example."""
_WITHOUT_FIELD = {"keys": ("key_file", "null", "A file of such lines instead.")}
"""By the key before it: a key that leaves no setting behind, its default, what it is."""
_DURATIONS = "rtc.pli_throttle."
"""Keys that take a number with its unit."""
_NAMED = re.compile(r" \(`[a-z_]+:?`\)")
"""What a section is called in the file, in a docstring: that stands beside it here."""
_ALLOWED = re.compile(r"must be ((?:a whole number|a number|one of) .*), not ")
_WIDTH = 120


def settings() -> str:
    """All keys as a configuration file that changes nothing."""
    lines = ["```yaml", *_section(Config(), ""), "```", ""]
    return "\n".join(lines)


def _section(values: Any, prefix: str) -> Iterator[str]:
    """The lines of one section; the sections in it come last."""
    comments = _comments(type(values))
    fields = sorted(dataclasses.fields(values), key=lambda field: dataclasses.is_dataclass(getattr(values, field.name)))
    for field in fields:
        path, value = f"{prefix}{field.name}", getattr(values, field.name)
        comment = comments.get(field.name, "")
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            yield from _nested(path, value, comment)
        else:
            yield from _key(path, _SHOWN.get(path) or _yaml(value, path), _marked(path, comment))
        if path in _WITHOUT_FIELD:
            key, shown, meaning = _WITHOUT_FIELD[path]
            yield from _key(key, shown, meaning)


def _nested(path: str, value: Any, comment: str) -> Iterator[str]:
    indent = "  " * path.count(".")
    if not indent:
        yield ""
    about = _NAMED.sub("", comment or inspect.getdoc(type(value)) or "").replace("`", "")
    for line in textwrap.wrap(_marked(path, " ".join(about.split())), _WIDTH - len(indent) - 2):
        yield f"{indent}# {line}"
    yield f"{indent}{path.rpartition('.')[2]}:"
    yield from _section(value, f"{path}.")


def _key(path: str, shown: str, comment: str) -> Iterator[str]:
    line = f"{'  ' * path.count('.')}{path.rpartition('.')[2]}: {shown}"
    if not comment:
        yield line
    elif len(line) + len(comment) + 4 <= _WIDTH:
        yield f"{line:<26}  # {comment}"
    else:
        yield f"{'  ' * path.count('.')}# {comment}"
        yield line


def _marked(path: str, comment: str) -> str:
    """A comment without its full stop, with a mark where the key, or the whole section, is none of LiveKit's."""
    text = comment if ". " in comment else comment.removesuffix(".")
    return f"(+) {text}".rstrip() if path in OWN else text


def _yaml(value: Any, path: str) -> str:
    """A value in one line."""
    if path.startswith(_DURATIONS):
        return f"{value * 1000:.0f}ms"
    if isinstance(value, tuple):
        value = [dataclasses.asdict(one) if dataclasses.is_dataclass(one) else one for one in value]  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        value = dict(value)
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n...\n")
    return text.strip()


def _comments(kind: type) -> dict[str, str]:
    """The docstrings that stand after a class's fields."""
    [body] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    found: dict[str, str] = {}
    name = ""
    for node in getattr(body, "body", ()):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                found[name] = " ".join(text.split())
                name = ""
            case _:
                name = ""
    return found


def ranges() -> str:
    """Which numbers and words keys take, as errors say it."""
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for path in SUPPORTED:
        if found := _ALLOWED.search(_refusal(path)):
            keys[found[1]].append(f"`{path}`")
    return table(("must be", "keys"), ((allowed, ", ".join(paths)) for allowed, paths in keys.items()))


def _refusal(path: str) -> str:
    """What is said of a value that no key takes."""
    try:
        SUPPORTED[path](object(), path)
    except ConfigError as error:
        return str(error)
    return ""


def renamed() -> str:
    """Other spellings."""
    return table(("also read", "is"), ((f"`{old}`", f"`{new}`") for old, new in RENAMED.items()))


def not_supported() -> str:
    """LiveKit's keys without effect."""
    return "```text\n" + columns(sorted(NOT_SUPPORTED)) + "\n```\n"


PIECES = {
    "all settings": settings,
    "what settings take": ranges,
    "other spellings": renamed,
    "settings without effect": not_supported,
}
