"""A recorder as the server runs it: a process on one end of a socket pair."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from roomwright import codec
from roomwright.egress.frames import FrameReader, Packet, message_frame, packet_frame
from roomwright_proto.roomwright.egress import v1
from tests.egress.sender import EPOCH_NS, Event

DEADLINE = 60
PROGRAM = ("-m", "roomwright.egress.recorder")


class Recorder:
    """The server's end. `reports` are all that came so far."""

    def __init__(self, plan: v1.Plan, *program: str) -> None:
        self.socket, theirs = socket.socketpair()
        command = [sys.executable, *(program or PROGRAM), str(theirs.fileno())]
        self.process = subprocess.Popen(
            command, pass_fds=(theirs.fileno(),), stderr=subprocess.PIPE, env=_environment()
        )
        theirs.close()
        self.socket.settimeout(DEADLINE)
        self.reports: list[v1.Report] = []
        self._reader = FrameReader()
        self.order(v1.Order(plan=plan))

    def order(self, order: v1.Order) -> None:
        """Send an order."""
        self.socket.sendall(message_frame(codec.encode(order)))

    def play(self, events: Iterable[Event], *, real_time: bool = False, ahead: float = 0.0) -> None:
        """Send the events: at once, or when they would arrive. They arrive now, by a clock that is `ahead`."""
        began_ns = time.time_ns()
        for at_ns, event in events:
            if real_time and (wait := began_ns + at_ns - EPOCH_NS - time.time_ns()) > 0:
                time.sleep(wait / 1e9)
            due_ns = began_ns + at_ns - EPOCH_NS + int(ahead * 1e9)
            if isinstance(event, Packet):
                self.socket.sendall(packet_frame(event.track, event.layer, due_ns, event.data))
            else:
                if event.sender_report is not None:
                    event.sender_report.arrival_ns = due_ns
                self.order(event)
                self._drain()

    def until(self, kind: str) -> v1.Report:
        """Read reports until one of that kind, which may have come before."""
        for report in self.reports:
            if getattr(report, kind) is not None:
                return report
        for report in self.reading():
            if getattr(report, kind) is not None:
                return report
        raise AssertionError(f"no {kind}, but {self.reports[-3:]}; it printed {self.said()!r}")

    def stop(self, reason: str = "StopEgress API") -> v1.Finished:
        """Stop it, and wait for its end."""
        self.order(v1.Order(stop=v1.Stop(reason)))
        finished = self.until("finished").finished
        assert finished is not None
        self.part()
        return finished

    def said(self) -> str:
        """What it printed, once it has ended."""
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def part(self) -> None:
        """Close the connection, as the server does when all was said, and wait for the process."""
        self.socket.close()
        assert self.process.wait(DEADLINE) == 0

    def reading(self) -> Iterator[v1.Report]:
        """Reports as they come."""
        while data := self.socket.recv(65_536):
            yield from self._reports(data)

    def _drain(self) -> None:
        """Keep what came so far: a recorder whose reports nobody reads gives up telling."""
        if select.select([self.socket], [], [], 0)[0]:
            with suppress(ConnectionError):
                list(self._reports(self.socket.recv(65_536)))

    def _reports(self, data: bytes) -> Iterator[v1.Report]:
        for frame in self._reader.feed(data):
            assert isinstance(frame, bytes)
            report = codec.decode(v1.Report, frame)
            self.reports.append(report)
            yield report


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(("server", "generated"))}


@contextmanager
def recording(plan: v1.Plan, *program: str) -> Iterator[Recorder]:
    """A recorder, or another program in its place, that is ended with the test."""
    recorder = Recorder(plan, *program)
    try:
        yield recorder
    finally:
        recorder.socket.close()
        recorder.process.kill()
        recorder.process.wait(DEADLINE)
        recorder.process.stderr.close()
