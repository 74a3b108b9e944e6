"""What people who watch are told of an outbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from roomwright.webhooks import FILE, Store
from roomwright.webhooks.schema import WAITING
from roomwright.webhooks.store import Batch
from roomwright.webhooks.summary import UrlSummary, dead_letters, replay, shown, summary
from tests.webhooks.letters import letter


def test_an_outbox_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert summary(tmp_path / FILE) == []
    assert summary(tmp_path / FILE, ["http://a/"]) == [UrlSummary(url="http://a/")]


def test_counts_what_waits_and_what_is_dead_while_the_server_has_it_open(tmp_path: Path) -> None:
    store = Store(tmp_path / FILE)
    a, b = "http://a/", "http://b/"
    letters = [letter(1, url=a, since_ms=7_000), letter(2, url=a, since_ms=9_000), letter(3, url=b, since_ms=9_000)]
    store.write(Batch(letters=letters))
    store.write(Batch(dead=[("503 Service Unavailable", 3, b)], failed=[("refused", 1, a)]))
    assert summary(tmp_path / FILE, [b, "http://c/"]) == [
        UrlSummary(url=b, dead=1, last_error="503 Service Unavailable"),
        UrlSummary(url="http://c/"),
        UrlSummary(url=a, pending=2, oldest=7, last_error="refused"),
    ]
    store.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [("https://a.example/hook", "https://a.example/hook"), ("https://u:p@a:1/h?key=1#x", "https://a:1/h?…")],
)
def test_secrets_in_a_url_are_not_told(url: str, told: str) -> None:
    assert shown(url) == told


def test_urls_that_are_shown_alike_are_one(tmp_path: Path) -> None:
    store = Store(tmp_path / FILE)
    one, other = "http://a/?key=1", "http://a/?key=2"
    store.write(Batch(letters=[letter(1, url=one, since_ms=9_000), letter(1, url=other, since_ms=7_000)]))
    assert summary(tmp_path / FILE, [one]) == [UrlSummary(url="http://a/?…", pending=2, oldest=7)]
    store.close()


@pytest.fixture
def dead(tmp_path: Path) -> Iterator[Store]:
    """Two letters that were given up at `http://a/?key=1`, one of them at `http://b/` too."""
    store = Store(tmp_path / FILE)
    keys = [(1, "http://a/?key=1"), (2, "http://a/?key=1"), (2, "http://b/")]
    store.write(Batch(letters=[letter(sequence, url=url, since_ms=7_000) for sequence, url in keys]))
    store.write(Batch(dead=[("410 Gone", *key) for key in keys]))
    yield store
    store.close()


def test_dead_letters_are_told_the_newest_first(tmp_path: Path, dead: Store) -> None:
    assert dead.count(WAITING) == 0
    told = dead_letters(tmp_path / FILE, 2)
    assert [(each.sequence, each.url, each.error, each.attempts) for each in told] == [
        (2, "http://a/?…", "410 Gone", 1),
        (2, "http://b/", "410 Gone", 1),
    ]
    assert dead_letters(tmp_path / "nothing", 2) == []


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ({}, []),
        ({"url": "http://a/?…"}, [(2, "http://b/")]),
        ({"url": "http://b/", "sequence": "2"}, [(2, "http://a/?…"), (1, "http://a/?…")]),
        ({"sequence": "2"}, [(1, "http://a/?…")]),
        ({"url": "http://a/"}, [(2, "http://a/?…"), (2, "http://b/"), (1, "http://a/?…")]),
    ],
)
def test_dead_letters_wait_again(
    tmp_path: Path, dead: Store, which: dict[str, str], left: list[tuple[int, str]]
) -> None:
    count = replay(tmp_path / FILE, 9_000, **which)
    assert [(each.sequence, each.url) for each in dead_letters(tmp_path / FILE, 9)] == left
    assert (dead.changed(), dead.count(WAITING)) == (True, count) if count else (False, 0)


def test_nothing_waits_again_where_there_is_no_outbox(tmp_path: Path) -> None:
    assert replay(tmp_path / FILE, 9_000) == 0
    assert not (tmp_path / FILE).exists()
