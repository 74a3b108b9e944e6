"""One recorder process: spawned, written to without ever waiting, listened to, ended.

Packets beyond what it reads are dropped and counted; orders never are. Nothing secret is in its arguments.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeAlias, cast

import structlog

from roomwright import codec
from roomwright.codec import CodecError
from roomwright.egress.frames import FrameError, FrameReader, message_frame, packet_frame
from roomwright_proto.roomwright.egress import v1

log = structlog.get_logger(__name__)

COMMAND: Final = (sys.executable, "-m", "roomwright.egress.recorder")
"""Followed by the number of the socket."""
RESCUE: Final = (*COMMAND[:2], "roomwright.egress.recorder.rescue")
"""The same, for what stores the leavings of a recorder that was killed."""
MOST_WAITING: Final = 8 * 1024 * 1024
"""Bytes that may wait for a recorder; some ten seconds of a good video."""
_ENOUGH_READ: Final = MOST_WAITING // 2
_SOCKET_BYTES: Final = 1024 * 1024
_TELL_DROPPED_S: Final = 1.0


class Supervisor(Protocol):
    """Whoever has a recorder."""

    def on_report(self, report: v1.Report) -> None:
        """It says something."""
        ...

    def on_exit(self, code: int) -> None:
        """It has ended, by itself or not; everything that it said came before. Called once."""
        ...


Spawn: TypeAlias = Callable[[Supervisor], Awaitable["Recorder"]]
"""Starts a process for its supervisor. Raises OSError."""


class Recorder(asyncio.Protocol):
    """A running recorder. `dropped` counts packets that it was too slow for."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.dropped = 0
        self.process: asyncio.subprocess.Process | None = None
        self._supervisor = supervisor
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._over = asyncio.Event()
        self._untold = 0
        self._full = False
        self._telling: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[None] | None = None

    @classmethod
    async def spawn(cls, supervisor: Supervisor, command: Sequence[str] = COMMAND) -> "Recorder":
        """Start one. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                for end in (ours, theirs):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
                recorder = cls(supervisor)
                recorder.process = await asyncio.create_subprocess_exec(
                    *command,
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    start_new_session=True,  # a Ctrl-C in the terminal is the server's: it ends its recorders in order
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: recorder, sock=ours)
        recorder._waiting = asyncio.get_running_loop().create_task(recorder._wait())
        return recorder

    def __repr__(self) -> str:
        return f"<Recorder {self.pid}: {self.dropped} packets dropped>"

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid if self.process is not None else 0

    # to it

    def order(self, order: v1.Order) -> None:
        """Tell it something; never dropped."""
        if self._transport is not None:
            self._transport.write(message_frame(codec.encode(order)))

    def packet(self, track: int, layer: int, arrival_ns: int, data: bytes) -> None:
        """Hand over a packet, or count it when too much waits. Called for every packet."""
        transport = self._transport
        if transport is None:
            return
        waiting = transport.get_write_buffer_size()
        if waiting > (_ENOUGH_READ if self._full else MOST_WAITING):
            self._drop()
            return
        self._full = False
        transport.write(packet_frame(track, layer, arrival_ns, data))

    def terminate(self) -> None:
        """Ask it to end without an order."""
        self._signal("terminate")

    def kill(self) -> None:
        """End it at once."""
        self._signal("kill")

    async def wait(self) -> None:
        """Until it is over and its supervisor knows."""
        if self._waiting is not None:
            await asyncio.shield(self._waiting)

    def _signal(self, how: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.process is not None and self.process.returncode is None:
                getattr(self.process, how)()

    def _drop(self) -> None:
        self._full = True
        self.dropped += 1
        self._untold += 1
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(_TELL_DROPPED_S, self._tell_dropped)

    def _tell_dropped(self) -> None:
        self._telling = None
        untold, self._untold = self._untold, 0
        log.warning("a recorder does not keep up: packets are dropped", pid=self.pid, packets=untold)
        self.order(v1.Order(dropped=v1.Dropped(packets=untold)))

    # from it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        """Reports came."""
        try:
            for frame in self._reader.feed(data):
                if isinstance(frame, bytes):
                    self._supervisor.on_report(codec.decode(v1.Report, frame))
        except (FrameError, CodecError) as error:
            log.error("a recorder is not understood: it is ended", pid=self.pid, problem=str(error))  # noqa: TRY400
            self.kill()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._transport = None
        self._over.set()

    async def _wait(self) -> None:
        """Its end is told when both are there: the end of the process and of what it said."""
        process = self.process
        code = await process.wait() if process is not None else 0
        await self._over.wait()
        if self._telling is not None:
            self._telling.cancel()
        self._supervisor.on_exit(code)
