"""The outbox on disk."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from roomwright.webhooks import FILE, Outbox, OutboxError, Store, outbox_directory
from roomwright.webhooks.store import FULL, MOST_DEAD, Batch
from tests.webhooks.letters import letter

KILLED = """
import os, pathlib, sys
from roomwright.webhooks import Outbox
outbox = Outbox(pathlib.Path(sys.argv[1]))
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def store(tmp_path: Path):
    store = Store(tmp_path / FILE)
    yield store
    store.close()


def waiting(store: Store, url: str = "http://a", queue: str = "standup") -> list[int]:
    return [each.sequence for each in store.head(url, queue, 100)]


def states(store: Store) -> dict[int, str]:
    return {row.sequence: row.state for row in store.rows(100)}


def test_a_letter_comes_back_as_it_was_put(store: Store):
    put = letter(7, body=b'{"a":"\xc3\xa4"}', since_ms=5, api_key="key", requested=True)
    assert store.write(Batch(letters=[put])) == [put]
    assert store.head(put.url, put.queue, 9) == [put]


def test_what_is_delivered_is_gone_with_its_event(store: Store):
    store.write(Batch(letters=[letter(1), letter(1, url="http://b"), letter(2)]))
    store.write(Batch(delivered=[(1, "http://a")]))
    assert (waiting(store), waiting(store, "http://b")) == ([2], [1])
    store.write(Batch(delivered=[(1, "http://b"), (2, "http://a")]))
    assert list(store.rows(10)) == []
    assert store._connection.execute("SELECT count(*) FROM events").fetchone() == (0,)


def test_queues_are_told_by_their_oldest_letter(store: Store):
    store.write(Batch(letters=[letter(3, queue="a"), letter(1, queue="b"), letter(2, queue="c")]))
    assert store.urls() == ["http://a"]
    assert store.queues("http://a", 2) == ["b", "c"]


def test_failures_and_deaths_are_remembered_with_their_reason(store: Store):
    store.write(Batch(letters=[letter(1), letter(2)]))
    store.write(Batch(failed=[("HTTP 500", 1, "http://a")], dead=[("HTTP 404", 2, "http://a")]))
    first, second = store.rows(10)
    assert (first.state, first.attempts, first.error) == ("waiting", 1, "HTTP 500")
    assert (second.state, second.attempts, second.error) == ("dead", 1, "HTTP 404")
    assert waiting(store) == [1]


def test_what_is_too_old_dies_with_its_queue(store: Store):
    letters = [letter(1, since_ms=10), letter(2, since_ms=20), letter(3, since_ms=30), letter(4, queue="other")]
    store.write(Batch(letters=letters))
    store.write(Batch(expired=[("HTTP 500", "http://a", "standup", 20)]))
    assert states(store) == {1: "dead", 2: "dead", 3: "waiting", 4: "waiting"}


def test_a_batch_is_written_whole_or_not_at_all(store: Store):
    broken = Batch(letters=[letter(1)], dead=[("reason", 1, object())])  # type: ignore[list-item]
    with pytest.raises(sqlite3.Error):
        store.write(broken)
    assert list(store.rows(10)) == []
    store.write(Batch(letters=[letter(2)]))
    assert waiting(store) == [2]


def test_an_outbox_that_is_full_keeps_what_comes_as_dead_letters(tmp_path: Path):
    store = Store(tmp_path / FILE, max_waiting=2)
    assert [each.sequence for each in store.write(Batch(letters=[letter(n) for n in range(1, 5)]))] == [1, 2]
    assert states(store) == {1: "waiting", 2: "waiting", 3: "dead", 4: "dead"}
    assert [row.error for row in store.rows(10)][2:] == [FULL, FULL]
    store.write(Batch(delivered=[(1, "http://a")]))
    assert len(store.write(Batch(letters=[letter(5), letter(6)]))) == 1
    store.close()


def test_the_oldest_of_too_many_dead_letters_are_forgotten(store: Store):
    store.write(Batch(letters=[letter(n) for n in range(MOST_DEAD + 10)]))
    store.write(Batch(dead=[("no", n, "http://a") for n in range(MOST_DEAD + 10)]))
    rows = list(store.rows(MOST_DEAD + 10))
    assert (len(rows), rows[0].sequence) == (MOST_DEAD, 10)


