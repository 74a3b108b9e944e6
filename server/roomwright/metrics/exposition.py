"""The names of metrics and their text, as Prometheus reads it.

Names and labels are LiveKit's, so that its dashboards work. Some of its counters do not end in `_total`; the client
library would make them, therefore they are shown as untyped, which queries do not mind.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    UnknownMetricFamily,
)
from prometheus_client.registry import Collector

from roomwright.metrics.calls import Calls
from roomwright.metrics.figures import Figure, Kind, Labels, Sample
from roomwright.metrics.happenings import Happenings
from roomwright.metrics.histogram import Histogram
from roomwright.metrics.present import Present
from roomwright.sfu.embedded.media import Traffic

_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "unknown": UnknownMetricFamily}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers come from, each time somebody asks."""

    calls: Calls
    happenings: Happenings
    present: Callable[[], Present]
    traffic: Callable[[], Traffic]
    others: Callable[[], Iterable[Figure]]


class Exposition(Collector):
    """All metrics of a server; `node` are the labels of every one of its own."""

    def __init__(self, sources: Sources, node: Labels) -> None:
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
        yield from self._of_rooms()
        yield from self._of_happenings()
        yield from self._of_traffic(self._sources.traffic())
        yield from self._of_calls()
        for figure in self._sources.others():
            yield self._family(*figure)

    def _of_rooms(self) -> Iterator[Metric]:
        present = self._sources.present()
        yield self._family("gauge", "livekit_room_total", "Rooms now.", [({}, present.rooms)])
        yield self._family("gauge", "livekit_participant_total", "Participants now.", [({}, present.participants)])
        for name, purpose, kinds in (
            ("livekit_track_published_total", "Published tracks now.", present.published),
            ("livekit_track_subscribed_total", "Subscriptions to tracks now.", present.subscribed),
        ):
            yield self._family("gauge", name, purpose, [({"kind": kind}, count) for kind, count in kinds.items()])

    def _of_happenings(self) -> Iterator[Metric]:
        past = self._sources.happenings
        joins = [({"state": state}, count) for state, count in past.joins.items()]
        yield self._family("counter", "livekit_participant_join_total", "Participants that came so far.", joins)
        published = [({"kind": kind, "state": "success"}, count) for kind, count in past.published.items()]
        yield self._family("unknown", "livekit_track_publish_counter", "Tracks published.", published)
        subscribed = [({"state": "success", "error": ""}, past.subscribed)]
        yield self._family("unknown", "livekit_track_subscribe_counter", "Subscriptions made.", subscribed)
        for name, purpose, histogram in (
            ("livekit_room_duration_seconds", "How long rooms lasted.", past.room_seconds),
            ("livekit_session_start_time_ms", "From joining to media.", past.start_ms),
            ("livekit_session_duration_ms", "How long participants stayed.", past.session_ms),
        ):
            yield self._histogram(name, purpose, [({}, histogram)])
        name, purpose = "roomwright_metrics_missed_total", "Times that events were not counted."
        yield self._family("counter", name, purpose, [({}, past.missed)])

    def _of_traffic(self, traffic: Traffic) -> Iterator[Metric]:
        yield self._family("counter", "livekit_packet_total", "RTP and RTCP packets.", _ways(
            traffic.packets_received, traffic.packets_sent, traffic.repeated
        ))  # fmt: skip
        yield self._family("unknown", "livekit_packet_bytes", "Bytes of RTP and RTCP, as UDP carries them.", _ways(
            traffic.bytes_received, traffic.bytes_sent, traffic.repeated_bytes
        ))  # fmt: skip
        for name, purpose, received, sent in (
            ("livekit_nack_total", "Requests for packets again.", traffic.nacks_received, traffic.nacks_sent),
            ("livekit_pli_total", "Picture loss indications.", traffic.plis_received, traffic.plis_sent),
            ("livekit_fir_total", "Full intra requests.", traffic.firs_received, traffic.firs_sent),
        ):
            counts = [({"direction": "incoming"}, received), ({"direction": "outgoing"}, sent)]
            yield self._family("counter", name, purpose, counts)
        for figure in (
            Figure("gauge", "roomwright_transports", "Media connections now.", [({}, traffic.transports)]),
            Figure(
                "counter", "roomwright_datagrams_dropped_total", "Not taken by the kernel.", [({}, traffic.dropped)]
            ),
            Figure(
                "counter", "roomwright_datagrams_strange_total", "Nobody known sent them.", [({}, traffic.strangers)]
            ),
            Figure(
                "counter", "roomwright_messages_lost_total", "Data channels were full.", [({}, traffic.lost_messages)]
            ),
        ):
            yield self._family(*figure)

    def _of_calls(self) -> Iterator[Metric]:
        calls = self._sources.calls
        outcomes = [
            ({"service": service, "method": method, "status": status, "code": code}, count)
            for (service, method, status, code), count in calls.outcomes.items()
        ]
        yield self._family("unknown", "livekit_node_twirp_request_status", "API calls answered.", outcomes)
        latencies = [({"service": service, "method": method}, it) for (service, method), it in calls.latencies.items()]
        yield self._histogram("livekit_node_twirp_request_latency_ms", "Time that API calls took.", latencies)

    def _family(self, kind: Kind, name: str, purpose: str, samples: Iterable[Sample]) -> Metric:
        family = _FAMILIES[kind](name, purpose)
        for labels, value in samples:
            family.add_sample(name, {**self._node, **labels}, value)
        return family

    def _histogram(self, name: str, purpose: str, of: Iterable[tuple[Labels, Histogram]]) -> Metric:
        family = HistogramMetricFamily(name, purpose)
        for labels, histogram in of:
            every = {**self._node, **labels}
            for bound, count in histogram.buckets():
                family.add_sample(f"{name}_bucket", {**every, "le": bound}, count)
            family.add_sample(f"{name}_count", every, histogram.count)
            family.add_sample(f"{name}_sum", every, histogram.total)
        return family


def _ways(received: int, sent: int, repeated: int) -> list[Sample]:
    """What came and what went; what was sent again apart. Of what comes it is not known what is a repetition."""
    return [
        ({"direction": "incoming", "transmission": "initial"}, received),
        ({"direction": "outgoing", "transmission": "initial"}, max(0, sent - repeated)),
        ({"direction": "outgoing", "transmission": "retransmit"}, repeated),
    ]
