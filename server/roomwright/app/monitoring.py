"""What watches a server, put together from its configuration: health, the access log, metrics."""

from roomwright.config import Config
from roomwright.sfu.backend import Backend
from roomwright.wire.access_log import AccessLog
from roomwright.wire.exchange import Watchers
from roomwright.wire.health import Health, Phase

_LEVELS_WITH_REFUSALS = ("debug", "info")


class Monitoring:
    """Made with the server, started before it listens, stopped last. `watchers` and `health` are there from `start`."""

    def __init__(self, config: Config, backend: Backend) -> None:
        self.health = Health()
        self.watchers = Watchers()
        self._level = config.logging.level
        self._access_log: AccessLog | None = None

    def __repr__(self) -> str:
        return f"<Monitoring: {self.health!r}>"

    async def start(self) -> None:
        """Begin to watch. Raises OSError when the metrics' port cannot be had."""
        if self._level in _LEVELS_WITH_REFUSALS:
            self._access_log = AccessLog()
            record = (self._access_log.record,)
            self.watchers = Watchers(every=record) if self._level == "debug" else Watchers(refused=record)

    def ready(self) -> None:
        """All ports are open."""
        self.health.phase = Phase.READY

    def stopping(self) -> None:
        """The end is near: load balancers shall look elsewhere."""
        self.health.phase = Phase.STOPPING

    async def stop(self) -> None:
        """End, and write what is left to be written. Idempotent."""
        if self._access_log is not None:
            self._access_log.close()
            self._access_log = None
