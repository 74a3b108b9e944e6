"""What watches a server, put together from its configuration: health, the access log, metrics."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from roomwright.config import Config
from roomwright.metrics.figures import Counted, Distribution, Figure
from roomwright.sfu.backend import Backend
from roomwright.wire.access_log import AccessLog
from roomwright.wire.exchange import Record, Watchers
from roomwright.wire.health import Health, Phase

if TYPE_CHECKING:
    from roomwright.app.metrics import Metrics

_LEVELS_WITH_REFUSALS = ("debug", "info")


class Monitoring:
    """Made with the server, started before it listens, stopped last. `watchers` and `health` are there from `start`."""

    def __init__(self, config: Config, backend: Backend, parts: Iterable[object]) -> None:
        self.health = Health()
        self.watchers = Watchers()
        self.metrics: Metrics | None = None
        self._config = config
        self._backend = backend
        self._counted = [part for part in parts if isinstance(part, Counted)]
        self._access_log: AccessLog | None = None

    def __repr__(self) -> str:
        return f"<Monitoring: {self.health!r}>"

    async def start(self, paths: Iterable[str]) -> None:
        """Begin to watch; `paths` are those of the API's methods, as gRPC spells them.

        Raises OSError when the metrics' port is taken.
        """
        every: list[Record] = []
        refused: list[Record] = []
        level = self._config.logging.level
        if level in _LEVELS_WITH_REFUSALS:
            self._access_log = AccessLog()
            (every if level == "debug" else refused).append(self._access_log.record)
        if self._config.prometheus.port is not None:
            every.append((await self._start_metrics(paths)).record)
        self.watchers = Watchers(tuple(every), tuple(refused))

    async def _start_metrics(self, paths: Iterable[str]) -> "Metrics":
        from roomwright.app.metrics import Metrics  # a library that only those who want metrics pay for

        self.metrics = Metrics(self._config, self._backend, list(paths), self._figures)
        await self.metrics.start()
        return self.metrics

    def _figures(self) -> Iterator[Figure | Distribution]:
        return (figure for part in self._counted for figure in part.figures())

    def ready(self) -> None:
        """All ports are open."""
        self.health.phase = Phase.READY

    def stopping(self) -> None:
        """The end is near: load balancers shall look elsewhere."""
        self.health.phase = Phase.STOPPING

    async def stop(self) -> None:
        """End, and write what is left to be written. Idempotent."""
        if self.metrics is not None:
            await self.metrics.stop()
        if self._access_log is not None:
            self._access_log.close()
            self._access_log = None
