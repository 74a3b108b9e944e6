"""Every recorded Twirp request: what the reference server could not decode is refused, everything else is read.

A recorded answer to a JSON request also shows the form: read and written again, it stays what it was.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from roomwright import codec
from tests.codec import reference

RECORDINGS = Path(__file__).resolve().parents[1] / "conformance" / "recordings" / "http"
MALFORMED = "malformed"


class Recorded(NamedTuple):
    """A request body with what became of it."""

    id: str
    method: Any
    body: bytes
    is_json: bool
    answer: Any

    @property
    def is_malformed(self) -> bool:
        return isinstance(self.answer, dict) and self.answer.get("code") == MALFORMED


def recorded() -> Iterator[Recorded]:
    for file in sorted(RECORDINGS.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line:
                yield from recorded_request(json.loads(line))


def recorded_request(case: dict[str, Any]) -> Iterator[Recorded]:
    request, response = case["request"], case["response"]
    content_type = str((request.get("headers") or {}).get("Content-Type"))
    method = twirp_method(request["path"])
    is_answered = response["status"] == 200 or was_malformed(response)
    if method is None or request["method"] != "POST" or request.get("chunked") or not is_answered:
        return
    body, answer = raw_body(request.get("body")), response["body"]
    if content_type in {"application/json", "application/protobuf"} and b"{{" not in body:
        yield Recorded(case["id"], method, body, content_type.endswith("json"), answer.get("json"))


def was_malformed(response: dict[str, Any]) -> bool:
    body = response["body"]
    return isinstance(body, dict) and isinstance(body.get("json"), dict) and body["json"].get("code") == MALFORMED


def twirp_method(path: str) -> Any:
    prefix, _, name = path.rpartition("/")
    try:
        service = reference.POOL.FindServiceByName(prefix.removeprefix("/twirp/"))
    except KeyError:
        return None
    return service.methods_by_name.get(name)


def raw_body(body: Any) -> bytes:
    match body:
        case str():
            return body.encode()
        case {"base64": data}:
            return base64.b64decode(data)
        case {"repeat": [prefix, unit, count, suffix]}:
            return (prefix + unit * count + suffix).encode()
        case _:
            return b""


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of deprecated messages
CASES = list(recorded())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_recorded_request_is_read_or_refused_as_recorded(case: Recorded):
    message_type = reference.CLASSES[case.method.input_type.full_name]
    read = codec.from_twirp_json if case.is_json else codec.decode
    if case.is_malformed:
        with pytest.raises(codec.CodecError):
            read(message_type, case.body)
    else:
        assert type(read(message_type, case.body)) is message_type


def test_there_are_enough_of_both():
    assert sum(case.is_malformed for case in CASES) > 80
    assert sum(not case.is_malformed for case in CASES) > 150


def has_placeholder(tree: Any) -> bool:
    return "<" in json.dumps(tree)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.answer is not None and not c.is_malformed and not has_placeholder(c.answer)],
    ids=lambda case: case.id,
)
def test_a_recorded_answer_has_the_form_of_twirp_json(case: Recorded):
    message_type = reference.CLASSES[case.method.output_type.full_name]
    message = codec.from_twirp_json(message_type, json.dumps(case.answer).encode())
    written = codec.to_twirp_json(message)
    assert json.loads(written, object_pairs_hook=list) == in_pairs(case.answer)


def in_pairs(tree: Any) -> Any:
    return json.loads(json.dumps(tree), object_pairs_hook=list)
