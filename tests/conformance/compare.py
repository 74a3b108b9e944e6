"""Compares an answer with an expected one: status, headers that clients read, codes and JSON; never sentences.

Of a Twirp error the code and the keys of its meta count, of a plain-text refusal only that there is a text.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance import protobuf
from tests.conformance.cases import Response
from tests.conformance.matching import differences, short, text_matches
from tests.conformance.rawhttp import Answer

_EXACT = ("content-type", "access-control-")  # neither missing nor unexpected
_WHERE_RECORDED = ("vary", "location")
_WHITE_SPACE_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|(\s)')


def mismatches(expected: Response, answer: Answer, captures: Mapping[str, Any]) -> list[str]:
    """Every way in which the answer is not the expected one, one line each; empty when it is."""
    status = [] if answer.status == expected.status else [f"status: expected {expected.status}, got {answer.status}"]
    return [*status, *_header_mismatches(expected, answer, captures), *_body_mismatches(expected, answer, captures)]


def json_body(answer: Answer) -> Any:
    """The answer's body as JSON; ValueError when it is none."""
    return json.loads(answer.body)


def _header_mismatches(expected: Response, answer: Answer, captures: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(expected.headers.keys() | answer.headers.keys()):
        wanted, got = expected.headers.get(name), answer.headers.get(name)
        if not name.startswith((*_EXACT, *_WHERE_RECORDED)):
            continue
        if wanted is None and name.startswith(_EXACT):
            yield f"header {name}: unexpected, got {got}"
        if wanted is not None and (got is None or not text_matches(wanted, got, captures)):
            yield f"header {name}: expected {wanted}, got {got}"


def _body_mismatches(expected: Response, answer: Answer, captures: Mapping[str, Any]) -> Iterator[str]:
    match expected.body:
        case "<any>":
            return
        case str(text):
            yield from _text_mismatches(text, expected.status, answer.body)
        case {"json": wanted}:
            yield from _json_mismatches(wanted, expected, answer, captures)
        case {"type": name, "protobuf_json": wanted}:
            # binary messages and their maps have no order of keys that means anything
            yield from differences(_sorted(wanted), _sorted(protobuf.decode(name, answer.body)), captures, "body")
        case {"base64": data}:
            if base64.b64decode(data) != answer.body:
                yield f"body: expected base64 {data}, got {answer.body[:80]!r}"
        case _:
            raise ValueError(f"unknown form of a recorded body: {expected.body}")


def _sorted(value: Any) -> Any:
    match value:
        case dict():
            return {name: _sorted(value[name]) for name in sorted(value)}
        case list():
            return [_sorted(item) for item in value]
        case _:
            return value


def _text_mismatches(wanted: str, status: int, body: bytes) -> Iterator[str]:
    got = body.decode("utf-8", "replace")
    if status >= 400 and wanted and got:
        return  # a sentence for people
    if wanted != got:
        yield f"body: expected {short(wanted)}, got {short(got)}"


def _json_mismatches(wanted: Any, expected: Response, answer: Answer, captures: Mapping[str, Any]) -> Iterator[str]:
    try:
        got = json_body(answer)
    except ValueError:
        yield f"body: expected JSON {short(wanted)}, got {answer.body[:80]!r}"
        return
    if is_twirp_error(wanted):
        yield from _error_mismatches(wanted, got)
    else:
        yield from differences(wanted, got, captures, "body")
    if expected.compact and _has_white_space(answer.body.decode()):
        yield "body: expected no white space between tokens"


def is_twirp_error(value: Any) -> bool:
    """Whether a JSON value is a Twirp error."""
    return isinstance(value, dict) and "code" in value and "msg" in value


def _error_mismatches(wanted: dict[str, Any], got: Any) -> Iterator[str]:
    if not is_twirp_error(got):
        yield f"body: expected a Twirp error with code {wanted['code']}, got {short(got)}"
        return
    if list(got) != list(wanted):
        yield f"body: expected keys {', '.join(wanted)}, got {', '.join(got)}"
    if got["code"] != wanted["code"]:
        yield f"body.code: expected {wanted['code']}, got {got['code']} ({got['msg']})"
    if not (isinstance(got["msg"], str) and got["msg"]):
        yield f"body.msg: expected a sentence, got {short(got['msg'])}"
    wanted_meta, got_meta = wanted.get("meta", {}), got.get("meta", {})
    if wanted_meta.keys() != got_meta.keys():
        yield f"body.meta: expected keys {sorted(wanted_meta)}, got {sorted(got_meta)}"


def _has_white_space(text: str) -> bool:
    return any(found[1] for found in _WHITE_SPACE_OR_STRING.finditer(text))
