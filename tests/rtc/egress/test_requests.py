"""Recording calls that real clients hold: every kind of request, and what its files show."""

from livekit import api

from tests.rtc.conftest import Invite
from tests.rtc.recording import colours, pitch, probe, recorded, size, status
from tests.rtc.server import Server


async def _speaker(invite: Invite, recorder: Server, identity: str = "alice", colour: str = "red", hz: int = 440):
    guest = await invite("python", identity, url=recorder.socket_url)
    camera = await guest.do("publish", name="cam", source="camera", colour=colour, width=640, height=360)
    microphone = await guest.do("publish", name="mic", source="microphone", hz=hz)
    return guest, camera, microphone


async def test_a_room_is_recorded_to_an_mp4(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    await _speaker(invite, recorder)
    request = api.RoomCompositeEgressRequest(room_name=room, layout="grid", file_outputs=[api.EncodedFileOutput()])
    started = await livekit.egress.start_room_composite_egress(request)
    assert status(started) == "EGRESS_STARTING"
    info = await recorded(livekit, started.egress_id, 4)
    assert status(info) == "EGRESS_COMPLETE", info
    [file] = info.file_results
    assert size(file.location) == file.size
    streams = probe(file.location)
    assert (streams["video"]["codec_name"], streams["audio"]["codec_name"]) == ("h264", "aac")
    assert (streams["video"]["width"], streams["video"]["height"]) == (1280, 720)
    assert abs(pitch(file.location) - 440) < 20
    red, green, blue = colours(file.location)[-10]
    assert red > 150
    assert max(green, blue) < 100


async def test_a_track_is_recorded_as_it_is(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    _, camera, microphone = await _speaker(invite, recorder)
    for track, extension, codec in ((camera, "webm", "vp8"), (microphone, "ogg", "opus")):
        request = api.TrackEgressRequest(
            room_name=room, track_id=track, file=api.DirectFileOutput(filepath="{room_name}/{track_source}-{track_id}")
        )
        started = await livekit.egress.start_track_egress(request)
        info = await recorded(livekit, started.egress_id, 3)
        assert status(info) == "EGRESS_COMPLETE", info
        [file] = info.file_results
        assert file.filename.endswith(f"{track}.{extension}")
        kind = "video" if codec == "vp8" else "audio"
        assert probe(file.location)[kind]["codec_name"] == codec
