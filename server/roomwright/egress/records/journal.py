"""Records on disk: an SQLite file, written by one thread so that no call waits for a disk unless it must.

Owned by one server at a time. What is written holds no secrets but the webhooks' URLs of what runs: records repeat
requests without them.
"""

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import structlog

from roomwright import codec
from roomwright.codec import CodecError
from roomwright.egress import locks
from roomwright_proto import livekit as pb

log = structlog.get_logger(__name__)

_Answer = TypeVar("_Answer")

VERSION: Final = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS egress (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    info BLOB NOT NULL
) STRICT
"""


class JournalError(Exception):
    """The records cannot be kept on disk; the message names the path."""


class Journal:
    """The file in a directory; made with the first record, so that a server that records nothing leaves none."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "records.sqlite"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="egress-records")
        self._database: sqlite3.Connection | None = None
        self._lock: int | None = None
        self._unwritten: dict[str, bytes | None] = {}
        self._guard = threading.Lock()
        self._writing: asyncio.Task[None] | None = None
        self.problem = ""

    def __repr__(self) -> str:
        return f"<Journal {self._path}: {len(self._unwritten)} unwritten>"

    async def load(self) -> list[pb.EgressInfo]:
        """All records, in order of their start; none where there is no file yet. Raises JournalError."""
        if not self._path.exists():
            return []
        return await self._in_thread(self._load)

    def write(self, info: pb.EgressInfo) -> None:
        """Keep a record as it is now. It is on disk when `flush` returns."""
        self._later(info.egress_id, codec.encode(info))

    def erase(self, egress_ids: Iterable[str]) -> None:
        """Forget records."""
        for egress_id in egress_ids:
            self._later(egress_id, None)

    async def flush(self) -> None:
        """Until everything is on disk. What cannot be written is logged once, and kept in memory alone."""
        while self._writing is not None:
            await asyncio.shield(self._writing)

    async def close(self) -> None:
        """Write the rest and close the file. Idempotent."""
        await self.flush()
        if self._database is not None:
            await self._in_thread(self._close)
        self._thread.shutdown()

    def _later(self, egress_id: str, body: bytes | None) -> None:
        with self._guard:
            self._unwritten[egress_id] = body
        if self._writing is None and not self.problem:
            self._writing = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        try:
            while self._unwritten:
                await self._in_thread(self._write)
        except JournalError as error:
            self.problem = str(error)
            log.error("records of egresses are kept in memory alone", problem=self.problem)  # noqa: TRY400
            self._unwritten.clear()
        finally:
            self._writing = None

    async def _in_thread(self, work: Callable[[], _Answer]) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # in the thread

    def _load(self) -> list[pb.EgressInfo]:
        rows = self._run(lambda database: database.execute("SELECT id, info FROM egress ORDER BY number").fetchall())
        return [info for egress_id, body in rows if (info := _read(egress_id, body)) is not None]

    def _write(self) -> None:
        with self._guard:
            unwritten, self._unwritten = self._unwritten, {}

        def write(database: sqlite3.Connection) -> None:
            with database:
                for egress_id, body in unwritten.items():
                    if body is None:
                        database.execute("DELETE FROM egress WHERE id = ?", (egress_id,))
                    else:
                        database.execute(
                            "INSERT INTO egress (id, info) VALUES (?, ?) "
                            "ON CONFLICT (id) DO UPDATE SET info = excluded.info",
                            (egress_id, body),
                        )

        self._run(write)

    def _run(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        try:
            if self._database is None:
                self._database = self._open()
            return work(self._database)
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}") from error
        except OSError as error:
            raise JournalError(f"{error.filename or self._path}: {error.strerror or error}") from error

    def _open(self) -> sqlite3.Connection:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        database = sqlite3.connect(self._path, check_same_thread=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # survives the process; a power cut may cost the last moments
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise JournalError(f"{self._path} is of a newer version ({version}) of this program")
        database.execute(_SCHEMA)
        database.execute(f"PRAGMA user_version = {VERSION}")
        return database

    def _take_lock(self) -> None:
        """Another server's records must not be closed as if it had crashed."""
        lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            locks.take(lock)
        except OSError as error:
            os.close(lock)
            raise JournalError(f"{self._directory} is in use by another server") from error
        self._lock = lock

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.close(self._lock)
            self._lock = None


def _read(egress_id: str, body: bytes) -> pb.EgressInfo | None:
    try:
        return codec.decode(pb.EgressInfo, body)
    except CodecError as error:
        log.warning("a record of an egress cannot be read", egress=egress_id, problem=str(error))
        return None
