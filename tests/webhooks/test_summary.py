"""What people who watch are told of an outbox."""

from pathlib import Path

import pytest

from roomwright.webhooks import FILE, Store
from roomwright.webhooks.store import Batch
from roomwright.webhooks.summary import UrlSummary, shown, summary
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
