"""The access log, off the hot path: a request only puts a tuple on a queue; a thread formats and writes.

When the writer cannot keep up, entries are dropped and counted, and requests go on.
"""

import queue
import threading
from typing import NamedTuple

import structlog

log = structlog.get_logger("roomwright.access")

_CAPACITY = 10_000


class _Entry(NamedTuple):
    verb: str
    path: str
    status: int
    seconds: float


class AccessLog:
    """Writes one line per request. `close` writes what is left."""

    def __init__(self) -> None:
        self._queue: queue.Queue[_Entry | None] = queue.Queue(_CAPACITY)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._thread.start()

    def record(self, verb: str, target: str, status: int, seconds: float) -> None:
        """Note one answered request; the query, which may hold a token, is left out."""
        try:
            self._queue.put_nowait(_Entry(verb, target.partition("?")[0], status, seconds))
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._queue.put(None)
        self._thread.join(timeout=5.0)

    def _write(self) -> None:
        while (entry := self._queue.get()) is not None:
            dropped, self._dropped = self._dropped, 0
            if dropped:
                log.warning("access log entries were dropped", count=dropped)
            log.info("request", verb=entry.verb, path=entry.path, status=entry.status, ms=round(entry.seconds * 1e3, 3))
