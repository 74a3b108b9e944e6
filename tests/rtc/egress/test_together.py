"""Recordings of real publishers show and play what was published, in order and together."""

from pathlib import Path
from statistics import median

import pytest
from livekit import api
from livekit.protocol import egress as proto

from tests.egress import source
from tests.rtc.conftest import Invite
from tests.rtc.recording import in_real_time, recorded, status
from tests.rtc.server import Server

TOGETHER_S = 0.08


def watched(info: proto.EgressInfo) -> source.Watched:
    assert status(info) == "EGRESS_COMPLETE", info
    [file] = info.file_results
    return source.watch(Path(file.location))


def assert_together(recording: source.Watched, *, beeps: int) -> None:
    """In order, and beeps within 80 ms of their flashes, but for some when a busy machine held the publisher up."""
    numbers = [shown.number for shown in recording.shown]
    assert numbers == sorted(numbers)
    offsets = recording.offsets()
    with in_real_time():
        assert len(offsets) >= beeps, recording.beeps
        assert median(map(abs, offsets)) < TOGETHER_S, offsets


@pytest.mark.parametrize("codec", ["vp8", "h264", "vp9"])
async def test_a_room_is_recorded_with_picture_and_sound_together(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str, codec: str
) -> None:
    guest = await invite("python", "alice", url=recorder.socket_url)
    await guest.do("perform", codec=codec)
    request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=[api.EncodedFileOutput()])
    started = await livekit.egress.start_room_composite_egress(request)
    assert_together(watched(await recorded(livekit, started.egress_id, 6)), beeps=4)


@pytest.mark.parametrize("simulcast", [False, True])
async def test_a_browser_is_recorded_with_picture_and_sound_together(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str, simulcast: bool
) -> None:
    guest = await invite("browser", "alice", url=recorder.socket_url)
    await guest.do("perform", simulcast=simulcast)
    request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=[api.EncodedFileOutput()])
    started = await livekit.egress.start_room_composite_egress(request)
    assert_together(watched(await recorded(livekit, started.egress_id, 8)), beeps=5)


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1"])
async def test_a_participant_with_layers_is_recorded_with_picture_and_sound_together(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str, codec: str
) -> None:
    """VP8 has a stream for each layer, VP9 and AV1 have them all in one."""
    guest = await invite("python", "alice", url=recorder.socket_url)
    await guest.do("perform", width=1280, height=720, simulcast=True, codec=codec)
    request = api.ParticipantEgressRequest(room_name=room, identity="alice", file_outputs=[api.EncodedFileOutput()])
    started = await livekit.egress.start_participant_egress(request)
    assert_together(watched(await recorded(livekit, started.egress_id, 8)), beeps=5)


@pytest.mark.parametrize("codec", ["vp8", "h264", "vp9"])
async def test_tracks_are_recorded_whole_and_in_order(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str, codec: str
) -> None:
    guest = await invite("python", "alice", url=recorder.socket_url)
    tracks = await guest.do("perform", codec=codec)
    infos = []
    for name in ("camera", "microphone"):
        request = api.TrackEgressRequest(room_name=room, track_id=tracks[name], file=api.DirectFileOutput())
        infos.append(await livekit.egress.start_track_egress(request))
    camera = watched(await recorded(livekit, infos[0].egress_id, 5))
    microphone = watched(await recorded(livekit, infos[1].egress_id, 0))
    numbers = [shown.number for shown in camera.shown]
    assert numbers == sorted(set(numbers))
    with in_real_time():
        assert len(numbers) > 100
    seconds = [beep.second for beep in microphone.beeps]
    assert seconds == [(seconds[0] + step) % 16 for step in range(len(seconds))]
    assert len(seconds) >= 4
