"""The outbox as tables of SQLite: what waits, what is dead. Knows no threads, no network, no time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from roomwright.webhooks.letter import Letter
from roomwright.webhooks.schema import DEAD, WAITING, connect

MOST_DEAD = 10_000
"""Dead letters that are kept; the oldest go first."""
FULL = "the outbox was full (webhook.max_waiting)"

Key = tuple[int, str]
"""A letter's sequence and URL."""


@dataclass(slots=True)
class Batch:
    """What is written at once, in this order."""

    letters: list[Letter] = field(default_factory=list[Letter])
    delivered: list[Key] = field(default_factory=list[Key])
    failed: list[tuple[str, int, str]] = field(default_factory=list[tuple[str, int, str]])
    """Reason, sequence, URL: will be tried again."""
    dead: list[tuple[str, int, str]] = field(default_factory=list[tuple[str, int, str]])
    """The same: will not."""
    expired: list[tuple[str, str, str, int]] = field(default_factory=list[tuple[str, str, str, int]])
    """Reason, URL, queue, milliseconds: all of the queue whose time began before."""

    def __bool__(self) -> bool:
        return bool(self.letters or self.delivered or self.failed or self.dead or self.expired)

    def followed_by(self, later: "Batch") -> "Batch":
        """Both as one."""
        return Batch(
            letters=self.letters + later.letters,
            delivered=self.delivered + later.delivered,
            failed=self.failed + later.failed,
            dead=self.dead + later.dead,
            expired=self.expired + later.expired,
        )


class Row(NamedTuple):
    """A letter as people are shown it."""

    sequence: int
    url: str
    event_id: str
    event: str
    room: str
    queue: str
    state: str
    attempts: int
    since_ms: int
    error: str


