"""The metrics of a server, put together: what is counted, from where, and the port that shows it.

Imported only where metrics are configured: the client library takes 50 ms to load.
"""

import asyncio
from collections.abc import Callable, Iterator

import structlog

from roomwright.config import Config
from roomwright.metrics.calls import Calls
from roomwright.metrics.carried import figures_of
from roomwright.metrics.efforts import Efforts
from roomwright.metrics.exposition import Exposition
from roomwright.metrics.figures import Distribution, Figure, Figures
from roomwright.metrics.happenings import Happenings
from roomwright.metrics.node import Node
from roomwright.metrics.present import Present
from roomwright.metrics.sampling import INTERVAL_S, Sampler
from roomwright.sfu.backend import Backend
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.media import Traffic
from roomwright.sfu.embedded.vitals import Vitals
from roomwright.sfu.fanout import ListenerTooSlowError
from roomwright.sfu.local import LocalBackend
from roomwright.wire.exchange import GRPC, Exchange
from roomwright.wire.metrics import MetricsServer
from roomwright.wire.twirp import PREFIX

log = structlog.get_logger(__name__)


class Metrics:
    """Counts from `start` on; `server` shows it. `paths` are those of the API's methods, as gRPC spells them."""

    def __init__(self, config: Config, backend: Backend, paths: list[str], others: Callable[[], Figures]) -> None:
        self._config = config
        self._backend = backend
        self._clients = backend if isinstance(backend, EmbeddedBackend) else None
        self._twirp = Calls("livekit_node_twirp", [PREFIX + path for path in paths])
        self._grpc = Calls("roomwright_grpc", paths)
        self._happenings = Happenings()
        self._sampler = Sampler()
        self._tasks: list[asyncio.Task[None]] = []
        sources = (self._of_rooms, self._of_media, self._twirp.figures, self._grpc.figures, Node().figures, others)
        settings = config.prometheus
        credentials = (settings.username, settings.password or "") if settings.username else None
        node = self._clients.host.node_id if self._clients is not None else ""
        exposition = Exposition(sources, {"node_id": node, "node_type": "SERVER"})
        self.server = MetricsServer(exposition.text, credentials)

    def __repr__(self) -> str:
        return f"<Metrics: {self.server!r}, {self._twirp!r}, {self._grpc!r}, {self._happenings!r}>"

    async def start(self) -> None:
        """Begin to count, and listen. Raises OSError when the port cannot be had."""
        await self.server.start(self._config.bind_addresses, self._config.prometheus.port or 0)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._sample())]

    def record(self, exchange: Exchange) -> None:
        """Count an answered request."""
        calls = self._grpc if exchange.verb == GRPC else self._twirp
        calls.record(exchange.target, exchange.status, exchange.code, exchange.seconds)

    async def stop(self) -> None:
        """End. Idempotent."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
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

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                self._sampler.take(self._clients.media.vitals if self._clients is not None else Vitals())
            except Exception:
                log.exception("how media arrives cannot be seen")

    def _of_rooms(self) -> Iterator[Figure | Distribution]:
        present = Present.of(self._backend.rooms) if isinstance(self._backend, LocalBackend) else Present()
        yield from present.figures()
        yield from self._happenings.figures()

    def _of_media(self) -> Iterator[Figure | Distribution]:
        past, clients = self._happenings, self._clients
        traffic = clients.media.traffic if clients is not None else Traffic()
        efforts = Efforts.of_clients(past, clients.tally, traffic) if clients is not None else Efforts.of_events(past)
        yield from efforts.figures()
        yield from figures_of(traffic)
        yield from self._sampler.figures()
