"""Cross-origin rules."""

from multidict import CIMultiDict

from roomwright.wire import cors

ORIGIN = "https://app.example.com"


def test_a_preflight_is_an_options_request_that_names_a_verb() -> None:
    assert cors.is_preflight("OPTIONS", CIMultiDict({"access-control-request-method": "POST"}))
    assert not cors.is_preflight("OPTIONS", CIMultiDict())
    assert not cors.is_preflight("POST", CIMultiDict({"Access-Control-Request-Method": "POST"}))


def test_an_allowed_preflight_echoes_what_was_asked_for() -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a,x-b"}
    answer = cors.preflight(CIMultiDict(asked))
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "x-a,x-b"
    assert answer.headers["Access-Control-Max-Age"] == "86400"


def test_a_preflight_without_origin_or_for_another_verb_allows_nothing() -> None:
    for asked in (
        {"Access-Control-Request-Method": "POST"},
        {"Origin": ORIGIN, "Access-Control-Request-Method": "post"},
        {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"},
    ):
        answer = cors.preflight(CIMultiDict(asked))
        assert answer.status == 204
        assert [name for name in answer.headers if name.startswith("Access-Control")] == []
