"""Request targets, as Go's path.Clean and net/http take them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomwright.wire.paths import clean, decoded, query_value, split_target


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/a/b", "/a/b", ""),
        ("/a?x=1&y=?", "/a", "x=1&y=?"),
        ("//a/b", "/a/b", ""),
        ("///a", "//a", ""),
        ("//", "/", ""),
        ("http://host:1/a?x", "/a", "x"),
        ("http://host", "/", ""),
        ("http://[/a", "http://[/a", ""),
        ("*", "*", ""),
    ],
)
def test_a_target_is_split_into_path_and_query(target: str, path: str, query: str) -> None:
    assert split_target(target) == (path, query)


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("/a//b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/../RoomService/x", "/RoomService/x"),
        ("/..", "/"),
        ("/./", "/"),
        ("//", "/"),
        ("/a/.", "/a"),
        ("/a/b/..", "/a"),
        ("*", "/*"),
        ("", "/"),
    ],
)
def test_a_path_is_cleaned(path: str, cleaned: str) -> None:
    assert clean(path) == cleaned


@given(st.text(alphabet="/.ab%", max_size=30))
def test_cleaning_twice_is_cleaning_once(path: str) -> None:
    once = clean("/" + path)
    assert clean(once) == once
    assert once.startswith("/")
    assert "//" not in once


def test_escapes_are_resolved_but_never_make_a_new_segment() -> None:
    assert decoded("/twirp/livekit.Room%53ervice/List%52ooms") == "/twirp/livekit.RoomService/ListRooms"
    assert decoded("/twirp/livekit.RoomService%2FListRooms") == "/twirp/livekit.RoomService%2FListRooms"


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("access_token=abc", "abc"),
        ("x=1&access_token=a%2Bb&access_token=second", "a+b"),
        ("access_token=", ""),
        ("token=abc", ""),
        ("", ""),
        ("access_token=%ff", "\ufffd"),
    ],
)
def test_a_value_is_found_in_a_query(query: str, value: str) -> None:
    assert query_value(query, "access_token") == value


@given(st.text(max_size=200))
def test_any_query_can_be_read(query: str) -> None:
    assert isinstance(query_value(query, "access_token"), str)


def test_a_query_of_thousands_of_fields_has_no_token() -> None:
    assert query_value("&".join(["access_token=x"] * 2000), "access_token") == ""
