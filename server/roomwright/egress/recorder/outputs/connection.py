"""One connection of a live stream, in a process of its own: FFmpeg's RTMP blocks all of Python while it waits.

Here is the recorder's end. A unit is handed over and acknowledged, one at a time. Nothing secret is in the arguments.
"""

import contextlib
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import astuple
from typing import Final

from ..units import StreamFormat, Unit

COMMAND: Final = (sys.executable, "-m", "roomwright.egress.recorder.outputs.sending")
"""Followed by the number of the socket."""

LENGTH: Final = struct.Struct(">I")
"""Goes before each message to the process. The first is JSON: `url`, `formats` (all but their last field)."""
HEAD: Final = struct.Struct(">Bqqq?")
"""The fields of a unit before its data: index, pts, dts, duration, key."""
TAKEN: Final = b"."
"""The answer to a unit. Any other answer is the last one: what went wrong, in words."""
FINAL: Final = b"!"
"""Begins words that another attempt would not change."""


class BrokenStreamError(Exception):
    """The connection is over. `final`: another one would not fare better."""

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        super().__init__(sentence)
        self.final = final


class Connection:
    """A process that connects and sends. Every method but `cut` may wait for the network."""

    def __init__(self, url: str, formats: Sequence[StreamFormat]) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*COMMAND, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        told = [astuple(each)[:-1] for each in formats]
        self._send(json.dumps({"url": url, "formats": told}).encode())

    def write(self, unit: Unit) -> None:
        """Hand a unit over. Raises BrokenStreamError."""
        head = HEAD.pack(unit.index, unit.pts_ns, unit.dts_ns, unit.duration_ns, unit.key)
        self._send(head + unit.data)
        answer = self._received()
        if answer != TAKEN:
            raise _broken(answer)

    def finish(self) -> None:
        """Say good-bye. Raises BrokenStreamError."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        answer = self._received()
        if answer:
            raise _broken(answer)

    def cut(self) -> None:
        """End it at once, also while another thread waits for it. Idempotent."""
        self._process.kill()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Leave nothing behind."""
        self.cut()
        self._process.wait()
        self._socket.close()

    def _send(self, message: bytes) -> None:
        """One that is gone has said why."""
        with contextlib.suppress(OSError):
            self._socket.sendall(LENGTH.pack(len(message)) + message)

    def _received(self) -> bytes:
        try:
            return self._socket.recv(1_024)
        except OSError:
            return b""


def _broken(answer: bytes) -> BrokenStreamError:
    words = answer.removeprefix(FINAL).decode(errors="replace")
    return BrokenStreamError(words or "the connection failed", final=answer.startswith(FINAL))
