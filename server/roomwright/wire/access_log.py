"""The access log, off the hot path: a request only puts a tuple on a queue; a thread formats and writes.

When the writer cannot keep up, entries are dropped and counted, and requests go on.
"""

import contextlib
import queue
import threading

import structlog

from roomwright.wire.exchange import Exchange

log = structlog.get_logger("roomwright.access")

_CAPACITY = 10_000
_END_S = 5.0


class AccessLog:
    """Writes one line per request that it is told of. `close` writes what is left."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Exchange | None] = queue.Queue(_CAPACITY)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._thread.start()

    def record(self, exchange: Exchange) -> None:
        """Note one answered request; the query, which may hold a token, is left out."""
        try:
            self._queue.put_nowait(exchange)
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Write what is left and end the thread, if that does not take long."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=_END_S)
        self._thread.join(timeout=_END_S)

    def _write(self) -> None:
        while (exchange := self._queue.get()) is not None:
            with contextlib.suppress(OSError, ValueError):  # nobody reads, or it is closed: later lines may be read
                self._tell(exchange)

    def _tell(self, exchange: Exchange) -> None:
        dropped, self._dropped = self._dropped, 0
        if dropped:
            log.warning("access log entries were dropped", count=dropped)
        log.info(
            "request" if exchange.status < 400 else "request refused",
            verb=exchange.verb,
            path=exchange.path,
            status=exchange.status,
            code=exchange.code or None,
            ms=round(exchange.seconds * 1e3, 3),
            request_id=exchange.request_id,
        )
