"""Recordings follow what real participants do meanwhile, reach a WebSocket, and begin by presets and tokens."""

import asyncio
from itertools import groupby

import numpy as np
from livekit import api
from livekit.protocol import egress as proto

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.auth.tokens import mint
from roomwright.clock import SystemClock
from roomwright_proto import livekit as pb
from tests.egress.websocket import Listener
from tests.rtc.conftest import Invite
from tests.rtc.guests import Guest
from tests.rtc.recording import active, colours, ended, recorded, size, status
from tests.rtc.server import KEY, SECRET, Server


def shown(info: proto.EgressInfo) -> list[str]:
    """The colours of a recording in their order, each once for as long as it is shown."""
    [file] = info.file_results
    named = (max(zip(picture, ("red", "green", "blue"), strict=True)) for picture in colours(file.location))
    lasting = ((name, len(list(run))) for name, run in groupby(name for value, name in named if value > 100))
    return [name for name, pictures in lasting if pictures > 10]


async def _camera(guest: Guest, colour: str, codec: str = "vp8") -> str:
    return await guest.do("publish", name=colour, source="camera", colour=colour, width=640, height=360, codec=codec)


async def test_a_participant_is_followed_through_another_camera_with_another_codec(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    alice = await invite("python", "alice", url=recorder.socket_url)
    await _camera(alice, "red")
    request = api.ParticipantEgressRequest(room_name=room, identity="alice", file_outputs=[api.EncodedFileOutput()])
    started = await livekit.egress.start_participant_egress(request)
    await active(livekit, started.egress_id)
    await asyncio.sleep(3)
    await alice.do("unpublish", name="red")
    await asyncio.sleep(1)
    await _camera(alice, "green", codec="h264")
    info = await recorded(livekit, started.egress_id, 4)
    assert status(info) == "EGRESS_COMPLETE", info
    assert shown(info) == ["red", "green"]


async def test_a_shared_screen_takes_the_place_of_the_camera_while_it_lasts(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    alice = await invite("python", "alice", url=recorder.socket_url)
    await _camera(alice, "red")
    video = api.ParticipantVideo(identity="alice", prefer_screen_share=True)
    request = api.StartEgressRequest(
        room_name=room,
        media=api.MediaSource(participant_video=video),
        outputs=[api.Output(file=api.FileOutput(filepath="screen/x.mp4"))],
    )
    started = await livekit.egress.start_egress(request)
    await active(livekit, started.egress_id)
    await asyncio.sleep(3)
    await alice.do("publish", name="screen", source="screen_share", colour="blue", width=640, height=360)
    await asyncio.sleep(4)
    await alice.do("unpublish", name="screen")
    info = await recorded(livekit, started.egress_id, 4)
    assert status(info) == "EGRESS_COMPLETE", info
    assert shown(info) == ["red", "blue", "red"]


async def test_a_tracks_sound_reaches_a_websocket(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    alice = await invite("python", "alice", url=recorder.socket_url)
    microphone = await alice.do("publish", name="mic", source="microphone", hz=440)
    with Listener() as listener:
        request = api.TrackEgressRequest(room_name=room, track_id=microphone, websocket_url=listener.url)
        started = await livekit.egress.start_track_egress(request)
        assert "secret" not in str(started)
        info = await recorded(livekit, started.egress_id, 3)
        assert status(info) == "EGRESS_COMPLETE", info
        assert await asyncio.to_thread(listener.closed.wait, 60)
    wave = np.frombuffer(listener.samples, "<i2").astype(float)
    assert abs(float(np.argmax(np.abs(np.fft.rfft(wave[48_000:96_000])))) - 440) < 5


async def _recorded_by_itself(livekit: api.LiveKitAPI, room: str, alice: Guest, name: str) -> None:
    """One recording of alice begins, and ends with her leaving."""
    for _ in range(300):
        infos = (await livekit.egress.list_egress(api.ListEgressRequest(room_name=room))).items
        if infos:
            break
        await asyncio.sleep(0.1)
    [info] = infos
    await active(livekit, info.egress_id)
    await asyncio.sleep(2)
    await alice.do("disconnect")
    info = await ended(livekit, info.egress_id)
    assert status(info) == "EGRESS_COMPLETE", info
    assert info.file_results[0].filename == name
    assert size(info.file_results[0].location) > 0


async def test_a_preset_records_participants(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    await livekit.room.create_room(api.CreateRoomRequest(name=room, room_preset="recorded"))
    alice = await invite("python", "alice", url=recorder.socket_url)
    await _camera(alice, "red")
    await _recorded_by_itself(livekit, room, alice, "preset/alice.mp4")


async def test_a_tokens_room_configuration_records_participants(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    output = pb.EncodedFileOutput(filepath="token/{publisher_identity}")
    egress = pb.RoomEgress(participant=pb.AutoParticipantEgress(file_outputs=[output]))
    claims = Claims(
        identity="alice",
        video=VideoGrant(room_join=True, room=room),
        room_config=pb.RoomConfiguration(egress=egress),
    )
    token = mint(claims, key=KEY, secret=SECRET, ttl=600, clock=SystemClock())
    alice = await invite("python", "alice", url=recorder.socket_url, token=token)
    await _camera(alice, "red")
    await _recorded_by_itself(livekit, room, alice, "token/alice.mp4")
