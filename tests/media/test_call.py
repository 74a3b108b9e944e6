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
from roomwright.media.forward.up import UpTrack
from roomwright.media.sdp import Announced, Answer, Answerer, Codecs, Offerer, TransportParameters, Wanted
from roomwright.media.transport import MediaSocket, RemoteParameters, Setup, TransportSettings, TransportState

CODECS = Codecs(["audio/opus", "video/VP8", "video/rtx"])


class Side:
    """The server's side of one client: a transport and an endpoint."""

    def __init__(self, hub: "Hub", sid: str) -> None:
        self.hub = hub
        self.transport = hub.socket.open(self)
        self.endpoint = hub.router.open(sid, "room", self.transport.sender, hub.now)
        self.answerer = Answerer(CODECS, 1)

    @property
    def local(self) -> TransportParameters:
        ours = self.transport.local
        return TransportParameters.of(ours.ufrag, ours.pwd, ours.fingerprint, ours.candidates)

    def answer(self, sdp: str, announced=(), wanted=()) -> Answer:
        answer = self.answerer.answer(sdp, self.local, announced, wanted)
        self.meet(answer.remote)
        return answer

    def meet(self, remote: TransportParameters) -> None:
        self.transport.set_remote(
            RemoteParameters(
                ufrag=remote.ice.ufrag,
                fingerprint=remote.dtls.fingerprint,
                setup=Setup(remote.dtls.setup),
                max_message_bytes=remote.max_message_bytes,
            )
        )

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


@pytest.fixture
async def clients() -> AsyncIterator[list[RTCPeerConnection]]:
    clients = [RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2)]
    yield clients
    for client in clients:
        await client.close()


async def connect(client: RTCPeerConnection, side: Side, announced=(), wanted=()) -> Answer:
    await client.setLocalDescription(await client.createOffer())
    answer = side.answer(client.localDescription.sdp, announced, wanted)
    await client.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
    return answer


async def frames(track: MediaStreamTrack, count: int) -> list[float]:
    """The times of some frames, in seconds."""
    async with asyncio.timeout(60):
        return [float((frame := await track.recv()).pts * frame.time_base) for _ in range(count)]


async def publish(hub: Hub, publisher: RTCPeerConnection) -> tuple[Side, dict[str, UpTrack]]:
    microphone, camera = AudioStreamTrack(), VideoStreamTrack()
    publisher.addTrack(microphone)
    publisher.addTrack(camera)
    announced = [
        Announced(track_sid="TR_a", kind="audio", cids=(microphone.id,)),
        Announced(track_sid="TR_v", kind="video", cids=(camera.id,)),
    ]
    source = Side(hub, "PA_1")
    answer = await connect(publisher, source, announced)
    return source, {item.track_sid: source.endpoint.publish(item, hub.now) for item in answer.published}


async def test_sound_and_picture_go_from_one_client_to_the_other(hub, clients):
    publisher, subscriber = clients
    source, ups = await publish(hub, publisher)
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


async def test_a_client_that_is_offered_to_receives_what_it_accepts(hub, clients):
    """Two connections: data channels first, then tracks come and go on sections that are used again."""
    publisher, subscriber = clients
    _, ups = await publish(hub, publisher)
    got: list[MediaStreamTrack] = []
    subscriber.on("track", got.append)
    sink = Side(hub, "PA_2")
    sink.transport.channel("_reliable")
    offerer = Offerer(CODECS, 1, sink.local)

    async def negotiate(*wanted: Wanted):
        offerer.want(wanted)
        offer = offerer.offer()
        assert offer is not None
        await subscriber.setRemoteDescription(RTCSessionDescription(sdp=offer.sdp, type="offer"))
        await subscriber.setLocalDescription(await subscriber.createAnswer())
        accepted = offerer.accept(subscriber.localDescription.sdp, offer.id)
        assert accepted is not None
        sink.meet(accepted.remote)
        return [sink.endpoint.subscribe(ups[sent.wanted.track_sid], sent, hub.now) for sent in accepted.sent]

    sound = Wanted(track_sid="TR_a", participant_sid="PA_1", kind="audio", ssrc=111_111)
    picture = Wanted(track_sid="TR_v", participant_sid="PA_1", kind="video", ssrc=222_222, rtx_ssrc=333_333)
    assert await negotiate() == []
    assert len(await negotiate(sound)) == 1
    assert len(await negotiate(sound, picture)) == 2
    assert [track.kind for track in got] == ["audio", "video"]
    await asyncio.gather(frames(got[0], 20), frames(got[1], 10))
    (left,) = await negotiate(picture)
    assert left.up.kind == "video"
    await frames(got[1], 10)
