"""Clients of the embedded backend with real media transports (by aiortc) in this process; their WebSocket is played."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from betterproto2 import which_one_of

from roomwright import codec
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.signalling.frames import Frame
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb

PATIENCE = 30.0


class Mute(MediaStreamTrack):
    """A track that never has anything to send."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    async def recv(self) -> Any:
        await asyncio.Event().wait()


async def eventually(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """What a condition gives as soon as that is true."""
    async with asyncio.timeout(patience):
        while not (found := condition()):  # noqa: ASYNC110 - a client's state has no event to wait for
            await asyncio.sleep(0.005)
    return found


class Line:
    """A WebSocket's server side that hands on what is sent. `ended` says how it was closed."""

    def __init__(self, hear: Callable[[str, Any], None]) -> None:
        self._hear = hear
        self.ended = ""

    def send(self, frame: Frame) -> None:
        assert isinstance(frame, bytes)
        self._hear(*which_one_of(codec.decode(pb.SignalResponse, frame), "message"))

    def ping(self) -> None:
        pass

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = self.ended or "aborted"


def _connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


class Caller:
    """A client. It negotiates as the server asks it to, one step after the other.

    `single`: one connection, on which it offers all; else two. `messages` are what signalling brought, `packets` what
    the data channels did (`frames` those of data tracks), `tracks` what media arrives: by the ids of their streams.
    """

    def __init__(self, backend: EmbeddedBackend, *, single: bool = True) -> None:
        self._backend = backend
        self.single = single
        self.messages: list[tuple[str, Any]] = []
        self.packets: list[pb.DataPacket] = []
        self.frames: list[bytes] = []
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.line = Line(self._hear)
        self.publisher = _connection()
        self.subscriber = self.publisher if single else _connection()
        self.subscribed: set[str] = set()
        self.on_packet: Callable[[pb.DataPacket], None] = lambda _: None
        self._channels: dict[str, RTCDataChannel] = {}
        self._answers: asyncio.Queue[pb.SessionDescription] = asyncio.Queue()
        self._work: asyncio.Queue[Callable[[], Any]] = asyncio.Queue()
        self._worker = asyncio.create_task(self._run())
        self.subscriber.on("track", self._on_track)
        self.subscriber.on("datachannel", self._on_channel)
        lossy = {"ordered": False, "maxRetransmits": 0}
        for label, options in (("_reliable", {}), ("_lossy", lossy), ("_data_track", lossy)):
            self._on_channel(self.publisher.createDataChannel(label, **options))

    # its life

    def connect(self, room: str, identity: str, claims: dict[str, Any] | None = None, **grant: Any) -> None:
        """Come in. Raises ServiceError."""
        video = VideoGrant(**{"room_join": True, "room": room, **grant})
        wish = Wish(
            claims=Claims(identity=identity, video=video, **(claims or {})),
            client=pb.ClientInfo(protocol=16),
            single_connection=self.single,
        )
        client = self._backend.connect(wish, self.line)
        assert client is not None
        self.client = client
        self._work.put_nowait(self._offer)

    async def join(self, room: str, identity: str, claims: dict[str, Any] | None = None, **grant: Any) -> None:
        """Come in, and wait until media and data flow."""
        self.connect(room, identity, claims, **grant)
        await eventually(lambda: self.client.participant.active)
        await eventually(lambda: all(channel.readyState == "open" for channel in self._channels.values()))

    async def close(self) -> None:
        """Be gone."""
        self._worker.cancel()
        await self.publisher.close()
        await self.subscriber.close()

    # what it does

    def say(self, **request: Any) -> None:
        """Send a signalling message."""
        self.client.on_frame(codec.encode(pb.SignalRequest(**request)))

    async def publish(self, track: MediaStreamTrack, **announcement: Any) -> str:
        """Announce a track and offer it; its sid, or "" when that is refused."""
        kind = pb.TrackType.VIDEO if track.kind == "video" else pb.TrackType.AUDIO
        self.say(add_track=pb.AddTrackRequest(cid=track.id, type=kind, **announcement))
        name, answer = self.messages[-1]
        if name != "track_published":
            return ""
        self.publisher.addTransceiver(track, direction="sendonly")
        await self.negotiate()
        return answer.track.sid

    async def unpublish(self, track: MediaStreamTrack) -> None:
        """Offer no more of a track."""
        for transceiver in self.publisher.getTransceivers():
            if transceiver.sender.track is track:
                transceiver.sender.replaceTrack(None)
                transceiver.direction = "inactive"
        await self.negotiate()

    async def negotiate(self) -> None:
        """Offer, and wait for the end of everything that there is to negotiate."""
        self._work.put_nowait(self._offer)
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is left to negotiate."""
        async with asyncio.timeout(PATIENCE):
            await self._work.join()

    def send(self, packet: pb.DataPacket, label: str = "_reliable") -> None:
        """Send a data packet."""
        self.send_bytes(codec.encode(packet), label)

    def send_bytes(self, data: bytes, label: str = "_reliable") -> None:
        """Send any bytes."""
        self._channels[label].send(data)

    def all(self, kind: str) -> list[Any]:
        """The messages of a kind, in order."""
        return [content for name, content in self.messages if name == kind]

    # what it hears

    def _hear(self, name: str, content: Any) -> None:
        self.messages.append((name, content))
        match name:
            case "answer":
                self._answers.put_nowait(content)
            case "media_sections_requirement":
                self._work.put_nowait(lambda: self._add_sections(content))
            case "offer":
                self._work.put_nowait(lambda: self._answer(content))
            case _:
                pass

    async def _run(self) -> None:
        while True:
            step = await self._work.get()
            try:
                await step()
            finally:
                self._work.task_done()

    async def _offer(self) -> None:
        await self.publisher.setLocalDescription(await self.publisher.createOffer())
        self.say(offer=pb.SessionDescription(type="offer", sdp=self.publisher.localDescription.sdp, id=7))
        answer = await asyncio.wait_for(self._answers.get(), PATIENCE)
        assert answer.id == 7
        await self.publisher.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
        if self.single:
            self.subscribed = set(answer.mid_to_track_id.values())

    async def _answer(self, offer: pb.SessionDescription) -> None:
        await self.subscriber.setRemoteDescription(RTCSessionDescription(sdp=offer.sdp, type="offer"))
        await self.subscriber.setLocalDescription(await self.subscriber.createAnswer())
        self.say(answer=pb.SessionDescription(type="answer", sdp=self.subscriber.localDescription.sdp, id=offer.id))
        self.subscribed = set(offer.mid_to_track_id.values())

    async def _add_sections(self, needed: pb.MediaSectionsRequirement) -> None:
        for kind, count in (("audio", needed.num_audios), ("video", needed.num_videos)):
            for _ in range(count):
                self.publisher.addTransceiver(kind, direction="recvonly")
        await self._offer()

    def _on_track(self, track: MediaStreamTrack) -> None:
        self.tracks[track.id] = track

    def _on_channel(self, channel: RTCDataChannel) -> None:
        own = channel.label in self._channels
        if not own:
            self._channels[channel.label] = channel
        channel.on("message", self.frames.append if channel.label == "_data_track" else self._on_data)

    def _on_data(self, data: bytes) -> None:
        packet = codec.decode(pb.DataPacket, data)
        self.packets.append(packet)
        self.on_packet(packet)
