"""From the text of a configuration file to checked values: parsing, and the walk along the table of keys."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from roomwright.config import readers
from roomwright.config.readers import ConfigError
from roomwright.config.schema import NOT_SUPPORTED, RENAMED, SECTIONS, SUPPORTED, known_beside

Values = dict[str, Any]
"""Checked values by the path of their key, such as `room.empty_timeout`."""

_PRESETS = "room.room_configurations"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class _Findings:
    """What a document holds: values, and the paths of keys that have no effect."""

    values: Values = field(default_factory=Values)
    not_supported: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])


def parse(text: str, source: str) -> Any:
    """The value that a YAML text stands for. `source` names it in errors."""
    return _parse(text, source, yaml.SafeLoader)


def parse_key_lines(text: str, source: str) -> Any:
    """Lines of `key: secret`, taken literally: a secret of digits stays a text."""
    return _parse(text, source, yaml.BaseLoader)


def read(document: Any, source: str) -> tuple[Values, list[str]]:
    """The supported values of a document, and warnings about everything else that is in it."""
    findings = _Findings()
    if document is not None:
        _walk(readers.mapping(document, source), "", findings)
    warnings = [f"{source}: {_shown(path)} is not a known key and ignored" for path in findings.unknown]
    if findings.not_supported:
        verb = "is" if len(findings.not_supported) == 1 else "are"
        warnings.append(f"{source}: {', '.join(findings.not_supported)} {verb} not supported yet and ignored")
    return findings.values, warnings


def _walk(section: Mapping[Any, Any], prefix: str, findings: _Findings) -> None:
    for key, value in section.items():
        path = f"{prefix}{key}"
        if path in NOT_SUPPORTED:
            findings.not_supported.append(path)
        elif path in SECTIONS:
            _walk(readers.mapping(value or {}, path), f"{path}.", findings)
        else:
            _read_value(path, value, findings)


def _read_value(path: str, value: Any, findings: _Findings) -> None:
    current = RENAMED.get(path, path)
    if current not in SUPPORTED:
        findings.unknown.append(path)
    elif value is not None and (current == path or current not in findings.values):
        if current == _PRESETS:
            value = _known_presets(value, path, findings)
        findings.values[current] = SUPPORTED[current](value, path)


def _known_presets(value: Any, path: str, findings: _Findings) -> Any:
    """Room presets without the keys that they have not; what is no preset is left for its reader to refuse."""
    presets = readers.mapping(value, path)
    return {name: _known_preset(item, f"{path}.{name}", findings) for name, item in presets.items()}


def _known_preset(preset: Any, path: str, findings: _Findings) -> Any:
    if not isinstance(preset, dict):
        return preset
    known = {name: item for name, item in cast("dict[Any, Any]", preset).items() if name in readers.PRESET_KEYS}
    findings.unknown.extend(f"{path}.{name}" for name in cast("dict[Any, Any]", preset) if name not in known)
    return known


def _shown(path: str) -> str:
    """An unknown path, with the known one that it may stand for."""
    close = difflib.get_close_matches(path[:80], known_beside(path), n=1)
    named = path if path.isprintable() and len(path) <= 80 else repr(path[:80])
    return f"{named} (did you mean {close[0]}?)" if close else named


def _parse(text: str, source: str, loader: type[yaml.SafeLoader] | type[yaml.BaseLoader]) -> Any:
    try:
        reading = loader(text)
        root = reading.get_single_node()
        if root is None:
            return None
        _refuse_duplicates(root, source)
        return cast("Any", reading).construct_document(root)
    except ConfigError:
        raise
    except RecursionError as error:
        raise ConfigError(f"{source} is nested too deeply") from error
    except Exception as error:  # besides YAMLError, whatever PyYAML's conversions of dates and numbers let out
        raise ConfigError(f"{source} is not valid YAML: {_explain(error)}") from error


def _refuse_duplicates(root: yaml.Node, source: str) -> None:
    """Raise ConfigError for a mapping that has a key twice, where YAML libraries silently take the last."""
    waiting: list[yaml.Node] = [root]
    visited = set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _refuse_duplicate_keys(node, source)
            waiting.extend(value for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)


def _refuse_duplicate_keys(node: yaml.MappingNode, source: str) -> None:
    seen = set[str]()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise ConfigError(
                    f"{source} has the key {key.value[:80]!r} twice, again in line {key.start_mark.line + 1}"
                )
            seen.add(key.value)


def _explain(error: Exception) -> str:
    """Where a text is wrong and why, without quoting it: it may hold secrets."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{_QUOTED.sub('…', str(error.problem))} (line {mark.line + 1}, column {mark.column + 1})"
    return _QUOTED.sub("…", " ".join(str(error).split()))
