"""What is observed of media from one look to the next."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomwright.media.transits import Transits
from roomwright.metrics.exposition import Exposition
from roomwright.metrics.sampling import Sampler
from roomwright.sfu.embedded.vitals import StreamVitals, Vitals
from roomwright.sfu.sorts import Sort
from roomwright_proto import livekit as pb
from tests.metrics.conftest import Scrape, read, value

CAMERA = Sort("VIDEO", "CAMERA", "video/vp8")


def stream(packets: int, lost: int = 0, *, key: object = "s", direction: Any = "incoming", **more: Any) -> StreamVitals:
    return StreamVitals(stream=key, direction=direction, sort=CAMERA, packets=packets, lost=lost, **more)


def shown(sampler: Sampler) -> Scrape:
    return read(Exposition([sampler.figures], {"node_id": "ND_1"}).text().decode())


def looked(*looks: list[StreamVitals]) -> Scrape:
    sampler = Sampler()
    for streams in looks:
        sampler.take(Vitals(streams=streams))
    return shown(sampler)


def test_loss_is_that_of_the_time_since_the_last_look() -> None:
    samples = looked([stream(100, 10)], [stream(200, 10)], [stream(300, 11)])
    labels = {"direction": "incoming", "source": "CAMERA", "type": "VIDEO"}
    assert value(samples, "livekit_packet_loss_percent_count", **labels) == 3
    assert value(samples, "livekit_packet_loss_percent_sum", **labels) == pytest.approx(11)
    assert value(samples, "livekit_packet_loss_percent_bucket", le="0") == 1
    assert value(samples, "livekit_packet_loss_percent_bucket", le="1") == 2
    assert value(samples, "livekit_packet_loss_total", **labels) == 11


def test_a_stream_that_says_nothing_is_not_observed() -> None:
    samples = looked([stream(100, jitter=0.01)], [stream(100, jitter=0.01)], [])
    assert value(samples, "livekit_packet_loss_percent_count") == 1
    assert value(samples, "livekit_jitter_us_count") == 1


def test_a_stream_that_begins_anew_is_counted_from_its_beginning() -> None:
    samples = looked([stream(1000, 50)], [stream(10, 1)])
    assert value(samples, "livekit_packet_loss_percent_sum") == pytest.approx(5 + 10)


def test_packets_that_came_after_all_are_no_negative_loss() -> None:
    samples = looked([stream(100, 5)], [stream(110, 0)])
    assert value(samples, "livekit_packet_loss_percent_bucket", le="0") == 1
    assert value(samples, "livekit_packet_loss_total") == 5


def test_jitter_and_round_trips_are_in_the_units_of_their_names() -> None:
    samples = looked([stream(1, direction="outgoing", jitter=0.002, round_trip=0.12)])
    assert value(samples, "livekit_jitter_us_sum", direction="outgoing") == pytest.approx(2000)
    assert value(samples, "livekit_rtt_ms_sum", direction="outgoing") == pytest.approx(120)
    assert "livekit_packet_out_of_order_percent_count" not in samples


def test_packets_out_of_order_are_counted() -> None:
    samples = looked([stream(10, reordered=1)], [stream(20, reordered=3)])
    assert value(samples, "livekit_packet_out_of_order_total") == 3
    assert value(samples, "livekit_packet_out_of_order_percent_sum") == pytest.approx(10 + 20)


def test_connections_are_rated_at_each_look() -> None:
    sampler = Sampler()
    for _ in range(2):
        sampler.take(
            Vitals(qualities=[(int(pb.ConnectionQuality.EXCELLENT), 4.41), (int(pb.ConnectionQuality.LOST), 1)])
        )
    samples = shown(sampler)
    assert value(samples, "livekit_quality_rating_bucket", le="2") == 2
    assert value(samples, "livekit_quality_rating_count") == 4
    assert value(samples, "livekit_quality_score_sum") == pytest.approx(2 * 5.41)


def test_the_time_through_the_server_is_of_the_last_interval() -> None:
    sampler, transits = Sampler(), Transits()
    transits.add(10, 0.5)
    sampler.take(Vitals(passed=transits.passed))
    transits.add(3, 0.001)
    transits.add(1, 0.003)
    sampler.take(Vitals(passed=transits.passed))
    samples = shown(sampler)
    assert value(samples, "livekit_forward_latency") == pytest.approx(1.5e6)
    assert value(samples, "livekit_forward_jitter") == pytest.approx(0.866e6, rel=0.01)
    assert value(samples, "livekit_forward_latency_ns_count") == 14
    assert value(samples, "livekit_forward_latency_ns_bucket", le="1.024e+06") == 3
    sampler.take(Vitals(passed=transits.passed))
    assert value(shown(sampler), "livekit_forward_latency") == 0


def test_streams_that_are_gone_are_forgotten() -> None:
    sampler = Sampler()
    sampler.take(Vitals(streams=[stream(1, key=n) for n in range(50)]))
    sampler.take(Vitals())
    assert repr(sampler) == "<Sampler of 0 streams>"


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(-(10**6), 10**6), st.integers(0, 10**6))))
def test_whatever_is_reported_shares_are_shares(looks: list[tuple[int, int, int]]) -> None:
    samples = looked(*([stream(packets, lost, reordered=late)] for packets, lost, late in looks))
    for name in ("livekit_packet_loss_percent", "livekit_packet_out_of_order_percent"):
        if f"{name}_count" in samples:
            assert value(samples, f"{name}_bucket", le="100") == value(samples, f"{name}_count")
            assert value(samples, f"{name}_sum") >= 0


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.text())
def test_clients_cannot_make_series(kind: int, source: int, mime: str) -> None:
    sort = Sort.of(pb.TrackInfo(type=pb.TrackType(kind), source=pb.TrackSource(source), mime_type=mime))
    assert sort.kind in {*pb.TrackType.__members__, "OTHER"}
    assert sort.source in {*pb.TrackSource.__members__, "UNKNOWN"}
    assert sort.mime in {"", "other"} or sort.mime == mime.lower()
