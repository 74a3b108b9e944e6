"""One participant whom people can see and hear: a tone and a test pattern, by LiveKit's own SDK for Python.

Needs `livekit` (the extra `tools`); who imports this says so where it is missing.
"""

import asyncio
import math
from array import array
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from livekit import rtc

RATE = 48_000
FRAME = RATE // 100
_LOUDNESS = 8_000
_BARS = (
    (235, 235, 235),
    (235, 235, 16),
    (16, 235, 235),
    (16, 235, 16),
    (235, 16, 235),
    (235, 16, 16),
    (16, 16, 235),
    (16, 16, 16),
)
"""Red, green and blue of the test pattern, from left to right."""
_STEP = 4

Tell = Callable[[str, dict[str, str]], None]
"""Takes what happens: its name, and to whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What the participant sends. `hz` 0: no sound; `width` 0: no picture."""

    hz: float = 440.0
    width: int = 640
    height: int = 360
    pictures_per_s: float = 15.0
    simulcast: bool = False


class SyntheticParticipant:
    """`join`, then wait for `ended` as long as it shall stay, then `leave`."""

    def __init__(self, performance: Performance, tell: Tell) -> None:
        self.room = rtc.Room()
        self.ended = asyncio.Event()
        self._performance = performance
        self._tell = tell
        self._tasks: list[asyncio.Task[None]] = []
        self._listen()

    def __repr__(self) -> str:
        return f"<SyntheticParticipant in {self.room.name}>"

    async def join(self, url: str, token: str) -> None:
        """Come in and begin to perform. Raises rtc.ConnectError."""
        await self.room.connect(url, token)
        show = self._performance
        if show.hz:
            source = rtc.AudioSource(RATE, 1)
            track = rtc.LocalAudioTrack.create_audio_track("tone", source)
            await self._publish(track, rtc.TrackSource.SOURCE_MICROPHONE, sing(source, show.hz))
        if show.width:
            screen = rtc.VideoSource(show.width, show.height)
            picture = rtc.LocalVideoTrack.create_video_track("pattern", screen)
            await self._publish(picture, rtc.TrackSource.SOURCE_CAMERA, paint(screen, show))

    async def leave(self) -> None:
        """Be gone. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()

    async def _publish(
        self, track: rtc.LocalTrack, source: "rtc.TrackSource.ValueType", play: Coroutine[Any, Any, None]
    ) -> None:
        options = rtc.TrackPublishOptions(source=source, simulcast=self._performance.simulcast)
        publication = await self.room.local_participant.publish_track(track, options)
        self._tasks.append(asyncio.create_task(play))
        self._tell("publishes", {"track": publication.sid, "name": track.name})

    def _listen(self) -> None:
        """Tell what happens in the room."""
        room: Any = self.room

        def of_participant(event: str) -> Callable[[Any], None]:
            return lambda who: self._tell(event, {"identity": who.identity})

        def of_track(event: str) -> Callable[[Any, Any, Any], None]:
            return lambda _track, publication, who: self._tell(
                event, {"identity": who.identity, "track": publication.sid, "name": publication.name}
            )

        room.on("participant_connected", of_participant("comes"))
        room.on("participant_disconnected", of_participant("goes"))
        room.on("track_subscribed", of_track("is received"))
        room.on("track_unsubscribed", of_track("is no longer received"))
        room.on("data_received", self._on_data)
        room.on("disconnected", self._on_end)

    def _on_data(self, packet: Any) -> None:
        who = packet.participant.identity if packet.participant else ""
        text = packet.data[:200].decode("utf-8", "replace")
        self._tell("says", {"identity": who, "topic": packet.topic or "", "data": text})

    def _on_end(self, reason: Any) -> None:
        self._tell("disconnected", {"reason": rtc.DisconnectReason.Name(reason)})
        self.ended.set()


async def sing(source: rtc.AudioSource, hz: float) -> None:
    """A tone, until cancelled."""
    start = 0
    while True:
        angles = (2 * math.pi * hz * (start + number) / RATE for number in range(FRAME))
        samples = array("h", (int(_LOUDNESS * math.sin(angle)) for angle in angles))
        await source.capture_frame(rtc.AudioFrame(samples.tobytes(), RATE, 1, FRAME))
        start = (start + FRAME) % RATE


async def paint(source: rtc.VideoSource, show: Performance) -> None:
    """Coloured bars that wander to the left, until cancelled."""
    line = pattern_line(show.width)
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        source.capture_frame(rtc.VideoFrame(show.width, show.height, rtc.VideoBufferType.RGB24, line * show.height))
        line = line[3 * _STEP :] + line[: 3 * _STEP]
        due = max(due + 1 / show.pictures_per_s, loop.time() - 1.0)
        await asyncio.sleep(max(0.0, due - loop.time()))


def pattern_line(width: int) -> bytes:
    """One line of the test pattern: red, green and blue of each pixel."""
    return b"".join(bytes(_BARS[pixel * len(_BARS) // width]) for pixel in range(width))
