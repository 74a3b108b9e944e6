"""An outbox's directory: its file, and the lock that keeps a second server out."""

import sqlite3
from pathlib import Path

from roomwright.webhooks.schema import OutboxError
from roomwright.webhooks.store import Store

FILE = "webhooks.sqlite"
LOCK = "webhooks.lock"


class Outbox:
    """A directory that this process alone delivers from, until it is closed or the process ends, however it ends."""

    def __init__(self, directory: Path, *, max_waiting: int = 1_000_000) -> None:
        """Open it, making the directory if need be. Raises OutboxError, which names the path."""
        self.directory = directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # bodies hold metadata and TURN passwords
        except OSError as error:
            raise OutboxError(f"the outbox {directory} cannot be made: {error.strerror or error}") from error
        self._lock = _locked(directory)
        try:
            self.store = Store(directory / FILE, max_waiting=max_waiting)
        except BaseException:
            self._lock.close()
            raise

    def __repr__(self) -> str:
        return f"<Outbox {self.directory}>"

    def close(self) -> None:
        """Give it to the next."""
        self.store.close()
        self._lock.close()


def _locked(directory: Path) -> sqlite3.Connection:
    """A lock that every platform has and that no crash leaves behind: SQLite's own, on a file beside the outbox."""
    try:
        lock = sqlite3.connect(directory / LOCK, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise OutboxError(f"the outbox {directory} cannot be written: {error}") from error
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise OutboxError(f"the outbox {directory} is in use by another server; each needs its own") from error
        raise OutboxError(f"the outbox {directory} cannot be written: {error}") from error
    return lock
