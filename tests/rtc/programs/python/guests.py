"""Guests in LiveKit's Python SDK, at the command of the tests: the README has the protocol.

Usage: guests.py single|double   (one peer connection for a guest, or two)
"""

import asyncio
import contextlib
import json
import math
import sys
from collections import deque

import numpy as np
import timed
from livekit import rtc

RATE = 48_000
FRAME = RATE // 100
FRAMES_PER_S = 15
COLOURS = {"red": (82, 90, 240), "green": (145, 54, 34), "blue": (41, 240, 110)}
"""Y, U and V."""
SOURCES = {
    "microphone": rtc.TrackSource.SOURCE_MICROPHONE,
    "camera": rtc.TrackSource.SOURCE_CAMERA,
    "screen_share": rtc.TrackSource.SOURCE_SCREENSHARE,
    "screen_share_audio": rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO,
}
SINGLE = sys.argv[1] == "single"


def say(**message) -> None:
    print(json.dumps(message, separators=(",", ":")), flush=True)


class Ear:
    """What was heard of a track since somebody last asked."""

    def __init__(self, track) -> None:
        self._stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        self._samples = deque(maxlen=50)
        self._frames = 0
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for event in self._stream:
            self._frames += 1
            self._samples.append(np.frombuffer(event.frame.data, np.int16) / 32768)

    def report(self) -> dict:
        samples = np.concatenate([*self._samples, np.zeros(0)])
        self._samples.clear()
        if not samples.size:
            return {"frames": self._frames, "rms": 0.0, "hz": 0.0}
        crossings = np.count_nonzero(np.diff(np.signbit(samples)))
        rms = math.sqrt(float(np.mean(samples**2)))
        return {"frames": self._frames, "rms": rms, "hz": crossings / 2 / (samples.size / RATE)}


class Eye:
    """What was seen of a track."""

    def __init__(self, track) -> None:
        self._stream = rtc.VideoStream(track, format=rtc.VideoBufferType.I420, capacity=2)
        self._frames, self._last = 0, None
        self.task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        async for event in self._stream:
            self._frames += 1
            self._last = event.frame

    def report(self) -> dict:
        if self._last is None:
            return {"frames": 0, "width": 0, "height": 0, "colour": None}
        width, height = self._last.width, self._last.height
        middle = [self._last.get_plane(plane).tobytes()[_middle(width, height)] for plane in (1, 2)]
        colour = min(COLOURS, key=lambda name: math.dist(COLOURS[name][1:], middle))
        return {"frames": self._frames, "width": width, "height": height, "colour": colour}


def _middle(width: int, height: int) -> int:
    """Where the middle of a picture is in its chroma planes."""
    half = (width + 1) // 2
    return height // 4 * half + half // 2