@pytest.mark.parametrize(
    ("chosen", "waits"),
    [
        ({}, [1, 2, 3]),
        ({"names": ["2"]}, [2]),
        ({"names": ["EV_1", "3"]}, [1, 3]),
        ({"names": ["EV_9", "nothing"]}, []),
        ({"url": "http://a"}, [1, 2, 3]),
        ({"url": "http://b"}, []),
        ({"url": "http://b", "names": ["1"]}, []),
    ],
)
def test_dead_letters_can_be_chosen_to_wait_again(store: Store, chosen, waits: list[int]):
    store.write(Batch(letters=[letter(n) for n in (1, 2, 3)]))
    store.write(Batch(dead=[("no", n, "http://a") for n in (1, 2, 3)]))
    assert store.replay(77, **chosen) == len(waits)
    assert waiting(store) == waits
    assert all(each.since_ms == 77 and each.attempts == 0 for each in store.head("http://a", "standup", 9))


def test_letters_for_urls_that_are_no_longer_configured_die_but_not_requested_ones(store: Store):
    store.write(Batch(letters=[letter(1), letter(2, url="http://b"), letter(3, url="http://c", requested=True)]))
    assert store.retire(["http://a"], "gone") == 1
    assert states(store) == {1: "waiting", 2: "dead", 3: "waiting"}


def test_what_another_process_changed_is_noticed_and_what_this_one_did_is_not(store: Store):
    store.write(Batch(letters=[letter(1)]))
    assert not store.changed()
    other = Store(store.path, create=False)
    other.write(Batch(letters=[letter(2)]))
    other.close()
    assert store.changed()
    assert not store.changed()


def test_sequences_go_on_after_all_is_delivered(tmp_path: Path):
    first = Outbox(tmp_path)
    first.store.write(Batch(letters=[letter(41)]))
    first.store.write(Batch(delivered=[(41, "http://a")]))
    first.close()
    second = Outbox(tmp_path)
    assert second.store.last_sequence() == 41
    second.close()


def test_two_servers_cannot_share_an_outbox(tmp_path: Path):
    first = Outbox(tmp_path)
    with pytest.raises(OutboxError, match=f"{tmp_path} is in use by another server"):
        Outbox(tmp_path)
    first.close()
    Outbox(tmp_path).close()


def test_a_server_that_was_killed_leaves_no_lock(tmp_path: Path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    Outbox(tmp_path).close()


def test_an_outbox_is_its_owners_alone(tmp_path: Path):
    Outbox(tmp_path / "state" / "outbox").close()
    assert (tmp_path / "state" / "outbox").stat().st_mode & 0o077 == 0


def test_what_is_no_outbox_is_refused_by_name(tmp_path: Path):
    (tmp_path / FILE).write_bytes(b"this is no database, however long it may be" * 100)
    with pytest.raises(OutboxError, match=f"{tmp_path / FILE} cannot be used"):
        Outbox(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match=r"file.* cannot be made: "):
        Outbox(tmp_path / "file" / "outbox")
    with pytest.raises(OutboxError, match="none"):
        Store(tmp_path / "none", create=False)


def test_an_outbox_of_a_newer_version_is_left_alone(tmp_path: Path):
    newer = sqlite3.connect(tmp_path / FILE)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(OutboxError, match=r"newer Roomwright .schema 99"):
        Outbox(tmp_path)


@pytest.mark.parametrize(
    ("configured", "environment", "path"),
    [
        ("/srv/outbox", {"STATE_DIRECTORY": "/var/lib/x"}, "/srv/outbox"),
        (None, {"STATE_DIRECTORY": "/var/lib/x:/var/lib/y", "XDG_STATE_HOME": "/s"}, "/var/lib/x/roomwright/outbox"),
        (None, {"XDG_STATE_HOME": "/s"}, "/s/roomwright/outbox"),
    ],
)
def test_where_the_outbox_is(configured, environment, path: str):
    assert outbox_directory(configured, environment) == Path(path)


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms keep state elsewhere")
def test_an_outbox_is_in_the_home_if_nothing_says_otherwise(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert outbox_directory(None, {}) == tmp_path / ".local/state/roomwright/outbox"
