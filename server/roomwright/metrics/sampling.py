"""How well media arrives, looked at every few seconds: what changed since the last look is one observation."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from roomwright.metrics.figures import Distribution, Figure, Labels
from roomwright.metrics.histogram import Histogram
from roomwright.metrics.transit import Transit
from roomwright.sfu.embedded.vitals import StreamVitals, Vitals

INTERVAL_S = 5.0

PERCENT = (0, 0.1, 0.3, 0.5, 0.7, 1, 5, 10, 40, 100)
JITTER_US = (1e3, 1e4, 3e4, 5e4, 7e4, 1e5, 3e5, 6e5, 1e6)
ROUND_TRIP_MS = (50, 100, 150, 200, 250, 500, 750, 1_000, 5_000, 10_000)
RATING = (0, 1, 2)
SCORE = (1, 2, 2.5, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5)

_Key = tuple[str, str, str]
"""Direction, source, kind of track."""


class Spread:
    """Distributions and counts of one thing, by direction, source and kind of track."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.values: defaultdict[_Key, Histogram] = defaultdict(lambda: Histogram(bounds))
        self.totals: Counter[_Key] = Counter()

    def share(self, key: _Key, part: int, whole: int) -> None:
        """Observe a part of a whole, in percent, and add it up."""
        part = min(max(0, part), whole)
        self.values[key].observe(100 * part / whole)
        self.totals[key] += part


class Sampler:
    """What was seen since the start. `take` is called every few seconds, with what is so then."""

    def __init__(self) -> None:
        self._lost, self._reordered = Spread(PERCENT), Spread(PERCENT)
        self._jitter, self._round_trip = Spread(JITTER_US), Spread(ROUND_TRIP_MS)
        self._rating, self._score = Histogram(RATING), Histogram(SCORE)
        self._seen: dict[object, StreamVitals] = {}
        self._transit = Transit()

    def __repr__(self) -> str:
        return f"<Sampler of {len(self._seen)} streams>"

    def take(self, vitals: Vitals) -> None:
        """Look."""
        for now in vitals.streams:
            self._compare(now, self._seen.get(now.stream))
        self._seen = {stream.stream: stream for stream in vitals.streams}
        for rating, score in vitals.qualities:
            self._rating.observe(rating)
            self._score.observe(score)
        self._transit.take(vitals.passed)

    def _compare(self, now: StreamVitals, before: StreamVitals | None) -> None:
        packets, lost = (before.packets, before.lost) if before else (0, 0)
        if packets > now.packets:  # the stream began anew
            packets = lost = 0
        came = now.packets - packets
        if came <= 0:
            return
        key = (now.direction, now.sort.source, now.sort.kind)
        self._lost.share(key, now.lost - lost, came)
        if now.direction == "incoming":
            self._reordered.share(key, now.reordered - (before.reordered if before else 0), came)
        if now.jitter:
            self._jitter.values[key].observe(now.jitter * 1e6)
        if now.round_trip:
            self._round_trip.values[key].observe(now.round_trip * 1e3)

    def figures(self) -> Iterator[Figure | Distribution]:
        """All of it."""
        for name, purpose, spread in (
            ("livekit_packet_loss", "packets that did not come, or came too late", self._lost),
            ("livekit_packet_out_of_order", "packets that came late without being asked for", self._reordered),
        ):
            totals = [(_labels(key), count) for key, count in spread.totals.items()]
            yield Figure("counter", f"{name}_total", f"Number of {purpose}.", totals)
            yield _distribution(f"{name}_percent", f"Share of {purpose}.", spread)
        yield _distribution("livekit_jitter_us", "Jitter of arrivals (RFC 3550).", self._jitter)
        yield _distribution("livekit_rtt_ms", "Round trips, by subscribers' reports.", self._round_trip)
        yield Distribution("livekit_quality_rating", "0 poor, 1 good, 2 excellent, 3 lost.", [({}, self._rating)])
        yield Distribution("livekit_quality_score", "Mean opinion scores of connections.", [({}, self._score)])
        yield from self._transit.figures()


def _distribution(name: str, purpose: str, spread: Spread) -> Distribution:
    return Distribution(name, purpose, [(_labels(key), histogram) for key, histogram in spread.values.items()])


def _labels(key: _Key) -> Labels:
    return dict(zip(("direction", "source", "type"), key, strict=True))
