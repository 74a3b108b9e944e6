"""What a server's metrics say while official clients call each other."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from tests.metrics.conftest import Scrape, read, value
from tests.rtc.conftest import Invite
from tests.rtc.network import Network
from tests.rtc.relay import Relay
from tests.rtc.server import Server

PORT, MEDIA_PORT = 6789, 40_002
"""Nobody else's: the network is the tests' own."""
SERVER, FRONT = "127.0.0.1", "127.0.0.9"
LOSS = 0.15
PATIENCE_S = 40.0


@pytest_asyncio.fixture(loop_scope="session")
async def watched(network: Network) -> AsyncIterator[tuple[Server, Relay]]:
    """A server with metrics, whose media is reached through a relay only."""
    metrics = ("--config-body", f"prometheus: {{port: {PORT}}}")
    with network:
        server = await Server.start("--bind", SERVER, "--node-ip", FRONT, "--udp-port", str(MEDIA_PORT), *metrics)
        relay = await Relay.open((FRONT, MEDIA_PORT), (SERVER, MEDIA_PORT))
    yield server, relay
    relay.close()
    await server.stop()


async def scrape() -> Scrape:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{PORT}/metrics") as answer:
        return read(await answer.text())


def total(samples: Scrape, name: str, **labels: str) -> float:
    """The sum of all samples with these labels; 0 where there is none yet."""
    return sum(number for own, number in samples.get(name, []) if labels.items() <= own.items())


async def seen(*wanted: tuple[str, dict[str, str]]) -> Scrape:
    """What is there when each of the wanted has been counted."""
    deadline = time.monotonic() + PATIENCE_S
    while missing := [one for one in wanted if not total(samples := await scrape(), one[0], **one[1])]:
        assert time.monotonic() < deadline, missing
        await asyncio.sleep(0.5)
    return samples


async def test_quality_loss_jitter_and_round_trips_of_a_call(watched: tuple[Server, Relay], invite: Invite) -> None:
    url = watched[0].socket_url
    alice, bob = await invite("python", "alice", url=url), await invite("python-double", "bob", url=url)
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await alice.do("publish", name="cam", source="camera", colour="red")
    await bob.hears("alice", "mic", 440)
    await bob.watches("alice", "cam", colour="red")
    measured = [
        (name, {"direction": direction, "source": source, "type": kind})
        for name in ("livekit_packet_loss_percent_count", "livekit_jitter_us_count")
        for direction in ("incoming", "outgoing")
        for source, kind in (("MICROPHONE", "AUDIO"), ("CAMERA", "VIDEO"))
    ]
    samples = await seen(
        *measured,
        ("livekit_rtt_ms_count", {"direction": "outgoing"}),
        ("livekit_quality_score_count", {}),
        ("livekit_forward_latency", {}),
        ("livekit_forward_jitter", {}),
    )
    _check_call(samples)


def _check_call(samples: Scrape) -> None:
    """Values are in the units of their names, and everything that was tried has succeeded."""
    ratings = value(samples, "livekit_quality_rating_count")
    assert value(samples, "livekit_quality_rating_bucket", le="2") > 0
    assert 1 <= total(samples, "livekit_quality_score_sum") / ratings <= 4.5
    assert total(samples, "livekit_rtt_ms_sum") / total(samples, "livekit_rtt_ms_count") < 5_000
    assert total(samples, "livekit_jitter_us_sum") / total(samples, "livekit_jitter_us_count") < 1_000_000
    assert 0 < value(samples, "livekit_forward_latency") < 1e9
    assert value(samples, "livekit_forward_latency_ns_count") > 100
    assert value(samples, "livekit_participant_join_total", state="rtc_connected") == 2
    assert total(samples, "livekit_track_publish_counter", state="attempt") == 2
    assert total(samples, "livekit_track_publish_counter", state="success") == 2
    assert value(samples, "livekit_track_subscribe_counter", state="attempt") == 2
    assert value(samples, "livekit_track_subscribe_counter", state="success") == 2
    assert value(samples, "livekit_node_messages", status="success", direction="request") > 4
    assert total(samples, "livekit_node_messages", status="failure") == 0
    assert total(samples, "livekit_node_packet_total") >= 0


async def test_a_bad_network_is_seen(watched: tuple[Server, Relay], invite: Invite) -> None:
    server, relay = watched
    url = server.socket_url
    alice, bob = await invite("python", "alice", url=url), await invite("python", "bob", url=url)
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await alice.do("publish", name="cam", source="camera", colour="red")
    await bob.hears("alice", "mic", 440)
    relay.loss = LOSS
    samples = await seen(
        ("livekit_packet_loss_total", {"direction": "incoming"}),
        ("livekit_packet_loss_total", {"direction": "outgoing"}),
        ("livekit_nack_total", {"direction": "incoming"}),
        ("livekit_nack_total", {"direction": "outgoing"}),
        ("livekit_packet_total", {"direction": "outgoing", "transmission": "retransmit"}),
        ("livekit_quality_rating_bucket", {"le": "1"}),
    )
    assert total(samples, "livekit_packet_loss_percent_sum") > 1
    relay.loss = 0.0
    for guest in (alice, bob):
        await guest.do("disconnect")
