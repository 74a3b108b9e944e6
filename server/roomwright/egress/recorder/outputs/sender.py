"""One live stream over RTMP, in a thread of its own: connects, sends, connects again, gives up.

The thread waits for the process that sends (`connection.py`), which is ended when the stream is given up.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Thread
from time import monotonic, time_ns
from typing import Final

from roomwright_proto import livekit as pb

from ...redaction import stream_url
from ..units import StreamFormat, Unit
from .backlog import Backlog
from .connection import BrokenStreamError, Connection

RETRIES: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before the next attempts; after the last one the stream has failed."""

STEADY: Final = 30.0
"""A connection that lasted so many seconds was a good one: attempts are counted anew."""

STALLED: Final = 15.0
"""Seconds after which a connection that takes nothing is given up."""

GRACE: Final = 5.0
"""Seconds for the last units and the good-bye."""

IN_FLIGHT: Final = 32
"""Units that the sending process may have taken before it is connected: FFmpeg puts streams in order first."""

_Status = pb.StreamInfoStatus


class Sender:
    """A destination. `info` says how it fares; `live` is whether it may still be sent to."""

    def __init__(
        self,
        destination: pb.StreamDestination,
        formats: Sequence[StreamFormat],
        *,
        retries: Sequence[float] = RETRIES,
        now_ns: Callable[[], int] = time_ns,
    ) -> None:
        self.url = destination.url
        self.info = pb.StreamInfo(url=stream_url(destination.url), id=destination.id, status=_Status.ACTIVE)
        self.sent_bytes = 0
        self._formats = formats
        self._retries = retries
        self._now_ns = now_ns
        self._failures = 0
        self._error = ""
        self._busy_since: float | None = None
        self._connection: Connection | None = None
        self._final = False
        key_index = next((number for number, each in enumerate(formats) if each.kind == "video"), 0)
        self._backlog = Backlog(key_index)
        self._thread = Thread(target=self._run, name=f"stream {self.info.url}", daemon=True)
        self._thread.start()

    @property
    def live(self) -> bool:
        """Whether it is being sent, or will be again."""
        return self.info.status is _Status.ACTIVE

    def offer(self, unit: Unit) -> None:
        """Send a unit, if the other end keeps up; never waits."""
        if not self.live:
            return
        self._backlog.put(unit)
        if self._busy_since is not None and monotonic() - self._busy_since > STALLED:
            self._end(_Status.FAILED, f"the server took nothing for {STALLED:.0f} s")

    def end(self) -> None:
        """Nothing more is offered."""
        self._backlog.end()

    def stop(self, within: float = GRACE) -> None:
        """End the stream in order. One that could never be sent has failed."""
        self._backlog.end()
        self._thread.join(within)
        if self._error and not self.info.started_at:
            self._end(_Status.FAILED, self._error)
        self._end(_Status.FINISHED)
        self._thread.join(GRACE)

    def _run(self) -> None:
        while self.live:
            began = monotonic()
            error = self._send()
            if error is None:
                return
            self._error = error
            if monotonic() - began > STEADY:
                self._failures = 0
            if self._final or self._failures >= len(self._retries):
                self._end(_Status.FAILED, error)
                return
            if self._backlog.pause(self._retries[self._failures]):
                return
            self._failures += 1
            self.info.retries += 1
            self.info.last_retry_at = self._now_ns()

    def _send(self) -> str | None:
        """One connection, from its first unit to its end; what went wrong, if something did."""
        self._backlog.restart()
        first = self._backlog.get()
        if first is None:
            return None
        connection = self._connection = Connection(self.url, self._formats)
        try:
            self._through(connection, first)
        except BrokenStreamError as error:
            self._final = error.final
            return f"{stream_url(self.url)}: {error}"
        finally:
            self._busy_since = None
            connection.close()
        return None

    def _through(self, connection: Connection, first: Unit) -> None:
        start_ns = first.dts_ns
        unit: Unit | None = first
        taken: deque[Unit] = deque()
        while unit is not None and self.live:
            self._busy_since = monotonic()
            connection.write(replace(unit, pts_ns=unit.pts_ns - start_ns, dts_ns=unit.dts_ns - start_ns))
            self._busy_since = None
            taken.append(unit)
            if len(taken) > IN_FLIGHT:
                self._sent(taken.popleft())
            unit = self._backlog.get()
        self._busy_since = monotonic()
        connection.finish()
        for rest in taken:
            self._sent(rest)

    def _sent(self, unit: Unit) -> None:
        self.info.started_at = self.info.started_at or self._now_ns()
        self.sent_bytes += len(unit.data)
        if unit.index == 0:
            self.info.duration += unit.duration_ns

    def _end(self, status: pb.StreamInfoStatus, error: str = "") -> None:
        if self.live:
            self.info.error = error
            self.info.ended_at = self._now_ns()
            self.info.status = status
            self._backlog.end()
            if self._connection is not None:
                self._connection.cut()
