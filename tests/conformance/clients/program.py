"""Participants in LiveKit's Python SDK, at the command of the replayer: JSON lines, as for the tests with real clients.

Runs as a program of its own, because libwebrtc takes the network that it is started in. `program.py double` makes two
peer connections for a participant instead of one.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from livekit import rtc

EVENTS = (
    "connected",
    "connection_quality_changed",
    "connection_state_changed",
    "data_received",
    "disconnected",
    "local_track_published",
    "local_track_republished",
    "local_track_subscribed",
    "local_track_unpublished",
    "moved",
    "participant_active",
    "participant_attributes_changed",
    "participant_connected",
    "participant_disconnected",
    "participant_metadata_changed",
    "participant_name_changed",
    "participant_permissions_changed",
    "reconnected",
    "reconnecting",
    "room_metadata_changed",
    "room_updated",
    "token_refreshed",
    "track_muted",
    "track_published",
    "track_subscribed",
    "track_subscription_failed",
    "track_unmuted",
    "track_unpublished",
    "track_unsubscribed",
)
SIZE = (320, 180)
SINGLE = "double" not in sys.argv


class Guest:
    """One participant. Each public coroutine is a command."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._room = rtc.Room()
        self._tracks: dict[str, tuple[rtc.LocalTrackPublication, asyncio.Task[None]]] = {}
        for name in EVENTS:
            self._room.on(name, self._teller(name))

    @property
    def _me(self) -> rtc.LocalParticipant:
        return self._room.local_participant

    def _teller(self, event: str) -> Callable[..., None]:
        return lambda *arguments: say(who=self._who, event=event, args=[describe(each) for each in arguments])

    async def connect(self, url: str, token: str, auto_subscribe: bool = True) -> dict:
        options = rtc.RoomOptions(auto_subscribe=auto_subscribe, single_peer_connection=SINGLE)
        await self._room.connect(url, token, options)
        others = sorted(self._room.remote_participants)
        room = {"room_sid": await self._room.sid, "room_name": self._room.name, "metadata": self._room.metadata}
        return {"me": describe(self._me), "room": room | {"remote": others}}

    async def disconnect(self) -> None:
        for _, playing in self._tracks.values():
            playing.cancel()
        await self._room.disconnect()

    async def publish(self, name: str, kind: str = "audio", source: str = "") -> str:
        origin, track, play = _audio(name) if kind == "audio" else _video(name)
        source = source or ("microphone" if kind == "audio" else "camera")
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.Value(f"SOURCE_{source.upper()}"))
        playing = asyncio.create_task(play(origin))
        try:
            publication = await self._me.publish_track(track, options)
        except BaseException:
            playing.cancel()
            raise
        self._tracks[name] = publication, playing
        return publication.sid

    async def unpublish(self, name: str) -> None:
        publication, playing = self._tracks.pop(name)
        playing.cancel()
        await self._me.unpublish_track(publication.sid)

    async def mute(self, name: str) -> None:
        self._tracks[name][0].track.mute()

    async def unmute(self, name: str) -> None:
        self._tracks[name][0].track.unmute()

    async def send(self, data: str, reliable: bool = True, topic: str = "", to: list[str] | None = None) -> None:
        await self._me.publish_data(data, reliable=reliable, topic=topic, destination_identities=to or [])

    async def describe(self, name: str = "", metadata: str = "", attributes: dict[str, str] | None = None) -> None:
        if name:
            await self._me.set_name(name)
        if metadata:
            await self._me.set_metadata(metadata)
        if attributes:
            await self._me.set_attributes(attributes)

    async def answer(self, method: str, content: Any) -> None:
        """Answer calls of a method with a text, an error, an accident, or too late."""

        async def reply(call: rtc.RpcInvocationData) -> str:
            match content:
                case {"error": [code, message]}:
                    raise rtc.RpcError(code, message)
                case {"sleep": seconds}:
                    await asyncio.sleep(seconds)
                    return "late"
                case {"crash": _}:
                    raise RuntimeError("boom")
                case text:
                    return text.replace("$payload", call.payload).replace("$caller", call.caller_identity)

        self._me.register_rpc_method(method, reply)


def _audio(name: str) -> tuple[Any, rtc.LocalTrack, Callable[[Any], Awaitable[None]]]:
    source = rtc.AudioSource(48_000, 1)
    return source, rtc.LocalAudioTrack.create_audio_track(name, source), _hush


async def _hush(source: rtc.AudioSource) -> None:
    while True:
        await source.capture_frame(rtc.AudioFrame.create(48_000, 1, 960))


def _video(name: str) -> tuple[Any, rtc.LocalTrack, Callable[[Any], Awaitable[None]]]:
    source = rtc.VideoSource(*SIZE)
    return source, rtc.LocalVideoTrack.create_video_track(name, source), _flicker


async def _flicker(source: rtc.VideoSource) -> None:
    pixels = SIZE[0] * SIZE[1]
    for step in range(10**9):
        picture = bytes([step % 250]) * pixels + bytes([100]) * (pixels // 2)
        source.capture_frame(rtc.VideoFrame(*SIZE, rtc.VideoBufferType.I420, picture))
        await asyncio.sleep(0.2)


def describe(value: Any) -> Any:
    """What an event carries, in the form of the recordings."""
    match value:
        case bytes():
            return {"bytes_len": len(value), "head": value[:40].decode("latin-1")}
        case list() | tuple() | set():
            return [describe(each) for each in value]
        case dict():
            return {str(name): describe(each) for name, each in value.items()}
        case rtc.LocalParticipant() | rtc.RemoteParticipant():
            return _participant(value)
        case rtc.LocalTrackPublication() | rtc.RemoteTrackPublication():
            names = ("name", "kind", "source", "muted")
            return {"publication": value.sid, **{name: getattr(value, name) for name in names}}
        case rtc.LocalAudioTrack() | rtc.LocalVideoTrack() | rtc.RemoteAudioTrack() | rtc.RemoteVideoTrack():
            return {"track": value.sid, "name": value.name}
        case rtc.DataPacket():
            sender = value.participant.identity if value.participant else None
            return {"data": describe(value.data), "kind": value.kind, "topic": value.topic, "participant": sender}
        case str() | int() | float() | bool() | None:
            return value
        case _:
            return repr(value)[:200]


def _participant(value: rtc.Participant) -> dict:
    return {
        "participant": value.identity,
        "sid": value.sid,
        "name": value.name,
        "metadata": value.metadata,
        "attributes": dict(value.attributes),
        "kind": value.kind,
        "disconnect_reason": getattr(value, "disconnect_reason", None),
    }


def say(**message: Any) -> None:
    print(json.dumps(message, separators=(",", ":")), flush=True)


async def carry_out(guests: dict[str, Guest], message: dict) -> None:
    number, who, do = message.pop("id"), message.pop("who"), message.pop("do")
    guest = guests.get(who) or guests.setdefault(who, Guest(who))
    try:
        say(id=number, result=await getattr(guest, do)(**message))
    except Exception as error:  # the replayer decides what it means
        say(id=number, error=f"{type(error).__name__}: {error}")
    if do == "disconnect":
        guests.pop(who, None)


async def main() -> None:
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    guests: dict[str, Guest] = {}
    running: set[asyncio.Task[None]] = set()
    say(ready=True)
    async for line in reader:
        task = asyncio.create_task(carry_out(guests, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


if __name__ == "__main__":
    asyncio.run(main())
