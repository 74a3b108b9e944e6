"""The recorder as a process: it wakes some times a second, reads what has come, and lets the conductor work.

It has one thread for all of that. While it is busy the socket is not read, and what the server cannot hand over waits
there, bounded, and is then dropped and counted by the server: nothing here grows.
"""

import contextlib
import logging
import os
import signal
import socket
import struct
import time
import traceback
from collections.abc import Callable
from typing import Final

from roomwright import codec
from roomwright.egress.frames import Frame, FrameError, FrameReader, Packet, message_frame
from roomwright.egress.recorder.conductor import Conductor
from roomwright.egress.recorder.now import ServerClock
from roomwright.egress.recorder.pipeline import Pipeline
from roomwright.egress.recorder.units import OutputError
from roomwright_proto.roomwright.egress import v1

READ_BYTES: Final = 256 * 1024
SEND_SECONDS: Final = 5
"""A server that does not read its reports for so long is as good as gone."""
PLAN_SECONDS: Final = 0.01
"""How often it looks for its plan."""
PARTING_SECONDS: Final = 5
NICENESS: Final = 5
"""Forwarding goes before recording."""

_SERVER_GONE: Final = "Process killed"
_logger = logging.getLogger(__name__)


class Recorder:
    """The socket, the clock, the signals of one recorder."""

    def __init__(self, connection: socket.socket, make: Callable[[v1.Plan], Pipeline]) -> None:
        self._connection = connection
        self._make = make
        self._reader = FrameReader()
        self._clock = ServerClock(time.monotonic_ns(), time.time_ns())
        self._conductor: Conductor | None = None
        self._is_heard = True
        self._is_alone = False
        self._is_refused = False
        self._stopped = ""

    def run(self) -> None:
        """Until the egress has ended, the server is gone, or SIGTERM."""
        os.nice(NICENESS)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        signal.signal(signal.SIGTERM, self._on_signal)
        try:
            self._run()
        except Exception as error:
            self._broke(error)
        self._part()

    def _run(self) -> None:
        while not (self._conductor or self._is_alone or self._is_refused or self._stopped):
            if not self._read(socket.MSG_DONTWAIT):
                time.sleep(PLAN_SECONDS)
        while self._conductor and not self._conductor.done:
            self._step(self._conductor)

    def _step(self, conductor: Conductor) -> None:
        """All that has come, then the clock: time is counted by arrivals first, so that being slow loses nothing."""
        while not self._is_alone and not conductor.done and self._read(socket.MSG_DONTWAIT):
            pass
        if self._is_alone:
            self._stopped = _SERVER_GONE
        began_ns = time.monotonic_ns()
        conductor.tick(self._clock.now_ns(began_ns))
        if self._stopped:
            conductor.stop(self._stopped)
        if not conductor.done:
            time.sleep(max(0, conductor.tick_ns - (time.monotonic_ns() - began_ns)) / 1e9)

    def _read(self, flags: int) -> bool:
        """Read once, and do what it says; False: there was nothing."""
        try:
            data = self._connection.recv(READ_BYTES, flags)
            self._is_alone = not data
            for frame in self._reader.feed(data):
                self._take(frame)
        except BlockingIOError:
            return False
        except (ConnectionError, FrameError, codec.CodecError) as error:
            _logger.warning("the server's connection: %s", type(error).__name__)
            self._is_alone = True
        return True

    def _take(self, frame: Frame) -> None:
        conductor = self._conductor
        if isinstance(frame, Packet):
            if conductor:
                self._clock.heard(frame.arrival_ns, time.monotonic_ns())
                conductor.packet(frame)
        elif conductor:
            conductor.order(codec.decode(v1.Order, frame))
        elif (plan := codec.decode(v1.Order, frame).plan) is not None:
            self._begin(plan)

    def _begin(self, plan: v1.Plan) -> None:
        try:
            pipeline = self._make(plan)
        except OutputError as error:
            self._send(v1.Report(failed=v1.Failed(str(error), error.code, v1.Progress())))
            self._is_refused = True
            return
        self._conductor = Conductor(plan, pipeline, self._send, self._clock.now_ns(time.monotonic_ns()))
        self._send(v1.Report(ready=v1.Ready()))

    def _on_signal(self, number: int, frame: object) -> None:
        self._stopped = self._stopped or _SERVER_GONE

    def _broke(self, error: Exception) -> None:
        """The message of an unknown error may contain anything, so that only its kind is told."""
        _logger.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        if self._conductor:
            self._conductor.broke(f"the recorder met an error of its own: {type(error).__name__}")

    def _send(self, report: v1.Report) -> None:
        """Nothing is said after what could not be said whole."""
        try:
            if self._is_heard:
                self._connection.sendall(message_frame(codec.encode(report)))
        except OSError:
            self._is_heard = False

    def _part(self) -> None:
        """Read on until the server has closed its end: one that writes to a closed socket may miss what was said."""
        if self._is_alone:
            return
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            self._connection.settimeout(PARTING_SECONDS)
            deadline = time.monotonic() + PARTING_SECONDS
            while time.monotonic() < deadline and self._connection.recv(READ_BYTES):
                pass
