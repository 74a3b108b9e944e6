"""What a server with metrics shows, over its own port and by Prometheus' own reader."""

import base64
import urllib.error
import urllib.request
from pathlib import Path

import aiohttp
import pytest
from aiohttp import test_utils, web
from hypothesis import given
from hypothesis import strategies as st
from livekit import api

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config import WebhookSettings, WebhookUrl
from roomwright.metrics.calls import Calls
from roomwright.metrics.histogram import Histogram
from tests.metrics.conftest import metrics_url, scrape, serving, until, value
from tests.serving import KEY, SECRET, Running, token

NAMES_OF_DASHBOARDS = {
    "livekit_room_total",
    "livekit_participant_total",
    "livekit_track_published_total",
    "livekit_track_subscribed_total",
    "livekit_participant_join_total",
    "livekit_room_duration_seconds_bucket",
    "livekit_session_start_time_ms_count",
    "livekit_packet_total",
    "livekit_packet_bytes",
    "livekit_nack_total",
    "livekit_pli_total",
    "livekit_fir_total",
    "livekit_track_publish_counter",
    "livekit_track_subscribe_counter",
    "livekit_node_messages",
    "livekit_quality_rating_bucket",
    "livekit_quality_score_sum",
    "livekit_forward_latency",
    "livekit_forward_jitter",
    "livekit_forward_latency_ns_bucket",
    "roomwright_node_cpus",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
}


def connected(server: Running) -> api.LiveKitAPI:
    return api.LiveKitAPI(f"http://127.0.0.1:{server.port}", KEY, SECRET)


def test_shows_the_names_that_dashboards_know_from_the_start(watched: Running) -> None:
    samples = scrape(watched)
    assert samples.keys() >= NAMES_OF_DASHBOARDS
    [(labels, rooms)] = samples["livekit_room_total"]
    assert (labels["node_type"], rooms) == ("SERVER", 0)
    assert labels["node_id"].startswith("ND_")


async def test_counts_rooms_and_how_long_they_lasted(watched: Running) -> None:
    async with connected(watched) as livekit:
        await livekit.room.create_room(api.CreateRoomRequest(name="one"))
        await livekit.room.create_room(api.CreateRoomRequest(name="two"))
        assert value(scrape(watched), "livekit_room_total") == 2
        await livekit.room.delete_room(api.DeleteRoomRequest(room="one"))
    samples = await until(watched, "livekit_room_duration_seconds_count", 1)
    assert value(samples, "livekit_room_total") == 1


async def test_counts_calls_by_method_and_outcome(watched: Running) -> None:
    async with connected(watched) as livekit:
        for _ in range(3):
            await livekit.room.list_rooms(api.ListRoomsRequest())
        with pytest.raises(api.TwirpError):
            await livekit.room.delete_room(api.DeleteRoomRequest(room="nowhere"))
    samples = scrape(watched)
    name = "livekit_node_twirp_request_status"
    assert value(samples, name, service="RoomService", method="ListRooms", status="200", code="") == 3
    assert value(samples, name, method="DeleteRoom", status="4xx", code="not_found") == 1
    assert value(samples, "livekit_node_twirp_request_latency_ms_count", method="ListRooms") == 3


def test_what_is_no_method_makes_no_series(watched: Running) -> None:
    before = len(scrape(watched)["process_cpu_seconds_total"])
    for number in range(20):
        watched.exchange(f"POST /twirp/livekit.RoomService/No{number} HTTP/1.0\r\n\r\n".encode())
        watched.exchange(f"GET /{number} HTTP/1.0\r\n\r\n".encode())
    samples = scrape(watched)
    assert "livekit_node_twirp_request_status" not in samples
    assert len(samples["process_cpu_seconds_total"]) == before == 1


async def test_counts_participants(watched: Running) -> None:
    claims = Claims(identity="alice", video=VideoGrant(room_join=True, room="r"))
    url = f"http://127.0.0.1:{watched.port}/rtc?protocol=16&access_token={token(claims)}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as alice:
        await alice.receive()
        samples = await until(watched, "livekit_participant_join_total", 1, state="signal_connected")
        assert value(samples, "livekit_participant_total") == 1
        assert value(samples, "livekit_participant_join_total", state="rtc_connected") == 0
    await until(watched, "livekit_participant_total", 0)


def test_asks_for_a_name_and_a_password_where_configured() -> None:
    with serving(username="prometheus", password="s3cret") as server:
        for credentials in (None, "prometheus:wrong", "other:s3cret"):
            with pytest.raises(urllib.error.HTTPError, match="401") as refused:
                ask(metrics_url(server), credentials)
            assert "Basic" in refused.value.headers["WWW-Authenticate"]
        assert b"livekit_room_total" in ask(metrics_url(server), "prometheus:s3cret")


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/metrics?x=1", 200), ("//metrics", 200), ("/%zz", 404)])
def test_is_at_one_path(watched: Running, path: str, status: int) -> None:
    url = metrics_url(watched).removesuffix("/metrics") + path
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            found = answer.status
    except urllib.error.HTTPError as refused:
        found = refused.code
    assert found == status


def test_a_taken_port_is_named() -> None:
    with serving() as first:
        port = int(metrics_url(first).split(":")[2].split("/")[0])
        with pytest.raises(OSError, match=f"metrics on port {port} of 127.0.0.1"), serving(port):
            pass


def ask(url: str, credentials: str | None) -> bytes:
    request = urllib.request.Request(url)
    if credentials is not None:
        request.add_header("Authorization", f"Basic {base64.b64encode(credentials.encode()).decode()}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


@given(st.lists(st.floats(0, 1e6)))
def test_a_histogram_counts_every_value_once(values: list[float]) -> None:
    histogram = Histogram((1, 10, 100))
    for number in values:
        histogram.observe(number)
    assert [count for _, count in histogram.buckets()] == [
        *(sum(number <= bound for number in values) for bound in (1, 10, 100)),
        len(values),
    ]
    assert histogram.total == pytest.approx(sum(values))


def test_calls_of_unknown_paths_are_passed_over() -> None:
    calls = Calls("livekit_node_twirp", ["/twirp/livekit.RoomService/ListRooms"])
    calls.record("/twirp/livekit.RoomService/ListRooms?x", 200, "", 0.1)
    assert calls.outcomes == {}


async def test_counts_webhooks_by_how_they_ended(tmp_path: Path) -> None:
    answers = iter((500, 200, 400))

    async def listen(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=next(answers, 200))

    async with test_utils.RawTestServer(listen) as listener:
        webhook = WebhookSettings(urls=(WebhookUrl(url=str(listener.make_url("/"))),), outbox_directory=str(tmp_path))
        with serving(webhook=webhook) as server:
            async with connected(server) as livekit:
                await livekit.room.create_room(api.CreateRoomRequest(name="one"))
                await livekit.room.delete_room(api.DeleteRoomRequest(room="one"))
            name = "livekit_webhook_dispatch_total"
            samples = await until(server, name, 1, status="failure", reason="refused")
            assert value(samples, name, status="failure", reason="failed") == 1
            assert value(samples, name, status="success") == 1
            assert value(samples, "roomwright_egress_running") == 0
