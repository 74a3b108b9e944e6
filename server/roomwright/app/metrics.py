"""The metrics of a server, put together: what is counted, from where, and the port that shows it.

Imported only where metrics are configured: the client library takes 50 ms to load.
"""

import asyncio
from collections.abc import Callable, Iterable

from roomwright.config import Config
from roomwright.metrics.calls import Calls
from roomwright.metrics.exposition import Exposition, Sources
from roomwright.metrics.figures import Figure
from roomwright.metrics.happenings import Happenings
from roomwright.metrics.present import Present
from roomwright.sfu.backend import Backend
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.media import Traffic
from roomwright.sfu.fanout import ListenerTooSlowError
from roomwright.sfu.local import LocalBackend
from roomwright.wire.exchange import Exchange
from roomwright.wire.metrics import MetricsServer


class Metrics:
    """Counts from `start` on; `server` shows it."""

    def __init__(
        self, config: Config, backend: Backend, paths: list[str], others: Callable[[], Iterable[Figure]]
    ) -> None:
        self._config = config
        self._backend = backend
        self._calls = Calls(paths)
        self._happenings = Happenings()
        self._listening: asyncio.Task[None] | None = None
        sources = Sources(self._calls, self._happenings, self._present, self._traffic, others)
        node = backend.host.node_id if isinstance(backend, EmbeddedBackend) else ""
        settings = config.prometheus
        credentials = (settings.username, settings.password or "") if settings.username else None
        exposition = Exposition(sources, {"node_id": node, "node_type": "SERVER"})
        self.server = MetricsServer(exposition.text, credentials)

    def __repr__(self) -> str:
        return f"<Metrics: {self.server!r}, {self._calls!r}, {self._happenings!r}>"

    async def start(self) -> None:
        """Begin to count, and listen. Raises OSError when the port cannot be had."""
        await self.server.start(self._config.bind_addresses, self._config.prometheus.port or 0)
        self._listening = asyncio.create_task(self._listen())

    def record(self, exchange: Exchange) -> None:
        """Count an answered request."""
        self._calls.record(exchange.target, exchange.status, exchange.code, exchange.seconds)

    async def stop(self) -> None:
        """End. Idempotent."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        await self.server.stop()

    async def _listen(self) -> None:
        ended = False
        while not ended:
            try:
                async for event in self._backend.events():
                    self._happenings.take(event)
                ended = True
            except ListenerTooSlowError:
                self._happenings.missed += 1

    def _present(self) -> Present:
        return Present.of(self._backend.rooms) if isinstance(self._backend, LocalBackend) else Present()

    def _traffic(self) -> Traffic:
        return self._backend.media.traffic if isinstance(self._backend, EmbeddedBackend) else Traffic()
