"""The gRPC port: listening and stopping."""

import asyncio
from collections.abc import Collection, Iterable, Sequence

import structlog

from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import Clock
from roomwright.services.routes import Route
from roomwright.wire.exchange import NOBODY, Watchers
from roomwright.wire.grpc.calls import Methods
from roomwright.wire.grpc.connection import Connection

log = structlog.get_logger(__name__)

_LAST_WORDS_S = 1.0
"""How long cancelled calls and unsent bytes are waited for."""


class GrpcServer:
    """Serves routes over gRPC without TLS. One server may be started again after it stopped.

    Deadlines (`grpc-timeout`) reach handlers on `clock`'s monotonic scale; they are enforced on the event loop's.
    `watchers` are told of each answer.
    """

    def __init__(
        self, routes: Iterable[Route], verifier: TokenVerifier, clock: Clock, watchers: Watchers = NOBODY
    ) -> None:
        self._methods = Methods(routes, verifier, clock)
        self._watchers = watchers
        self._connections: set[Connection] = set()
        self._listeners: list[asyncio.Server] = []
        self._port = 0

    def __repr__(self) -> str:
        state = f"port {self._port}" if self._listeners else "stopped"
        return f"<GrpcServer {state}: {len(self._connections)} connections, {len(self._tasks())} calls>"

    @property
    def port(self) -> int:
        """The port that was bound last; 0 before that."""
        return self._port

    async def start(self, host: str | Sequence[str] | None, port: int) -> None:
        """Bind and serve; None is every address, port 0 takes a free one, the same on all addresses.

        OSError when an address or port cannot be had; nothing is left listening then.
        """
        if self._listeners:
            raise RuntimeError(f"{self!r} is started already")
        loop = asyncio.get_running_loop()
        try:
            for address in [host] if isinstance(host, str) or not host else host:
                self._listeners.append(await loop.create_server(self._connection, address or None, port))
                port = port or self._listeners[0].sockets[0].getsockname()[1]
        except OSError:
            self._stop_listening()
            raise
        self._port = port

    def _connection(self) -> Connection:
        return Connection(self._methods, self._connections, self._watchers)

    def _stop_listening(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    async def stop(self, grace: float) -> None:
        """Stop accepting connections and calls, let running calls end within `grace` seconds, then cancel them.

        Idempotent.
        """
        self._stop_listening()
        for connection in list(self._connections):
            connection.drain()
        await _ended(self._tasks(), grace)
        await self._hang_up()

    def _tasks(self) -> set[asyncio.Task[None]]:
        return {task for connection in self._connections for task in connection.calls.tasks.values()}

    async def _hang_up(self) -> None:
        """Cancel what still runs, and drop peers that do not read our last bytes."""
        tasks = self._tasks()
        for connection in list(self._connections):
            connection.close()
        await _ended(tasks | {connection.lost for connection in self._connections}, _LAST_WORDS_S)
        if stuck := [task for task in tasks if not task.done()]:
            log.warning("calls go on though they were cancelled", count=len(stuck))
        for connection in self._connections:
            connection.abort()


async def _ended(futures: Collection[asyncio.Future[None]], seconds: float) -> None:
    if futures:
        await asyncio.wait(futures, timeout=seconds)
