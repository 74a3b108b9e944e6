"""The recorder as a process: one thread reads the socket into a bounded queue, the main thread runs the conductor.

When the queue is full the socket is not read, and the server drops and counts what it cannot hand over.
"""

import contextlib
import logging
import os
import queue
import signal
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable
from typing import Final

from roomwright import codec
from roomwright.egress.frames import FrameError, FrameReader, Packet, message_frame
from roomwright.egress.recorder.conductor import TICK_NS, Conductor
from roomwright.egress.recorder.pipeline import Pipeline
from roomwright.egress.recorder.units import OutputError
from roomwright_proto.roomwright.egress import v1

MAX_QUEUED: Final = 8_192
"""Frames between the threads: some 10 MB."""
READ_BYTES: Final = 256 * 1024
SEND_SECONDS: Final = 5
"""A server that does not read its reports for so long is as good as gone."""
PARTING_SECONDS: Final = 5
NICENESS: Final = 5
"""Forwarding goes before recording."""

_logger = logging.getLogger(__name__)
_Item = Packet | v1.Order | None


class Recorder:
    """Both threads and the socket."""

    def __init__(self, connection: socket.socket, make: Callable[[v1.Plan], Pipeline]) -> None:
        self._connection = connection
        self._make = make
        self._queue: queue.Queue[_Item] = queue.Queue(MAX_QUEUED)
        self._conductor: Conductor | None = None
        self._is_heard = True
        self._is_alone = False
        self._stopped = ""

    def run(self) -> None:
        """Until the egress has ended, the server is gone, or SIGTERM."""
        os.nice(NICENESS)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        signal.signal(signal.SIGTERM, self._on_signal)
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        try:
            self._run()
        except Exception as error:
            self._broke(error)
        self._part()

    def _part(self) -> None:
        """Read on until the server has closed its end: one that writes to a closed socket may miss what was said."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + PARTING_SECONDS
        while not self._is_alone and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                self._is_alone = self._queue.get(timeout=left) is None

    def _run(self) -> None:
        plan = self._queue.get()
        self._is_alone = plan is None
        if not isinstance(plan, v1.Order) or plan.plan is None:
            return
        try:
            pipeline = self._make(plan.plan)
        except OutputError as error:
            self._send(v1.Report(failed=v1.Failed(str(error), error.code, v1.Progress())))
            return
        conductor = self._conductor = Conductor(plan.plan, pipeline, self._send, time.time_ns())
        self._send(v1.Report(ready=v1.Ready()))
        while not conductor.done:
            self._step(conductor)

    def _step(self, conductor: Conductor) -> None:
        """One item; without one, time passes by the clock, else by the arrival of packets: being slow loses nothing."""
        try:
            item = self._queue.get(timeout=TICK_NS / 1e9)
        except queue.Empty:
            conductor.tick(time.time_ns())
        else:
            if isinstance(item, Packet):
                conductor.packet(item)
            elif item is not None:
                conductor.order(item)
            else:
                self._is_alone = True
                self._stop("Process killed")
        if self._stopped:
            conductor.stop(self._stopped)

    def _on_signal(self, number: int, frame: object) -> None:
        self._stop("Process killed")

    def _stop(self, reason: str) -> None:
        self._stopped = self._stopped or reason

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

    def _read(self) -> None:
        """The other thread: frames into the queue, None at the end."""
        reader = FrameReader()
        try:
            while data := self._connection.recv(READ_BYTES):
                for frame in reader.feed(data):
                    self._queue.put(codec.decode(v1.Order, frame) if isinstance(frame, bytes) else frame)
        except (OSError, FrameError, codec.CodecError) as error:
            _logger.warning("the server's connection: %s", type(error).__name__)
        self._queue.put(None)
