"""API calls, by method and outcome. `record` is on the way of every call: two look-ups and three additions."""

from collections.abc import Iterable, Iterator

from roomwright.metrics.figures import Distribution, Figure
from roomwright.metrics.histogram import Histogram

LATENCY_MS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)


class Calls:
    """What was answered to calls of the methods at `paths` (`/twirp/livekit.RoomService/CreateRoom`).

    `name` begins the names of its metrics. `outcomes` counts by service, method, family of the status (`200`, `4xx`,
    `5xx`) and code; `latencies` are in milliseconds, by service and method.
    """

    def __init__(self, name: str, paths: Iterable[str]) -> None:
        self._name = name
        self._methods = {path: _split(path) for path in paths}
        self.outcomes: dict[tuple[str, str, str, str], int] = {}
        self.latencies: dict[tuple[str, str], Histogram] = {}

    def record(self, path: str, status: int, code: str, seconds: float) -> None:
        """Count an answered request; what is no call of a known method is passed over."""
        method = self._methods.get(path)
        if method is None:
            return
        key = (*method, _family(status), code)
        self.outcomes[key] = self.outcomes.get(key, 0) + 1
        latency = self.latencies.get(method)
        if latency is None:
            latency = self.latencies[method] = Histogram(LATENCY_MS)
        latency.observe(seconds * 1e3)

    def figures(self) -> Iterator[Figure | Distribution]:
        """All of it."""
        outcomes = [
            ({"service": service, "method": method, "status": status, "code": code}, count)
            for (service, method, status, code), count in self.outcomes.items()
        ]
        yield Figure("unknown", f"{self._name}_request_status", "API calls answered.", outcomes)
        latencies = [({"service": service, "method": method}, it) for (service, method), it in self.latencies.items()]
        yield Distribution(f"{self._name}_request_latency_ms", "Time that API calls took.", latencies)

    def __repr__(self) -> str:
        return f"<Calls {sum(self.outcomes.values())}>"


def _split(path: str) -> tuple[str, str]:
    service, _, method = path.rpartition("/")
    return service.rpartition(".")[2], method


def _family(status: int) -> str:
    return str(status) if status < 400 else f"{status // 100}xx"
