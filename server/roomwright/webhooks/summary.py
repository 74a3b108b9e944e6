"""What an outbox holds, for people who watch, and what they let be delivered again.

Works on the file beside the server's own connection, as the command line does. People are not shown what may be secret
in a URL, so they name URLs without it: those that are shown alike are one to them.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from roomwright.webhooks.store import Store

_BUSY_S = 2.0
_BY_URL = """
SELECT url, sum(state = 0), sum(state = 1), coalesce(min(iif(state = 0, since_ms, NULL)), 0)
FROM deliveries GROUP BY url ORDER BY url
"""
_LAST_ERROR = "SELECT error FROM deliveries WHERE url = ? AND error != '' ORDER BY sequence DESC LIMIT 1"
_DEAD = """
SELECT sequence, url, name, room, attempts, since_ms, error
FROM deliveries JOIN events USING (sequence) WHERE state = 1 ORDER BY sequence DESC, url LIMIT ?
"""
_DEAD_URLS = "SELECT DISTINCT url FROM deliveries WHERE state = 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSummary:
    """Deliveries to one URL: how many wait, since when the oldest does (seconds since 1970, 0: none), how many died."""

    url: str
    pending: int = 0
    dead: int = 0
    oldest: int = 0
    last_error: str = ""

    def __add__(self, other: "UrlSummary") -> "UrlSummary":
        """Both URLs as one."""
        since = [each for each in (self.oldest, other.oldest) if each]
        return UrlSummary(
            url=self.url,
            pending=self.pending + other.pending,
            dead=self.dead + other.dead,
            oldest=min(since, default=0),
            last_error=self.last_error or other.last_error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that was given up; `since` is in seconds since 1970."""

    sequence: int
    url: str
    event: str
    room: str
    attempts: int
    since: int
    error: str


def summary(file: Path, configured: Iterable[str] = ()) -> list[UrlSummary]:
    """By URL, the configured ones first. An outbox that is not there holds nothing. Raises sqlite3.Error."""
    found = {url: UrlSummary(url=url) for url in configured}
    if file.exists():
        found |= {each.url: each for each in _read(file)}
    told: dict[str, UrlSummary] = {}
    for each in found.values():
        url = shown(each.url)
        told[url] = told[url] + each if url in told else replace(each, url=url)
    return list(told.values())


def dead_letters(file: Path, most: int) -> list[DeadLetter]:
    """What was given up last, at most so many, the newest first. Raises sqlite3.Error."""
    if not file.exists():
        return []
    with closing(_reading(file)) as connection:
        rows = connection.execute(_DEAD, (most,)).fetchall()
    return [
        DeadLetter(
            sequence=sequence,
            url=shown(url),
            event=event,
            room=room,
            attempts=attempts,
            since=since // 1000,
            error=error,
        )
        for sequence, url, event, room, attempts, since, error in rows
    ]


def replay(file: Path, now_ms: int, *, url: str = "", sequence: str = "") -> int:
    """Let dead letters wait again: those of a URL as it is shown, or one of them; without either, all.

    Returns how many there were; a server that runs takes them up within a second. Raises sqlite3.Error, OutboxError.
    """
    if not file.exists():
        return 0
    with closing(_reading(file)) as connection:
        urls = [each for (each,) in connection.execute(_DEAD_URLS) if url in {"", shown(each)}]
    names: Sequence[str] = (sequence,) if sequence else ()
    with closing(Store(file, create=False)) as store:
        return sum(store.replay(now_ms, names=names, url=each) for each in urls)


def shown(url: str) -> str:
    """A URL without what may be a secret in it."""
    parts = urlsplit(url)
    return parts._replace(
        netloc=parts.netloc.rpartition("@")[2], query="…" if parts.query else "", fragment=""
    ).geturl()


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", timeout=_BUSY_S, uri=True)


def _read(file: Path) -> list[UrlSummary]:
    with closing(_reading(file)) as connection:
        rows = connection.execute(_BY_URL).fetchall()
        errors = {url: connection.execute(_LAST_ERROR, (url,)).fetchone() for url, *_ in rows}
    return [
        UrlSummary(url=url, pending=pending, dead=dead, oldest=oldest // 1000, last_error=(errors[url] or ("",))[0])
        for url, pending, dead, oldest in rows
    ]
