"""Rooms that ask to be recorded: by CreateRoom, by a preset, by the token of whoever comes first."""

from dataclasses import replace
from pathlib import Path

import pytest

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config import EgressCosts
from roomwright.egress.auto import track_wish
from roomwright.errors import Code, ServiceError
from roomwright_proto import livekit as pb
from tests.egress.desk import CALLER, Desk

EVERYTHING = pb.RoomEgress(
    room=pb.RoomCompositeEgressRequest(room_name="other", file_outputs=[pb.EncodedFileOutput(filepath="room")]),
    participant=pb.AutoParticipantEgress(file_outputs=[pb.EncodedFileOutput(filepath="{publisher_identity}")]),
    tracks=pb.AutoTrackEgress(filepath="t.ogg"),
)


@pytest.fixture
async def desk(tmp_path: Path):
    async with Desk(tmp_path) as desk:
        yield desk


async def listed(desk: Desk) -> list[pb.EgressInfo]:
    await desk.hearing.drain()
    return (await desk.egress.list_egress(pb.ListEgressRequest(), CALLER)).items


async def test_a_room_its_participants_and_their_tracks_are_recorded_once_each(desk: Desk) -> None:
    await desk.backend.create_room(pb.CreateRoomRequest(name="r", egress=EVERYTHING), CALLER)
    [room] = await listed(desk)
    assert (room.room_name, room.file_results[0].filename) == ("r", "room.mp4")
    alice = await desk.backend.join("r", "alice")
    assert len(await listed(desk)) == 1
    first, second = await alice.publish(), await alice.publish(source=pb.TrackSource.CAMERA)
    names = {info.file_results[0].filename for info in await listed(desk)}
    assert names == {"room.mp4", "alice.mp4", f"t-{first.sid}.ogg", f"t-{second.sid}.webm"}
    await alice.unpublish(first.sid)
    await alice.publish()
    assert len(await listed(desk)) == 5


async def test_a_room_made_by_a_join_is_recorded_as_its_token_says(desk: Desk) -> None:
    configuration = pb.RoomConfiguration(egress=pb.RoomEgress(room=EVERYTHING.room))
    claims = Claims(identity="alice", video=VideoGrant(room_join=True), room_config=configuration)
    await desk.backend.join("r", claims)
    assert [info.room_name for info in await listed(desk)] == ["r"]


async def test_a_preset_records_and_the_request_wins_over_it(desk: Desk) -> None:
    preset = pb.RoomConfiguration(egress=pb.RoomEgress(room=EVERYTHING.room))
    desk.backend.rooms.settings = replace(desk.backend.rooms.settings, room_configurations={"p": preset})
    await desk.backend.create_room(pb.CreateRoomRequest(name="a", room_preset="p"), CALLER)
    own = pb.RoomCompositeEgressRequest(file_outputs=[pb.EncodedFileOutput(filepath="own")])
    request = pb.CreateRoomRequest(name="b", room_preset="p", egress=pb.RoomEgress(room=own))
    await desk.backend.create_room(request, CALLER)
    assert [info.file_results[0].filename for info in await listed(desk)] == ["room.mp4", "own.mp4"]


@pytest.mark.parametrize(
    "egress",
    [
        pb.RoomEgress(room=pb.RoomCompositeEgressRequest()),
        pb.RoomEgress(participant=pb.AutoParticipantEgress()),
        pb.RoomEgress(tracks=pb.AutoTrackEgress(filepath="a\x00")),
    ],
)
async def test_what_cannot_be_recorded_makes_no_room(desk: Desk, egress: pb.RoomEgress) -> None:
    with pytest.raises(ServiceError) as error:
        await desk.backend.create_room(pb.CreateRoomRequest(name="r", egress=egress), CALLER)
    assert error.value.code is Code.INVALID_ARGUMENT
    assert not (await desk.backend.list_rooms(pb.ListRoomsRequest(), CALLER)).rooms


async def test_a_later_start_that_fails_is_told(tmp_path: Path) -> None:
    async with Desk(tmp_path, cores=1, cpu_cost=EgressCosts(max_cpu_utilization=1)) as desk:
        wanted = pb.RoomEgress(room=EVERYTHING.room, participant=EVERYTHING.participant)
        await desk.backend.create_room(pb.CreateRoomRequest(name="r", egress=wanted), CALLER)
        alice = await desk.backend.join("r", "alice")
        await alice.publish()
        _, failed = await listed(desk)
        assert failed.status is pb.EgressStatus.EGRESS_FAILED
        assert "not enough CPU" in failed.error
        assert ("egress_ended", "EGRESS_FAILED") in desk.told


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("a", "a-{track_id}"),
        ("d/a.ogg", "d/a-{track_id}.ogg"),
        ("d/", "d/"),
        ("", ""),
        ("{track_id}/x", "{track_id}/x"),
        ("d/.hidden", "d/.hidden-{track_id}"),
    ],
)
def test_a_tracks_id_tells_files_apart(template: str, path: str) -> None:
    [output] = track_wish(pb.AutoTrackEgress(filepath=template), "r", "TR_1").outputs
    assert output.path == path
