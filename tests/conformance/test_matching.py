"""Placeholders, order of keys, lists without an order, paths into values."""

import pytest

from tests.conformance.matching import differences, find


def _differences(expected, actual, captures=None):
    return list(differences(expected, actual, captures or {}))


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("<sid:RM>", "RM_aB3dE6gH9jK2"),
        ("<unix_s>", "1750000000"),
        ("<unix_ms>", "1750000000000"),
        ("<unix_us>", "1750000000000000"),
        ("<unix_ns>", "1750000000000000000"),
        ("<digits>", "7"),
        ("<secret>", "aZ0_-+/="),
        ("<rfc3339>", "2026-01-02T03:04:05.123456789Z"),
        ("<uuid>", "01234567-89ab-cdef-0123-456789abcdef"),
        ("<any>", {"any": ["thing"]}),
        ("a<any> z", "a\nb z"),
        ("<int>", 12),
        ("<=room>/<sid:TR>", "a.b/TR_12345678"),
        ("not <a placeholder>", "not <a placeholder>"),
    ],
)
def test_a_placeholder_takes_what_it_stands_for(expected, actual):
    assert _differences(expected, actual, {"room": "a.b"}) == []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("<sid:RM>", "PA_aB3dE6gH9jK2"),
        ("<sid:RM>", "RM_short"[:7]),
        ("<sid:RM>", " RM_aB3dE6gH9jK2"),
        ("<unix_s>", "1750000000000"),
        ("<unix_s>", 1750000000),
        ("<secret>", ""),
        ("<int>", "12"),
        ("<int>", True),
        ("<=room>", "aXb"),
        ("<=nothing_captured>", "<=nothing_captured>x"),
        (1, True),
        (0, False),
        (1, 1.0),
        (None, ""),
        ([], {}),
    ],
)
def test_a_placeholder_or_value_takes_nothing_else(expected, actual):
    assert len(_differences(expected, actual, {"room": "a.b"})) == 1


def test_missing_and_unexpected_keys_are_named_by_their_path():
    found = _differences({"room": {"sid": "x", "name": "a"}}, {"room": {"name": "a", "extra": 1}})
    assert found == ['$.room.sid: missing, expected "x"', "$.room.extra: unexpected, got 1"]


def test_keys_must_come_in_the_recorded_order():
    assert _differences({"a": 1, "b": 2}, {"b": 2, "a": 1}) == ["$: expected keys in the order a, b, got b, a"]


def test_lists_have_an_order():
    assert len(_differences({"names": ["a", "b"]}, {"names": ["b", "a"]})) == 2
    assert _differences({"names": ["a"]}, {"names": []}) == ["$.names: expected 1 items, got 0: []"]


def test_lists_of_rooms_and_the_like_have_none():
    expected = {"rooms": [{"name": "<any>", "sid": "<sid:RM>"}, {"name": "a", "sid": "<sid:RM>"}]}
    actual = {"rooms": [{"name": "a", "sid": "RM_12345678"}, {"name": "b", "sid": "RM_12345678"}]}
    assert _differences({"rooms": actual["rooms"][::-1]}, actual) == []
    assert _differences({"rooms": expected["rooms"][::-1]}, actual) == []
    assert len(_differences({"rooms": [actual["rooms"][0]] * 2}, actual)) == 1


def test_a_path_finds_by_key_index_and_field():
    value = {"rooms": [{"name": "a", "tracks": [{"sid": "TR_1"}]}, {"name": "b", "tracks": []}]}
    assert find(value, "$.rooms[name=a].tracks[0].sid") == "TR_1"
    for nowhere in ("$.rooms[name=c].sid", "$.rooms[5]", "$.x"):
        with pytest.raises(LookupError):
            find(value, nowhere)