class Guest:
    """One participant. Each public coroutine is a command."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._room = rtc.Room()
        self._senses = {}
        self._playing = {}
        self._data_tracks = {}
        self._following = {}
        self._listen_to_events()

    @property
    def _me(self) -> rtc.LocalParticipant:
        return self._room.local_participant

    def _tell(self, event: str, **details) -> None:
        say(who=self._who, event=event, **details)

    def _listen_to_events(self) -> None:
        on = self._room.on
        on("participant_connected", lambda p: self._tell("participant_connected", identity=p.identity))
        on("participant_disconnected", lambda p: self._tell("participant_disconnected", identity=p.identity))
        on("disconnected", lambda reason: self._tell("disconnected", reason=rtc.DisconnectReason.Name(reason)))
        on("reconnecting", lambda: self._tell("reconnecting"))
        on("reconnected", lambda: self._tell("reconnected"))
        on("moved", lambda: self._tell("moved", room=self._room.name))
        on("track_subscribed", self._sense)
        on("track_unsubscribed", self._lose)
        on("data_received", self._data)
        on("data_track_published", self._offered)
        on("data_track_unpublished", lambda sid: self._tell("data_track_unpublished", sid=sid))
        on("active_speakers_changed", lambda ps: self._tell("speakers", identities=[p.identity for p in ps]))

    def _sense(self, track, publication, participant) -> None:
        self._senses[publication.sid] = (Ear if track.kind == rtc.TrackKind.KIND_AUDIO else Eye)(track)
        self._tell("track_subscribed", identity=participant.identity, name=publication.name)

    def _lose(self, _track, publication, participant) -> None:
        self._senses.pop(publication.sid).task.cancel()
        self._tell("track_unsubscribed", identity=participant.identity, name=publication.name)

    def _data(self, packet: rtc.DataPacket) -> None:
        sender = packet.participant.identity if packet.participant else None
        reliable = packet.kind == rtc.DataPacketKind.KIND_RELIABLE
        self._tell("data", payload=packet.data.decode(), topic=packet.topic or "", sender=sender, reliable=reliable)

    def _offered(self, track: rtc.RemoteDataTrack) -> None:
        self._data_tracks[track.publisher_identity, track.info.name] = track
        self._tell("data_track_published", identity=track.publisher_identity, name=track.info.name, sid=track.info.sid)

    async def connect(self, url, token, passphrase=None) -> dict:
        options = rtc.RoomOptions(single_peer_connection=SINGLE)
        if passphrase:
            options.encryption = rtc.E2EEOptions(rtc.KeyProviderOptions(shared_key=passphrase.encode()))
        await self._room.connect(url, token, options)
        return {"sid": self._me.sid, "room": self._room.name}

    async def disconnect(self) -> None:
        for name in list(self._playing):
            self._playing.pop(name)[1].cancel()
        for sense in self._senses.values():
            sense.task.cancel()
        await self._room.disconnect()

    async def publish(
        self, name, source, hz=440, colour="red", width=320, height=180, simulcast=False, codec="vp8"
    ) -> str:
        options = rtc.TrackPublishOptions(
            source=SOURCES[source],
            simulcast=simulcast,
            video_codec=rtc.VideoCodec.Value(codec.upper()),
        )
        if "audio" in source or source == "microphone":
            origin = rtc.AudioSource(RATE, 1)
            track, play = rtc.LocalAudioTrack.create_audio_track(name, origin), _sing(origin, hz)
        else:
            origin = rtc.VideoSource(width, height)
            track, play = rtc.LocalVideoTrack.create_video_track(name, origin), _paint(origin, width, height, colour)
        task = asyncio.create_task(play)
        task.add_done_callback(_complain)
        publication = await self._me.publish_track(track, options)
        self._playing[name] = (publication, task)
        return publication.sid

    async def perform(self, width=640, height=360, simulcast=False, codec="vp8") -> dict:
        """Publish a camera and a microphone in which the source of tests/egress/source.py tells its time."""
        picture, sound = rtc.VideoSource(width, height), rtc.AudioSource(RATE, 1, queue_size_ms=0)  # nothing waits
        task = asyncio.create_task(timed.perform(picture, sound, width, height))
        task.add_done_callback(_complain)
        tracks = {
            "camera": rtc.LocalVideoTrack.create_video_track("camera", picture),
            "microphone": rtc.LocalAudioTrack.create_audio_track("microphone", sound),
        }
        for name, track in tracks.items():
            value = rtc.VideoCodec.Value(codec.upper())
            options = rtc.TrackPublishOptions(source=SOURCES[name], simulcast=simulcast, video_codec=value)
            self._playing[name] = (await self._me.publish_track(track, options), task)
        return {name: self._playing[name][0].sid for name in tracks}

    async def unpublish(self, name) -> None:
        publication, task = self._playing.pop(name)
        task.cancel()
        await self._me.unpublish_track(publication.sid)

    async def mute(self, name) -> None:
        self._playing[name][0].track.mute()

    async def unmute(self, name) -> None:
        self._playing[name][0].track.unmute()

    async def senses(self, identity, name) -> dict | None:
        """What reached us of a track since the last question."""
        publication = self._publication(identity, name)
        sense = self._senses.get(publication.sid) if publication else None
        return sense.report() if sense else None

    async def subscribe(self, identity, name, on) -> None:
        self._publication(identity, name).set_subscribed(on)

    async def quality(self, identity, name, level) -> None:
        value = rtc.VideoQuality.Value(f"VIDEO_QUALITY_{level.upper()}")
        self._publication(identity, name).set_video_quality(value)

    def _publication(self, identity, name):
        other = self._room.remote_participants.get(identity)
        publications = other.track_publications.values() if other else ()
        return next((publication for publication in publications if publication.name == name), None)

    async def send(self, payload, topic="", reliable=True, to=()) -> None:
        await self._me.publish_data(payload, topic=topic, reliable=reliable, destination_identities=list(to))

    async def publish_data(self, name) -> str:
        self._data_tracks[name] = track = await self._me.publish_data_track(name=name)
        return track.info.sid

    async def unpublish_data(self, name) -> None:
        await self._data_tracks.pop(name).unpublish()

    async def push(self, name, fill, size) -> None:
        self._data_tracks[name].try_push(rtc.DataTrackFrame(payload=fill.encode() * size))

    async def follow(self, identity, name) -> None:
        stream = self._data_tracks[identity, name].subscribe()
        self._following[identity, name] = asyncio.create_task(self._follow(stream, name))

    async def _follow(self, stream, name) -> None:
        async for frame in stream:
            payload = frame.payload.decode()
            self._tell(
                "frame", name=name, fill=payload[:1], size=len(payload), intact=payload == payload[:1] * len(payload)
            )
        self._tell("followed", name=name)

    async def send_text(self, text, topic, to=()) -> None:
        await self._me.send_text(text, topic=topic, destination_identities=list(to))

    async def send_bytes(self, size, topic, to=()) -> None:
        await self._me.send_bytes(bytes(range(256)) * (size // 256), topic=topic, destination_identities=list(to))

    async def listen(self, topic) -> None:
        """Tell of text and byte streams with this topic."""
        self._room.register_text_stream_handler(topic, lambda *stream: asyncio.create_task(self._text(topic, *stream)))
        self._room.register_byte_stream_handler(topic, lambda *stream: asyncio.create_task(self._bytes(topic, *stream)))

    async def _text(self, topic, reader, sender) -> None:
        self._tell("text", topic=topic, text=await reader.read_all(), sender=sender)

    async def _bytes(self, topic, reader, sender) -> None:
        content = b"".join([chunk async for chunk in reader])
        intact = content == bytes(range(256)) * (len(content) // 256)
        self._tell("bytes", topic=topic, size=len(content), intact=intact, sender=sender)

    async def answer(self, method, prefix="", error=None) -> None:
        """Answer calls of a method with `prefix` and the payload, or with an error [code, message]."""

        async def reply(call: rtc.RpcInvocationData) -> str:
            if error:
                raise rtc.RpcError(*error)
            return prefix + call.payload

        self._me.register_rpc_method(method, reply)

    async def call(self, identity, method, payload) -> dict:
        try:
            return {"reply": await self._me.perform_rpc(destination_identity=identity, method=method, payload=payload)}
        except rtc.RpcError as error:
            return {"error": [error.code, error.message]}

    async def describe(self, name=None, metadata=None, attributes=None) -> None:
        """Change what the others see of this guest."""
        if name is not None:
            await self._me.set_name(name)
        if metadata is not None:
            await self._me.set_metadata(metadata)
        if attributes is not None:
            await self._me.set_attributes(attributes)

    async def state(self) -> dict:
        others = self._room.remote_participants
        return {
            "connected": self._room.isconnected(),
            "room": self._room.name,
            "metadata": self._room.metadata,
            "recording": self._room.is_recording,
            "me": _participant(self._me) if self._room._local_participant else None,
            "others": {identity: _participant(other) for identity, other in others.items()},
        }


def _participant(participant: rtc.Participant) -> dict:
    return {
        "sid": participant.sid,
        "name": participant.name,
        "metadata": participant.metadata,
        "attributes": dict(participant.attributes),
        "tracks": {publication.name: _track(publication) for publication in participant.track_publications.values()},
    }


def _track(publication) -> dict:
    return {
        "sid": publication.sid,
        "source": next(name for name, source in SOURCES.items() if source == publication.source),
        "muted": publication.muted,
        "simulcast": publication.simulcasted,
        "encrypted": publication.encryption_type != 0,
        "subscribed": getattr(publication, "subscribed", False),
    }


def _complain(task: asyncio.Task) -> None:
    if not task.cancelled() and task.exception():
        raise task.exception()


async def _sing(source: rtc.AudioSource, hz: float) -> None:
    """A tone, for good."""
    start = 0
    while True:
        angle = 2 * math.pi * hz * (np.arange(FRAME) + start) / RATE
        start += FRAME
        await source.capture_frame(rtc.AudioFrame((np.sin(angle) * 10_000).astype(np.int16).tobytes(), RATE, 1, FRAME))


async def _paint(source: rtc.VideoSource, width: int, height: int, colour: str) -> None:
    """A plain colour, with a bar that wanders at the upper edge so that no frame is like the one before."""
    luma, *chroma = COLOURS[colour]
    colours = b"".join(bytes([value]) * (width // 2 * (height // 2)) for value in chroma)
    for step in range(10**9):
        picture = np.full((height, width), luma, np.uint8)
        picture[: height // 8, step * 8 % width :][:, :16] = 235
        source.capture_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, picture.tobytes() + colours))
        await asyncio.sleep(1 / FRAMES_PER_S)


async def carry_out(guests: dict[str, Guest], message: dict) -> None:
    number, who, do = message.pop("id"), message.pop("who"), message.pop("do")
    guest = guests.get(who) or guests.setdefault(who, Guest(who))
    try:
        say(id=number, result=await getattr(guest, do)(**message))
    except Exception as error:  # the test decides what it means
        say(id=number, error=f"{type(error).__name__}: {error}")
    if do == "disconnect":
        guests.pop(who, None)


async def main() -> None:
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    guests, running = {}, set()
    say(ready=True)
    async for line in reader:
        task = asyncio.create_task(carry_out(guests, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)
    for guest in guests.values():
        with contextlib.suppress(Exception):
            await asyncio.wait_for(guest.disconnect(), 2)


asyncio.run(main())
