"""The store in a thread of its own: what comes at the same moment is written together.

Owns the thread and the order of writing. Letters are written at once, what became of them within a moment: a crash in
between repeats a delivery, which receivers must expect anyway.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import structlog

from roomwright.webhooks.letter import Letter
from roomwright.webhooks.store import Batch, Key, Store

log = structlog.get_logger(__name__)

LATER_S = 0.05
"""How long what became of letters may wait for company."""
AGAIN_S = 1.0
"""How long after a write that failed (a full disk) it is tried again."""
MOST_UNWRITTEN = 100_000
"""Letters that may wait for the disk; beyond that new ones are lost, and the log says so."""

Answer = TypeVar("Answer")


def _last() -> None:
    """Done when all before it is done."""


class _Pending:
    """A batch, and the future of its being written."""

    def __init__(self) -> None:
        self.batch = Batch()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Journal:
    """Writes to and reads from a store without blocking the event loop.

    `on_written` is told of letters that are on disk now. One batch is written at a time; meanwhile the next one grows.
    """

    def __init__(self, store: Store, on_written: Callable[[list[Letter]], None]) -> None:
        self._store = store
        self._on_written = on_written
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._open = _Pending()
        self._writing: _Pending | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._failing = False
        self._lost = 0

    def __repr__(self) -> str:
        return f"<Journal of {self._store!r}: {len(self._open.batch.letters)} letters to write>"

    # what is to be written

    def put(self, letters: Iterable[Letter]) -> None:
        """Write letters, at once; `settled` waits for it."""
        unwritten = self._open.batch.letters
        unwritten.extend(letters)
        excess = len(unwritten) - MOST_UNWRITTEN
        if excess > 0:
            del unwritten[-excess:]
            if not self._lost:
                log.error("webhooks are being lost: too many wait for the outbox to be written", most=MOST_UNWRITTEN)
            self._lost += excess
        if unwritten and not self._failing:
            self._write()

    def delivered(self, key: Key) -> None:
        """A letter has arrived."""
        self._open.batch.delivered.append(key)
        self._write_within(LATER_S)

    def failed(self, key: Key, reason: str) -> None:
        """A letter was tried in vain and will be tried again."""
        self._open.batch.failed.append((reason, *key))
        self._write_within(LATER_S)

    def dead(self, key: Key, reason: str) -> None:
        """A letter will not be tried again."""
        self._open.batch.dead.append((reason, *key))
        self._write_within(LATER_S)

    def expired(self, url: str, queue: str, until_ms: int, reason: str) -> None:
        """Letters of a queue are dead whose time began up to then."""
        self._open.batch.expired.append((reason, url, queue, until_ms))
        self._write_within(LATER_S)

    # waiting for it

    @property
    def failing(self) -> bool:
        """Whether the last write has failed: the store does not know everything."""
        return self._failing

    @property
    def unsettled(self) -> bool:
        """Whether letters are not on disk yet."""
        return not self._failing and (bool(self._open.batch.letters) or self._writing is not None)

    async def settled(self) -> None:
        """Return when the letters put before are on disk, or cannot be written now and will be later."""
        if self._failing:
            return
        pending = self._open if self._open.batch.letters else self._writing
        if pending is not None:
            await asyncio.shield(pending.done)

    async def ask(self, question: Callable[[Store], Answer]) -> Answer:
        """What the store says, knowing everything that was told to this journal before."""
        await self._flushed()
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, self._store)

    async def close(self) -> None:
        """Write what can be written, and end the thread: nobody uses the store any more on return."""
        await self._flushed()
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, _last)  # after questions that were given up
        self._thread.shutdown(wait=False)

    async def _flushed(self) -> None:
        while self._writing is not None or (self._open.batch and not self._failing):
            self._write()
            if self._writing is not None:
                await asyncio.shield(self._writing.done)

    # writing

    def _write_within(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._write()

    def _write(self) -> None:
        if self._writing is not None or not self._open.batch:
            return
        pending = self._writing = self._open
        self._open = _Pending()
        writing = asyncio.get_running_loop().run_in_executor(self._thread, self._store.write, pending.batch)
        writing.add_done_callback(partial(self._on_end, pending))

    def _on_end(self, ended: _Pending, writing: asyncio.Future[list[Letter]]) -> None:
        self._writing = None
        error = writing.exception()
        self._failing = error is not None
        if error is None:
            self._on_written(writing.result())
            self._tell_losses()
        elif isinstance(error, sqlite3.Error):
            log.error("the outbox cannot be written; webhooks wait in memory", reason=str(error))
        else:
            log.error("writing the outbox failed", exc_info=error)
        ended.done.set_result(None)
        if self._failing:
            self._open.batch = ended.batch.followed_by(self._open.batch)
            self._write_within(AGAIN_S)
        elif self._open.batch.letters:
            self._write()
        elif self._open.batch:
            self._write_within(LATER_S)

    def _tell_losses(self) -> None:
        if self._lost:
            log.error("webhooks were lost", events=self._lost)
            self._lost = 0
