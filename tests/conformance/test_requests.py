"""Recorded requests become bytes: every form of a body, variables, tokens in their place."""

import gzip

import pytest
from livekit.protocol.room import DeleteRoomRequest

from tests.conformance.requests import build
from tests.conformance.tokens import Credentials


def _build(variables=None, **recorded):
    return build({"method": "POST", "path": "/", **recorded}, variables or {}, Credentials())


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (None, None),
        ("{{a}}-{{unknown}}", b"1-{{unknown}}"),
        ("\ud83d", b"\xed\xa0\xbd"),
        ({"base64": "AP8="}, b"\x00\xff"),
        ({"repeat": ["<", "ab", 3, ">"]}, b"<ababab>"),
        ({"gzip": "text"}, gzip.compress(b"text", mtime=0)),
        ({"protobuf_json": {"room": "r"}, "type": "DeleteRoomRequest", "base64": "CgFy"}, b"\n\x01r"),
        (
            {"protobuf_json": {"room": "r{{a}}"}, "type": "DeleteRoomRequest", "base64": "CgFy"},
            DeleteRoomRequest(room="r1").SerializeToString(),
        ),
    ],
)
def test_every_form_of_a_body_is_sent(body, sent):
    assert _build({"a": 1}, body=body).body == sent


def test_an_unknown_form_of_a_body_is_refused():
    with pytest.raises(ValueError, match="unknown form"):
        _build(body={"xml": ""})


def test_headers_may_repeat_and_hold_tokens():
    headers = {"Authorization": ["Bearer {{t}}", "Bearer x"], "X": {"scheme": "S ", "token": {"raw": "{{a}}"}}}
    request = _build({"a": 1}, headers=headers, tokens={"t": {"raw": "tok-{{a}}"}}, path="/?t={{t}}")
    assert request.headers == (("Authorization", "Bearer tok-1"), ("Authorization", "Bearer x"), ("X", "S 1"))
    assert request.path == "/?t=tok-1"
