"""The tables of an outbox, their version, and opening the file."""

import sqlite3
from pathlib import Path

VERSION = 1
WAITING, DEAD = 0, 1
"""A delivery's state; one that has arrived has no row."""
BUSY_S = 10.0
"""How long to wait for the other process that has the file open."""

_TABLES = """
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    room TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE deliveries (
    sequence INTEGER NOT NULL REFERENCES events,
    url TEXT NOT NULL,
    queue TEXT NOT NULL,
    api_key TEXT NOT NULL,
    requested INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    since_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (sequence, url)
) WITHOUT ROWID;
CREATE INDEX waiting ON deliveries (url, queue, sequence) WHERE state = 0;
CREATE INDEX dead ON deliveries (sequence) WHERE state = 1;
CREATE TABLE life (last_sequence INTEGER NOT NULL);
INSERT INTO life VALUES (0);
"""


class OutboxError(Exception):
    """The outbox cannot be used; the message names the path and says why."""


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open an outbox, making one where there is none if `create`. Raises OutboxError."""
    try:
        uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        connection = sqlite3.connect(uri, timeout=BUSY_S, isolation_level=None, check_same_thread=False, uri=True)
    except sqlite3.Error as error:
        raise OutboxError(f"{path}: {error}") from error
    try:
        _prepare(connection, path, create=create)
    except sqlite3.Error as error:
        connection.close()
        raise OutboxError(f"{path} cannot be used as an outbox: {error}") from error
    except OutboxError:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise OutboxError(f"{path} was written by a newer Roomwright (schema {version}, known is {VERSION})")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if version == 0:
        if not create:
            raise OutboxError(f"{path} is not an outbox")
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
