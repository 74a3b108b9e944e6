"""What counts in an answer and what does not."""

import json

import pytest

from tests.conformance.cases import Response, load
from tests.conformance.compare import mismatches
from tests.conformance.rawhttp import Answer

JSON = {"content-type": "application/json", "vary": "Origin"}
NOT_FOUND = Response(
    status=404, headers=JSON, body={"json": {"code": "not_found", "msg": "no", "meta": {"a": "1"}}}, compact=True
)


def _mismatches(expected: Response, status: int, headers: dict[str, str], body: bytes) -> list[str]:
    return mismatches(expected, Answer(status=status, headers=headers, body=body), {})


def test_sentences_and_other_headers_do_not_count():
    body = b'{"code":"not_found","msg":"something else","meta":{"a":"2"}}'
    assert _mismatches(NOT_FOUND, 404, JSON | {"server": "x"}, body) == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b'{"code":"internal","msg":"no","meta":{"a":"1"}}', "body.code: expected not_found, got internal (no)"),
        (b'{"code":"not_found","msg":"","meta":{"a":"1"}}', 'body.msg: expected a sentence, got ""'),
        (b'{"code":"not_found","msg":"no","meta":{"b":"1"}}', "body.meta: expected keys ['a'], got ['b']"),
        (
            b'{"msg":"no","code":"not_found","meta":{"a":"1"}}',
            "body: expected keys code, msg, meta, got msg, code, meta",
        ),
        (b'{"code":"not_found", "msg":"no","meta":{"a":"1"}}', "body: expected no white space between tokens"),
        (b"no", "body: expected JSON"),
        (b"[]", "body: expected a Twirp error with code not_found, got []"),
    ],
)
def test_of_a_twirp_error_code_keys_and_form_count(body, complaint):
    assert [found[: len(complaint)] for found in _mismatches(NOT_FOUND, 404, JSON, body)] == [complaint]


def test_white_space_inside_strings_does_not_count():
    expected = Response(status=200, headers={}, body={"json": {"a": 'b "c" d'}}, compact=True)
    assert _mismatches(expected, 200, {}, rb'{"a":"b \"c\" d"}') == []


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        ({"vary": "Origin"}, "header content-type: expected application/json, got None"),
        (
            JSON | {"content-type": "application/json; charset=utf-8"},
            "header content-type: expected application/json, ",
        ),
        ({"content-type": "application/json"}, "header vary: expected Origin, got None"),
        (JSON | {"access-control-allow-origin": "*"}, "header access-control-allow-origin: unexpected, got *"),
    ],
)
def test_headers_that_clients_read_count(headers, complaint):
    body = b'{"code":"not_found","msg":"no","meta":{"a":"1"}}'
    assert [found[: len(complaint)] for found in _mismatches(NOT_FOUND, 404, headers, body)] == [complaint]


def test_plain_text_counts_in_successes_only():
    refusal = Response(status=401, headers={}, body="go away")
    assert _mismatches(refusal, 401, {}, b"please do not") == []
    assert _mismatches(refusal, 401, {}, b"") == ['body: expected "go away", got ""']
    success = Response(status=200, headers={}, body="OK")
    assert _mismatches(success, 200, {}, b"ok") == ['body: expected "OK", got "ok"']


def test_protobuf_answers_are_compared_as_messages():
    expected = Response(status=200, headers={}, body={"type": "Room", "protobuf_json": {"name": "a"}})
    assert _mismatches(expected, 200, {}, b"\x12\x01a") == []
    assert _mismatches(expected, 200, {}, b"\x12\x01b") == ['body.name: expected "a", got "b"']


@pytest.mark.parametrize("attributes", [{"a": "1", "b": "2"}, {"b": "2", "a": "1"}])
def test_maps_of_protobuf_answers_have_no_order(attributes):
    message = {"identity": "x", "attributes": attributes}
    expected = Response(status=200, headers={}, body={"type": "ParticipantInfo", "protobuf_json": message})
    body = b"\x12\x01x" + b"\x7a\x06\x0a\x01a\x12\x011" + b"\x7a\x06\x0a\x01b\x12\x012"
    assert _mismatches(expected, 200, {}, body) == []


def test_every_recorded_answer_matches_itself():
    for case in load():
        recorded = case.main.response
        match recorded.body:
            case {"json": value}:
                body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            case str(body):
                pass
            case _:
                continue
        captures = {"s": "<=s>"}
        answer = Answer(status=recorded.status, headers=dict(recorded.headers), body=body.encode())
        found = [line for line in mismatches(recorded, answer, captures) if "<int>" not in line]
        assert found == [], case.name
