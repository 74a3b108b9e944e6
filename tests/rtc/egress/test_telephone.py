"""Publishers whose sound is that of telephones, G.711: their tracks, and the rooms that they are in."""

import pytest
from livekit import api

from tests.rtc.conftest import Invite
from tests.rtc.recording import active, pitch, probe, recorded, status
from tests.rtc.server import Server


@pytest.mark.parametrize("codec", ["pcmu", "pcma"])
async def test_a_telephones_sound_is_recorded_alone_and_in_its_room(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str, codec: str
) -> None:
    caller = await invite("browser", "caller", url=recorder.socket_url)
    sid = await caller.do("publish", name="mic", source="microphone", hz=440, codec=codec)
    whole = api.RoomCompositeEgressRequest(
        room_name=room, audio_only=True, file_outputs=[api.EncodedFileOutput(filepath="{room_name}")]
    )
    alone = api.TrackEgressRequest(room_name=room, track_id=sid, file=api.DirectFileOutput(filepath="{track_id}"))
    running = [
        await livekit.egress.start_room_composite_egress(whole),
        await livekit.egress.start_track_egress(alone),
    ]
    for one in running:
        await active(livekit, one.egress_id)
    [caller_there] = (await livekit.room.list_participants(api.ListParticipantsRequest(room=room))).participants
    assert [track.mime_type.lower() for track in caller_there.tracks] == [f"audio/{codec}"]
    for one in running:
        info = await recorded(livekit, one.egress_id, 3)
        assert status(info) == "EGRESS_COMPLETE", info
        [file] = info.file_results
        assert file.filename.endswith(".ogg")
        assert probe(file.location)["audio"]["codec_name"] == "opus"
        assert abs(pitch(file.location) - 440) < 20
