"""Real participants: LiveKit's SDK for Python, connected over WebSocket and WebRTC to the embedded backend."""

import asyncio
import math
from array import array
from collections.abc import Iterable
from typing import Any

from roomwright.testing.bridge import LoopThread, both
from roomwright.testing.errors import NotPossibleError, WaitedInVainError
from roomwright.testing.handlers import Handler, aside
from roomwright.testing.participant import Data, source_named
from roomwright.testing.waiting import PATIENCE_S, Arrivals
from roomwright_proto import livekit as pb

try:
    from livekit import rtc
except ImportError as error:
    raise NotPossibleError("real participants are LiveKit's SDK for Python: pip install livekit") from error

TONE_HZ = 440
RATE = 48_000
FRAME = RATE // 100
WIDTH, HEIGHT, PICTURES_PER_S = 320, 180, 15
_VIDEO = {pb.TrackSource.CAMERA, pb.TrackSource.SCREEN_SHARE}


class RealParticipant:
    """A participant in a room, with media. `sdk` is its `livekit.rtc.Room`, whose loop is the server's."""

    def __init__(self, thread: LoopThread) -> None:
        self.thread = thread
        self.sdk = rtc.Room()
        self._data = Arrivals[Data](str)
        self._tracks = Arrivals[tuple[str, str]](lambda track: f"{track[1]} of {track[0]}")
        self._media: set[asyncio.Task[None]] = set()
        listeners: Any = self.sdk
        listeners.on("data_received", self._on_data)
        listeners.on("track_subscribed", self._on_track)

    def __repr__(self) -> str:
        return f"<RealParticipant {self.identity} in {self.sdk.name}>"

    @property
    def identity(self) -> str:
        """Its identity."""
        return self.sdk.local_participant.identity

    @property
    def sid(self) -> str:
        """Its sid, `PA_…`."""
        return self.sdk.local_participant.sid

    @property
    def room(self) -> str:
        """The name of its room."""
        return self.sdk.name

    @property
    def present(self) -> bool:
        """Whether it is connected."""
        return self.sdk.isconnected()

    @property
    def received(self) -> list[Data]:
        """All data that it received, in order."""
        return list(self._data.all)

    async def enter(self, url: str, token: str, timeout: float) -> None:  # noqa: ASYNC109 - says why in its own words
        """For the server: connect."""
        try:
            async with asyncio.timeout(timeout):
                await self.sdk.connect(url, token)
        except TimeoutError:
            raise WaitedInVainError(
                f"the client was not connected within {timeout:g} s; it needs a network interface beside loopback"
            ) from None

    async def go(self) -> None:
        """For the server: be gone."""
        for task in self._media:
            task.cancel()
        await self.sdk.disconnect()

    @both
    async def publish(self, name: str = "", *, source: "pb.TrackSource | str" = "microphone") -> str:
        """Publish a tone of 440 Hz or a grey picture, and return the track's sid."""
        kind = source_named(source)
        options = rtc.TrackPublishOptions(source=int(kind))  # pyright: ignore[reportArgumentType] - an enum's number
        track, media = _picture(name) if kind in _VIDEO else _tone(name)
        publication = await self.sdk.local_participant.publish_track(track, options)
        task = asyncio.get_running_loop().create_task(media)
        self._media.add(task)
        task.add_done_callback(self._media.discard)
        return publication.sid

    @both
    async def wait_for_track(self, identity: str, name: str | None = None, *, timeout: float = PATIENCE_S) -> None:  # noqa: ASYNC109 - says what came
        """Wait until it is subscribed to a track of somebody; raises `WaitedInVainError`."""
        what = f"track {name!r} of {identity}" if name is not None else f"track of {identity}"
        await self._tracks.take(lambda track: track[0] == identity and name in {None, track[1]}, what, timeout)

    @both
    async def say(
        self, payload: str | bytes, *, topic: str = "", to: Iterable[str] = (), reliable: bool = True
    ) -> None:
        """Send data to everybody, or to some identities."""
        await self.sdk.local_participant.publish_data(
            payload, reliable=reliable, destination_identities=list(to), topic=topic
        )

    @both
    async def receive(self, *, topic: str | None = None, timeout: float = PATIENCE_S) -> Data:  # noqa: ASYNC109 - says what came
        """The next data (on that topic) that was not received yet; waits for it, else raises `WaitedInVainError`."""
        what = "data" if topic is None else f"data on topic {topic!r}"
        return await self._data.take(lambda data: topic in {None, data.topic}, f"{what} for {self.identity}", timeout)

    def on_rpc(self, method: str, handler: Handler) -> None:
        """Answer calls of `method` with what the handler returns, as a scripted participant does."""
        answered = aside(handler)

        async def answer(invocation: rtc.RpcInvocationData) -> str:
            from roomwright.sfu.memory import RpcError, RpcInvocation

            try:
                return await answered(RpcInvocation(invocation.caller_identity, method, invocation.payload))
            except RpcError as error:
                raise rtc.RpcError(error.code, error.message) from error

        self.thread.look(lambda: self.sdk.local_participant.register_rpc_method(method, answer))

    @both
    async def call_rpc(self, identity: str, method: str, payload: str = "", *, timeout: float = PATIENCE_S) -> str:  # noqa: ASYNC109 - the SDK's own
        """Call a method of another participant; raises `RpcError`."""
        from roomwright.sfu.memory import RpcError

        try:
            return await self.sdk.local_participant.perform_rpc(
                destination_identity=identity, method=method, payload=payload, response_timeout=timeout
            )
        except rtc.RpcError as error:
            raise RpcError(error.code, error.message) from error

    @both
    async def leave(self) -> None:
        """Say good-bye."""
        await self.go()

    def _on_data(self, packet: rtc.DataPacket) -> None:
        sender = packet.participant.identity if packet.participant else ""
        self._data.put(Data(packet.data, packet.topic or "", sender))

    def _on_track(self, _track: Any, publication: rtc.RemoteTrackPublication, publisher: rtc.RemoteParticipant) -> None:
        self._tracks.put((publisher.identity, publication.name))


def _tone(name: str) -> Any:
    source = rtc.AudioSource(RATE, 1)
    return rtc.LocalAudioTrack.create_audio_track(name, source), _play(source)


async def _play(source: rtc.AudioSource) -> None:
    steps = [2 * math.pi * TONE_HZ * n / RATE for n in range(RATE)]  # a second holds whole periods
    samples = array("h", (round(8000 * math.sin(step)) for step in steps))
    while True:
        for start in range(0, RATE, FRAME):
            frame = rtc.AudioFrame(samples[start : start + FRAME].tobytes(), RATE, 1, FRAME)
            await source.capture_frame(frame)


def _picture(name: str) -> Any:
    source = rtc.VideoSource(WIDTH, HEIGHT)
    return rtc.LocalVideoTrack.create_video_track(name, source), _show(source)


async def _show(source: rtc.VideoSource) -> None:
    grey = bytes([128]) * (WIDTH * HEIGHT * 3 // 2)
    while True:
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, grey))
        await asyncio.sleep(1 / PICTURES_PER_S)
