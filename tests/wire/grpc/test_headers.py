"""Statuses, messages and time-outs as header text."""

import re

import pytest
from grpclib.const import Status
from grpclib.metadata import decode_grpc_message
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.errors import Code, ServiceError
from roomwright.wire.grpc.headers import META_PREFIX, STATUS, refusal, timeout

TEXT = st.text() | st.text(st.characters(categories=["Cs", "Lo", "Cc"]))


def test_every_code_has_a_status():
    assert set(STATUS) == set(Code)


def test_all_statuses_but_ok_are_used():
    assert set(STATUS.values()) == set(Status) - {Status.OK}


@pytest.mark.parametrize("code", set(Code) - {Code.MALFORMED, Code.BAD_ROUTE, Code.CANCELED})
def test_codes_and_statuses_have_the_same_names(code: Code):
    assert STATUS[code].name == code.name


def test_twirps_own_codes_have_the_nearest_status():
    assert STATUS[Code.MALFORMED] is Status.INVALID_ARGUMENT
    assert STATUS[Code.BAD_ROUTE] is Status.UNIMPLEMENTED
    assert STATUS[Code.CANCELED] is Status.CANCELLED


def test_a_refusal_is_trailers_only():
    headers = refusal(ServiceError(Code.NOT_FOUND, "no room 'é'", {"argument": "room"}))
    assert headers == [
        (":status", "200"),
        ("content-type", "application/grpc"),
        ("grpc-accept-encoding", "identity"),
        ("grpc-status", "5"),
        ("grpc-message", "no room '%C3%A9'"),
        ("roomwright-meta-argument", "room"),
    ]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("argument", "argument"),
        ("Some Key", "some-key"),
        ("twirp_invalid_route", "twirp_invalid_route"),
        ("picture-bin", "picture_bin"),
        ("-bin", "_bin"),
        ("a\r\nb: c", "a--b--c"),
    ],
)
def test_meta_keys_become_header_names(key: str, name: str):
    headers = dict(refusal(ServiceError(Code.INTERNAL, "", {key: "v"})))
    assert headers[META_PREFIX + name] == "v"


def test_a_short_message_arrives_whole():
    text = "ü" * 300
    assert decode_grpc_message(dict(refusal(ServiceError(Code.INTERNAL, text)))["grpc-message"]) == text


@given(TEXT, st.dictionaries(TEXT, TEXT, max_size=12))
def test_no_refusal_can_break_its_headers(message: str, meta: dict[str, str]):
    for name, value in refusal(ServiceError(Code.INTERNAL, message, meta))[3:]:
        assert re.fullmatch(r"[0-9a-z_.-]+", name)
        assert not name.endswith("-bin")
        assert re.fullmatch(r"[ -~]*", value)


@settings(max_examples=25, deadline=None)
@given(st.text("aé€😀", min_size=10).map(lambda text: text * 300))
def test_no_refusal_is_larger_than_clients_take(text: str):
    headers = refusal(ServiceError(Code.INTERNAL, text, {f"{text}{n}": text for n in range(20)}))
    assert sum(len(name) + len(value) + 32 for name, value in headers) < 8192
    shown = decode_grpc_message(dict(headers)["grpc-message"])
    assert shown
    assert text.startswith(shown)


@pytest.mark.parametrize(
    ("value", "seconds"), [("1H", 3600), ("2M", 120), ("3S", 3), ("4m", 0.004), ("5u", 5e-6), ("6n", 6e-9), ("0S", 0)]
)
def test_timeouts_have_units(value: str, seconds: float):
    assert timeout(value) == pytest.approx(seconds)


def test_no_timeout_is_no_limit():
    assert timeout(None) is None


@pytest.mark.parametrize(
    "value", ["", "5", "S", "5s", "-1S", "1.5S", "123456789S", "٣S", "1S\n", " 1S", "9" * 5000 + "H"]
)
def test_what_is_no_timeout_is_refused(value: str):
    with pytest.raises(ServiceError, match="grpc-timeout") as caught:
        timeout(value)
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_the_longest_timeout_is_a_number_that_timers_take():
    assert timeout("99999999H") == 99999999 * 3600
