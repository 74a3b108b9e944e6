"""What an outbox holds, by URL, for people who watch. Reads beside the server's own connection, and changes nothing."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

_BUSY_S = 2.0
_BY_URL = """
SELECT url, sum(state = 0), sum(state = 1), coalesce(min(iif(state = 0, since_ms, NULL)), 0)
FROM deliveries GROUP BY url ORDER BY url
"""
_LAST_ERROR = "SELECT error FROM deliveries WHERE url = ? AND error != '' ORDER BY sequence DESC LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSummary:
    """Deliveries to one URL: how many wait, since when the oldest does (seconds since 1970, 0: none), how many died."""

    url: str
    pending: int = 0
    dead: int = 0
    oldest: int = 0
    last_error: str = ""


def summary(file: Path, configured: Iterable[str] = ()) -> list[UrlSummary]:
    """By URL, the configured ones first. An outbox that is not there holds nothing. Raises sqlite3.Error."""
    found = {url: UrlSummary(url=url) for url in configured}
    if file.exists():
        found |= {each.url: each for each in _read(file)}
    return [replace(each, url=shown(url)) for url, each in found.items()]


def shown(url: str) -> str:
    """A URL without what may be a secret in it."""
    parts = urlsplit(url)
    return parts._replace(
        netloc=parts.netloc.rpartition("@")[2], query="…" if parts.query else "", fragment=""
    ).geturl()


def _read(file: Path) -> list[UrlSummary]:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", timeout=_BUSY_S, uri=True)
    try:
        rows = connection.execute(_BY_URL).fetchall()
        errors = {url: connection.execute(_LAST_ERROR, (url,)).fetchone() for url, *_ in rows}
    finally:
        connection.close()
    return [
        UrlSummary(url=url, pending=pending, dead=dead, oldest=oldest // 1000, last_error=(errors[url] or ("",))[0])
        for url, pending, dead, oldest in rows
    ]