class Store:
    """An open outbox. Not safe for use from two threads at a time; other processes may have the file open too."""

    def __init__(self, path: Path, *, create: bool = True, max_waiting: int = 1_000_000) -> None:
        self.path = path
        self._connection = connect(path, create=create)
        self._max_waiting = max_waiting
        self._version = self._data_version()
        self._waiting = self.count(WAITING)

    def __repr__(self) -> str:
        return f"<Store {self.path}>"

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def write(self, batch: Batch) -> list[Letter]:
        """Write a batch, all of it or nothing; it is on disk on return. Returns the letters that wait now."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            waiting = self._apply(batch)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._waiting = self.count(WAITING)
            raise
        return waiting

    def _apply(self, batch: Batch) -> list[Letter]:
        waiting = self._add(batch.letters) if batch.letters else []
        if batch.delivered:
            self._waiting -= self._many("DELETE FROM deliveries WHERE sequence = ? AND url = ?", batch.delivered)
            self._many(_FORGET, [(sequence,) * 2 for sequence, _ in batch.delivered])
        self._many(_FAILED, batch.failed)
        buried = self._many(_BURY + "attempts = attempts + 1 WHERE state = 0 AND sequence = ? AND url = ?", batch.dead)
        buried += self._many(
            _BURY + "attempts = attempts WHERE state = 0 AND url = ? AND queue = ? AND since_ms <= ?", batch.expired
        )
        self._waiting -= buried
        if buried:
            self._trim()
        return waiting

    def _add(self, letters: list[Letter]) -> list[Letter]:
        free = max(0, self._max_waiting - self._waiting)
        waiting, rest = letters[:free], letters[free:]
        self._many("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", map(_event, letters))
        self._waiting += self._many(_INSERT, [_delivery(letter, WAITING, "") for letter in waiting])
        if rest:
            self._many(_INSERT, [_delivery(letter, DEAD, FULL) for letter in rest])
            self._trim()
        last = max(letter.sequence for letter in letters)
        self._connection.execute("UPDATE life SET last_sequence = max(last_sequence, ?)", (last,))
        return waiting

    def _many(self, statement: str, rows: Iterable[Sequence[object]]) -> int:
        """Run a statement for each row; how many rows of the table it changed."""
        return max(0, self._connection.executemany(statement, rows).rowcount)

    def _trim(self) -> None:
        """Keep the newest of the dead."""
        dead = self._connection.execute("SELECT count(*) FROM deliveries WHERE state = 1").fetchone()[0]
        if dead > MOST_DEAD:
            self._connection.execute(_TRIM, (dead - MOST_DEAD,))
            self._connection.execute("DELETE FROM events WHERE sequence NOT IN (SELECT sequence FROM deliveries)")

    # what is there

    def last_sequence(self) -> int:
        """The largest sequence that was ever in here; 0 if none was."""
        return self._connection.execute("SELECT last_sequence FROM life").fetchone()[0]

    def count(self, state: int) -> int:
        """How many letters wait, or are dead."""
        return self._connection.execute("SELECT count(*) FROM deliveries WHERE state = ?", (state,)).fetchone()[0]

    def urls(self) -> list[str]:
        """Where letters wait to go."""
        return [url for (url,) in self._connection.execute("SELECT DISTINCT url FROM deliveries WHERE state = 0")]

    def queues(self, url: str, most: int) -> list[str]:
        """Queues of a URL in which letters wait, at most so many, the one with the oldest letter first."""
        return [queue for (queue,) in self._connection.execute(_QUEUES, (url, most))]

    def head(self, url: str, queue: str, most: int) -> list[Letter]:
        """The first letters of a queue, at most so many."""
        return [
            Letter(url=url, queue=queue, requested=bool(requested), **dict(zip(_HEAD_FIELDS, row, strict=True)))
            for requested, *row in self._connection.execute(_HEAD, (url, queue, most))
        ]

    def changed(self) -> bool:
        """Whether another process has written since this was last asked."""
        before, self._version = self._version, self._data_version()
        if before != self._version:
            self._waiting = self.count(WAITING)
        return before != self._version

    def _data_version(self) -> int:
        return self._connection.execute("PRAGMA data_version").fetchone()[0]

    # for people

    def rows(self, most: int, state: int | None = None) -> Iterator[Row]:
        """Letters by sequence, at most so many: all, or those that wait, or those that are dead."""
        for row in self._connection.execute(_ROWS, {"most": most, "state": state}):
            yield Row(*row)

    def retire(self, urls: Iterable[str], reason: str) -> int:
        """Let letters die that nobody requested and whose URL is none of `urls`; how many there were."""
        marks = list(urls)
        holes = ", ".join("?" * len(marks))
        statement = f"{_BURY} attempts = attempts WHERE state = 0 AND requested = 0 AND url NOT IN ({holes})"
        retired = self._connection.execute(statement, (reason, *marks)).rowcount
        self._waiting -= retired
        return retired

    def replay(self, now_ms: int, *, names: Sequence[str] = (), url: str | None = None) -> int:
        """Let dead letters wait again, their time beginning anew: those of `url`, or named by sequence or event id.

        Neither means all. Returns how many there were.
        """
        statement = _REPLAY if url is None else f"{_REPLAY} AND url = :url"
        if names:
            statement += _NAMED
        rows = [{"now": now_ms, "url": url, "name": name} for name in names or ("",)]
        replayed = sum(self._connection.execute(statement, row).rowcount for row in rows)
        self._waiting += replayed
        return replayed


def _event(letter: Letter) -> tuple[object, ...]:
    return letter.sequence, letter.event_id, letter.name, letter.room, letter.body


def _delivery(letter: Letter, state: int, error: str) -> tuple[object, ...]:
    return (
        letter.sequence,
        letter.url,
        letter.queue,
        letter.api_key,
        letter.requested,
        state,
        letter.since_ms,
        error,
    )


_INSERT = """
INSERT OR IGNORE INTO deliveries (sequence, url, queue, api_key, requested, state, since_ms, error)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_FAILED = "UPDATE deliveries SET attempts = attempts + 1, error = ? WHERE sequence = ? AND url = ?"
_FORGET = "DELETE FROM events WHERE sequence = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE sequence = ?)"
_BURY = "UPDATE deliveries SET state = 1, error = ?, "
_TRIM = """
DELETE FROM deliveries WHERE (sequence, url) IN (
    SELECT sequence, url FROM deliveries WHERE state = 1 ORDER BY sequence LIMIT ?
)
"""
_QUEUES = """
SELECT queue FROM deliveries WHERE state = 0 AND url = ? GROUP BY queue ORDER BY min(sequence) LIMIT ?
"""
_HEAD = """
SELECT requested, sequence, id, name, room, body, since_ms, api_key, attempts
FROM deliveries JOIN events USING (sequence) WHERE state = 0 AND url = ? AND queue = ? ORDER BY sequence LIMIT ?
"""
_HEAD_FIELDS = ("sequence", "event_id", "name", "room", "body", "since_ms", "api_key", "attempts")
_ROWS = """
SELECT sequence, url, id, name, room, queue, iif(state = 0, 'waiting', 'dead'), attempts, since_ms, error
FROM deliveries JOIN events USING (sequence) WHERE state = ifnull(:state, state) ORDER BY sequence, url LIMIT :most
"""
_REPLAY = "UPDATE deliveries SET state = 0, attempts = 0, error = '', since_ms = :now WHERE state = 1"
_NAMED = " AND (CAST(sequence AS TEXT) = :name OR sequence IN (SELECT sequence FROM events WHERE id = :name))"
