"""Metrics as text, as Prometheus reads it. What they are called is said where they are counted.

Names and labels are LiveKit's, so that its dashboards work. Some of its counters do not end in `_total`; the client
library would make them, therefore they are shown as untyped, which queries do not mind.
"""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    UnknownMetricFamily,
)
from prometheus_client.registry import Collector

from roomwright.metrics.figures import Distribution, Figure, Figures, Labels
from roomwright.metrics.histogram import Histogram

_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "unknown": UnknownMetricFamily}


class Exposition(Collector):
    """All metrics of a server: what `sources` offer each time somebody asks. `node` are the labels of every one."""

    def __init__(self, sources: Sequence[Callable[[], Figures]], node: Labels) -> None:
        self._sources = sources
        self._node = node
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def text(self) -> bytes:
        """The text to be scraped."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What the library asks for."""
        for source in self._sources:
            for figure in source():
                yield self._family(figure) if isinstance(figure, Figure) else self._histogram(figure)

    def _family(self, figure: Figure) -> Metric:
        family = _FAMILIES[figure.kind](figure.name, figure.purpose)
        for labels, value in figure.samples:
            family.add_sample(figure.name, {**self._node, **labels}, value)
        return family

    def _histogram(self, figure: Distribution) -> Metric:
        family = HistogramMetricFamily(figure.name, figure.purpose)
        for labels, histogram in figure.samples:
            _add(family, figure.name, {**self._node, **labels}, histogram)
        return family


def _add(family: Metric, name: str, labels: dict[str, str], histogram: Histogram) -> None:
    for bound, count in histogram.buckets():
        family.add_sample(f"{name}_bucket", {**labels, "le": bound}, count)
    family.add_sample(f"{name}_count", labels, histogram.count)
    family.add_sample(f"{name}_sum", labels, histogram.total)
