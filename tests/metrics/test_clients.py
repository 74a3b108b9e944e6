"""What clients try, and gRPC calls, as metrics show them; and what is shown where there are no clients."""

import asyncio

import aiohttp
import pytest
from grpclib.client import Channel
from grpclib.exceptions import GRPCError

from roomwright import codec
from roomwright.app import Server
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config import Config, GrpcSettings, PrometheusSettings
from roomwright.sfu.memory import MemoryBackend
from roomwright_proto import livekit as pb
from tests.metrics.conftest import Scrape, read, scrape, serving, until, value
from tests.serving import ALL_GRANTS, KEY, SECRET, Running, token

_CAMERA = pb.AddTrackRequest(cid="c", type=pb.TrackType.VIDEO, source=pb.TrackSource.CAMERA)


def rtc_url(server: Running, **grant: object) -> str:
    claims = Claims(identity="alice", video=VideoGrant(**{"room_join": True, "room": "r", **grant}))
    return f"http://127.0.0.1:{server.port}/rtc?protocol=16&access_token={token(claims)}"


async def test_counts_what_clients_say_and_are_told(watched: Running) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(rtc_url(watched)) as alice:
        await alice.receive()
        await alice.send_bytes(codec.encode(pb.SignalRequest(add_track=_CAMERA)))
        await alice.send_bytes(b"\xff\xff")
        async with asyncio.timeout(20):
            async for _ in alice:
                pass
        samples = await until(watched, "livekit_node_messages", 1, status="failure", direction="request")
    assert value(samples, "livekit_node_messages", type="signal", status="success", direction="request") == 1
    assert value(samples, "livekit_node_messages", status="success", direction="response") >= 2
    name = "livekit_track_publish_counter"
    assert value(samples, name, state="attempt", kind="VIDEO", source="CAMERA", mimeType="") == 1
    assert not sum(number for labels, number in samples[name] if labels["state"] == "success")


async def test_counts_clients_that_are_refused(watched: Running) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(rtc_url(watched, room_join=False))
    samples = scrape(watched)
    name = "livekit_participant_join_total"
    assert value(samples, name, state="signal_failed") == 1
    assert value(samples, name, state="signal_connected") == value(samples, name, state="rtc_init") == 0


async def test_counts_grpc_calls_apart() -> None:
    with serving(grpc=GrpcSettings(port=0)) as server:
        async with Channel("127.0.0.1", server.server.grpc_port) as channel:
            rooms = pb.RoomServiceStub(channel, metadata={"authorization": f"Bearer {token(ALL_GRANTS)}"})
            await rooms.list_rooms(pb.ListRoomsRequest())
            with pytest.raises(GRPCError):
                await rooms.delete_room(pb.DeleteRoomRequest(room="nowhere"))
        samples = scrape(server)
    name = "roomwright_grpc_request_status"
    assert value(samples, name, service="RoomService", method="ListRooms", status="200", code="") == 1
    assert value(samples, name, method="DeleteRoom", status="4xx", code="not_found") == 1
    assert value(samples, "roomwright_grpc_request_latency_ms_count", method="ListRooms") == 1
    assert "livekit_node_twirp_request_status" not in samples


async def scraped(server: Server) -> Scrape:
    assert server.monitoring.metrics is not None
    url = f"http://127.0.0.1:{server.monitoring.metrics.server.port}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return read(await answer.text())


async def test_a_backend_without_clients_has_rooms_and_tracks_and_no_media() -> None:
    backend = MemoryBackend()
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, prometheus=PrometheusSettings(port=0))
    async with Server(config, backend=backend) as server:
        alice, _ = await backend.join("r", "alice"), await backend.join("r", "bob")
        await alice.publish("cam", source=pb.TrackSource.CAMERA)
        await asyncio.sleep(0)
        samples = await scraped(server)
    camera = {"kind": "VIDEO", "source": "CAMERA", "mimeType": "video/vp8"}
    for name in ("livekit_track_published_total", "livekit_track_subscribed_total"):
        assert value(samples, name, **camera) == 1
    for state in ("attempt", "success"):
        assert value(samples, "livekit_track_publish_counter", state=state, **camera) == 1
        assert value(samples, "livekit_track_subscribe_counter", state=state, error="") == 1
    assert value(samples, "livekit_participant_join_total", state="rtc_connected") == 2
    for name in ("livekit_quality_score_count", "livekit_forward_latency", "roomwright_transports"):
        assert value(samples, name) == 0
