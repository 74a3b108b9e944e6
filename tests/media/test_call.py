"""A call between two clients of another implementation: negotiation, transport and forwarding together."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack

from roomwright.clock import RandomIds, SystemClock
from roomwright.media.forward.events import MediaStarted
from roomwright.media.forward.router import Router
from roomwright.media.sdp import Announced, Answer, Answerer, Codecs, TransportParameters, Wanted
from roomwright.media.transport import MediaSocket, RemoteParameters, Setup, TransportSettings, TransportState

CODECS = Codecs(["audio/opus", "video/VP8", "video/rtx"])


class Side:
    """The server's side of one client: a transport and an endpoint."""

    def __init__(self, hub: "Hub", sid: str) -> None:
        self.hub = hub
        self.transport = hub.socket.open(self)
        self.endpoint = hub.router.open(sid, "room", self.transport.sender, hub.now)
        self.answerer = Answerer(CODECS, 1)

    def answer(self, sdp: str, announced=(), wanted=()) -> Answer:
        ours = self.transport.local
        local = TransportParameters.of(ours.ufrag, ours.pwd, ours.fingerprint, ours.candidates)
        answer = self.answerer.answer(sdp, local, announced, wanted)
        remote = answer.remote
        self.transport.set_remote(
            RemoteParameters(
                ufrag=remote.ice.ufrag, fingerprint=remote.dtls.fingerprint, setup=Setup(remote.dtls.setup)
            )
        )
        return answer

    def on_state(self, state: TransportState, reason: str) -> None:
        assert state is not TransportState.FAILED, reason

    def on_rtp(self, packet: bytes, now: float) -> None:
        self.endpoint.on_rtp(packet, now)

    def on_rtcp(self, packet: bytes, now: float) -> None:
        self.endpoint.on_rtcp(packet, now)

    def on_channel_open(self, label: str) -> None:
        pass

    def on_channel_message(self, label: str, data: bytes, is_text: bool) -> None:
        pass


class Hub:
    """A media socket and a router with its timer."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.socket = MediaSocket(TransportSettings(), self.clock, RandomIds())
        self.router = Router(self.socket.burst)

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    async def run(self) -> None:
        while True:
            self.router.tick(self.now)
            await asyncio.sleep(max(0.0, (self.router.next_timeout() or self.now + 0.1) - self.now))


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    timer = asyncio.create_task(hub.run())
    yield hub
    timer.cancel()
    hub.socket.close()


async def connect(client: RTCPeerConnection, side: Side, announced=(), wanted=()) -> Answer:
    await client.setLocalDescription(await client.createOffer())
    answer = side.answer(client.localDescription.sdp, announced, wanted)
    await client.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
    return answer


async def frames(track: MediaStreamTrack, count: int) -> list[float]:
    """The times of some frames, in seconds."""
    async with asyncio.timeout(20):
        return [float((frame := await track.recv()).pts * frame.time_base) for _ in range(count)]


async def test_sound_and_picture_go_from_one_client_to_the_other(hub):
    publisher = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    subscriber = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    microphone, camera = AudioStreamTrack(), VideoStreamTrack()
    publisher.addTrack(microphone)
    publisher.addTrack(camera)
    announced = [
        Announced(track_sid="TR_a", kind="audio", cids=(microphone.id,)),
        Announced(track_sid="TR_v", kind="video", cids=(camera.id,)),
    ]
    source = Side(hub, "PA_1")
    ups = {}
    for item in (await connect(publisher, source, announced)).published:
        ups[item.track_sid] = source.endpoint.publish(item, hub.now)
    assert set(ups) == {"TR_a", "TR_v"}

    got: dict[str, MediaStreamTrack] = {}
    subscriber.on("track", lambda track: got.setdefault(track.kind, track))
    subscriber.addTransceiver("audio", direction="recvonly")
    subscriber.addTransceiver("video", direction="recvonly")
    sink = Side(hub, "PA_2")
    wanted = [
        Wanted(track_sid="TR_a", participant_sid="PA_1", kind="audio", ssrc=111_111),
        Wanted(track_sid="TR_v", participant_sid="PA_1", kind="video", ssrc=222_222, rtx_ssrc=333_333),
    ]
    answer = await connect(subscriber, sink, (), wanted)
    assert answer.mid_to_track_id == {"0": "TR_a", "1": "TR_v"}
    downs = [sink.endpoint.subscribe(ups[sent.wanted.track_sid], sent, hub.now) for sent in answer.sent]

    sound, picture = await asyncio.gather(frames(got["audio"], 100), frames(got["video"], 30))
    assert all(0.019 < after - before < 0.021 for before, after in pairwise(sound))
    assert all(0 < after - before < 0.2 for before, after in pairwise(picture))
    started = {event.mime for event in hub.router.take_events() if isinstance(event, MediaStarted)}
    assert started == {"audio/opus", "video/VP8"}
    assert all(down.packets or down.group for down in downs)
    assert source.endpoint.unknown == 0
    await publisher.close()
    await subscriber.close()
