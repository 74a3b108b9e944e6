"""The gRPC port: listening and stopping."""

import asyncio
from collections.abc import Collection, Iterable, Sequence

import structlog

from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import Clock
from roomwright.services.routes import Route
from roomwright.wire.grpc.calls import Methods
from roomwright.wire.grpc.connection import Connection

log = structlog.get_logger(__name__)

_LAST_WORDS_S = 1.0
"""How long cancelled calls and unsent bytes are waited for."""


class GrpcServer:
    """Serves routes over gRPC without TLS. One server may be started again after it stopped.

    Deadlines (`grpc-timeout`) reach handlers on `clock`'s monotonic scale; they are enforced on the event loop's.
    """

    def __init__(self, routes: Iterable[Route], verifier: TokenVerifier, clock: Clock) -> None:
        self._methods = Methods(routes, verifier, clock)
        self._connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._port = 0

    def __repr__(self) -> str:
        state = f"port {self._port}" if self._listener else "stopped"
        return f"<GrpcServer {state}: {len(self._connections)} connections, {len(self._tasks())} calls>"

    @property
    def port(self) -> int:
        """The port that was bound last; with several addresses, that of the first."""
        return self._port

    async def start(self, host: str | Sequence[str] | None, port: int) -> None:
        """Bind and serve; port 0 takes a free one, host None every address. OSError when one cannot be had."""
        if self._listener is not None:
            raise RuntimeError(f"{self!r} is started already")
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Connection(self._methods, self._connections), host, port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def stop(self, grace: float) -> None:
        """Stop accepting connections and calls, let running calls end within `grace` seconds, then cancel them."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.close()
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
