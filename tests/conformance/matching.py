"""Compares JSON values with expected ones that hold placeholders; order of keys counts.

`recordings/README.md` lists the placeholders.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_FIXED = {
    "unix_s": r"[0-9]{10}",
    "unix_ms": r"[0-9]{13}",
    "unix_us": r"[0-9]{16}",
    "unix_ns": r"[0-9]{19}",
    "digits": r"[0-9]+",
    "secret": r"[A-Za-z0-9_\-+/=]{4,}",
    "rfc3339": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
    "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "any": r"[\s\S]*",
}
_PLACEHOLDER = re.compile(rf"<=(?P<name>\w+)>|<sid:(?P<sid>[A-Z]+)>|<(?P<fixed>{'|'.join(_FIXED)})>")
_UNORDERED = {"rooms", "participants", "agent_dispatches", "items", "tracks"}


def differences(expected: Any, actual: Any, captures: Mapping[str, Any], path: str = "$") -> Iterator[str]:
    """Where `actual` is not what `expected` asks for, one line each."""
    match expected, actual:
        case "<any>", _:
            return
        case "<int>", int() if not isinstance(actual, bool):
            return
        case dict(), dict():
            yield from _object_differences(expected, actual, captures, path)
        case list(), list():
            yield from _list_differences(expected, actual, captures, path)
        case str(), str():
            if not text_matches(expected, actual, captures):
                yield f"{path}: expected {short(expected)}, got {short(actual)}"
        case _:
            if type(expected) is not type(actual) or expected != actual:
                yield f"{path}: expected {short(expected)}, got {short(actual)}"


def text_matches(expected: str, actual: str, captures: Mapping[str, Any]) -> bool:
    """Whether a string is what the expected one, placeholders and all, asks for."""
    return expected == actual or ("<" in expected and _pattern(expected, captures).fullmatch(actual) is not None)


def short(value: Any, limit: int = 160) -> str:
    """A value as one line of JSON, cut where it gets too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def find(value: Any, path: str) -> Any:
    """The value at a path such as `$.rooms[0].sid` or `$.tracks[name=mic].sid`; LookupError when there is none."""
    for key, index, field, wanted in re.findall(r"\.(\w+)|\[(\d+)\]|\[(\w+)=([^\]]*)\]", path):
        if field:
            value = next((item for item in value if str(item.get(field)) == wanted), None)
        else:
            value = value[key or int(index)]
        if value is None:
            raise LookupError(path)
    return value


def _pattern(expected: str, captures: Mapping[str, Any]) -> re.Pattern[str]:
    pattern, end = "", 0
    for found in _PLACEHOLDER.finditer(expected):
        pattern += re.escape(expected[end : found.start()]) + _meaning(found, captures)
        end = found.end()
    return re.compile(pattern + re.escape(expected[end:]))


def _meaning(found: re.Match[str], captures: Mapping[str, Any]) -> str:
    if name := found["name"]:
        return re.escape(str(captures[name])) if name in captures else r"(?!)"  # nothing was captured: nothing matches
    if prefix := found["sid"]:
        return prefix + r"_[A-Za-z0-9]{8,32}"
    return _FIXED[found["fixed"]]


def _object_differences(
    expected: dict[str, Any], actual: dict[str, Any], captures: Mapping[str, Any], path: str
) -> Iterator[str]:
    for key in expected.keys() - actual.keys():
        yield f"{path}.{key}: missing, expected {short(expected[key])}"
    for key in actual.keys() - expected.keys():
        yield f"{path}.{key}: unexpected, got {short(actual[key])}"
    shared = [key for key in expected if key in actual]
    for key in shared:
        if key in _UNORDERED and isinstance(expected[key], list) and isinstance(actual[key], list):
            yield from _set_differences(expected[key], actual[key], captures, f"{path}.{key}")
        else:
            yield from differences(expected[key], actual[key], captures, f"{path}.{key}")
    sent = [key for key in actual if key in expected]
    if sent != shared:
        yield f"{path}: expected keys in the order {', '.join(shared)}, got {', '.join(sent)}"


def _list_differences(expected: list[Any], actual: list[Any], captures: Mapping[str, Any], path: str) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"{path}: expected {len(expected)} items, got {len(actual)}: {short(actual)}"
        return
    for index, (wanted, got) in enumerate(zip(expected, actual, strict=True)):
        yield from differences(wanted, got, captures, f"{path}[{index}]")


def _set_differences(expected: list[Any], actual: list[Any], captures: Mapping[str, Any], path: str) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"{path}: expected {len(expected)} items, got {len(actual)}: {short(actual)}"
        return
    rest, unmatched = list(actual), list[Any]()
    for wanted in expected:
        at = next((i for i, got in enumerate(rest) if not any(differences(wanted, got, captures))), None)
        if at is None:
            unmatched.append(wanted)
        else:
            rest.pop(at)
    for wanted, got in zip(unmatched, rest, strict=True):
        yield from differences(wanted, got, captures, f"{path}[?]")
