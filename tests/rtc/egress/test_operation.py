"""Recording goes wrong, ends early, or begins by itself: files stay playable, records honest, rooms undisturbed."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from livekit import api

from tests.rtc.conftest import Invite
from tests.rtc.network import Network
from tests.rtc.recording import (
    PATIENCE_S,
    active,
    arguments,
    ended,
    listed,
    probe,
    published,
    recorded,
    recorders,
    recording_server,
    size,
    status,
    until,
)
from tests.rtc.server import Server


async def _on_stage(invite: Invite, server: Server, identity: str = "alice", **options):
    guest = await invite("python", identity, url=server.socket_url, **options)
    camera = await guest.do("publish", name="cam", source="camera", colour="red", width=320, height=240)
    microphone = await guest.do("publish", name="mic", source="microphone", hz=440)
    return guest, camera, microphone


def _file(name: str) -> list[api.EncodedFileOutput]:
    return [api.EncodedFileOutput(filepath=name)]


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}/fd").exists() and any(Path(f"/proc/{pid}/fd").iterdir())


async def _is_recording(livekit: api.LiveKitAPI, room: str) -> bool:
    [found] = (await livekit.room.list_rooms(api.ListRoomsRequest(names=[room]))).rooms
    return found.active_recording


async def test_a_killed_recorder_leaves_its_file_and_nothing_else_is_disturbed(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    await _on_stage(invite, recorder)
    bob = await invite("python", "bob", url=recorder.socket_url)
    request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=_file("killed/{room_name}"))
    started = await livekit.egress.start_room_composite_egress(request)
    await active(livekit, started.egress_id)
    assert await _is_recording(livekit, room)
    await bob.until(lambda state: state["recording"])
    await until(livekit, started.egress_id, lambda info: info.file_results[0].duration > 4_000_000_000)
    [pid] = recorders(recorder)
    os.kill(pid, signal.SIGKILL)
    info = await ended(livekit, started.egress_id)
    assert status(info) == "EGRESS_FAILED"
    assert "killed by signal 9" in info.error
    assert info.details == "End reason: Process killed"
    [file] = info.file_results
    assert size(file.location) == file.size > 10_000
    assert float(probe(file.location)["format"]["duration"]) > 1.5
    await bob.hears("alice", "mic", 440)
    assert not await _is_recording(livekit, room)
    await bob.until(lambda state: not state["recording"])


async def test_a_killed_server_leaves_its_file_and_the_next_one_an_honest_record(
    invite: Invite, network: Network, tmp_path: Path, room: str
) -> None:
    server = await Server.start(*arguments(tmp_path))
    await _on_stage(invite, server)
    async with server.api() as livekit:
        request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=_file("lost"))
        lost = (await livekit.egress.start_room_composite_egress(request)).egress_id
        waiting = api.ParticipantEgressRequest(room_name=room, identity="nobody", file_outputs=_file("never"))
        never = (await livekit.egress.start_participant_egress(waiting)).egress_id
        await until(livekit, lost, lambda info: info.file_results[0].duration > 4_000_000_000)
    [pid] = recorders(server)
    await server.kill()
    async with asyncio.timeout(PATIENCE_S):
        while _lives(pid):  # noqa: ASYNC110 - it is no child of ours
            await asyncio.sleep(0.1)
    async with recording_server(tmp_path) as next_server, next_server.api() as livekit:
        info = await listed(livekit, lost)
        assert status(info) == "EGRESS_FAILED"
        assert "the server ended" in info.error
        [file] = info.file_results
        assert size(file.location) == file.size
        assert float(probe(file.location)["format"]["duration"]) > 2
        assert status(await listed(livekit, never)) == "EGRESS_ABORTED"


async def test_the_end_of_the_room_ends_its_recording(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    await _on_stage(invite, recorder)
    request = api.RoomCompositeEgressRequest(room_name=room, audio_only=True, file_outputs=_file("ended/"))
    started = await livekit.egress.start_room_composite_egress(request)
    await active(livekit, started.egress_id)
    await asyncio.sleep(2)
    await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
    info = await ended(livekit, started.egress_id)
    assert (status(info), info.details) == ("EGRESS_COMPLETE", "End reason: Source closed")
    [file] = info.file_results
    assert file.filename.endswith(".ogg")
    assert probe(file.location)["audio"]["codec_name"] == "opus"


async def test_a_participant_is_waited_for_and_its_leaving_ends_the_recording(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    await invite("python", "bob", url=recorder.socket_url)
    request = api.ParticipantEgressRequest(
        room_name=room, identity="alice", file_outputs=_file("participant/{publisher_identity}-{time}")
    )
    started = await livekit.egress.start_participant_egress(request)
    await asyncio.sleep(1)
    assert status(await listed(livekit, started.egress_id)) == "EGRESS_STARTING"
    alice, _, _ = await _on_stage(invite, recorder)
    await active(livekit, started.egress_id)
    await asyncio.sleep(3)
    await alice.do("disconnect")
    info = await ended(livekit, started.egress_id)
    assert (status(info), info.details) == ("EGRESS_COMPLETE", "End reason: Source closed")
    [file] = info.file_results
    assert file.filename.startswith("participant/alice-")
    assert {"video", "audio"} <= probe(file.location).keys()


async def test_two_tracks_are_put_together(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    _, camera, microphone = await _on_stage(invite, recorder)
    request = api.TrackCompositeEgressRequest(
        room_name=room, audio_track_id=microphone, video_track_id=camera, file_outputs=_file("pair/{room_name}.mkv")
    )
    started = await livekit.egress.start_track_composite_egress(request)
    info = await recorded(livekit, started.egress_id, 3)
    assert (status(info), info.details) == ("EGRESS_COMPLETE", "End reason: StopEgress API")
    assert {"video", "audio"} <= probe(info.file_results[0].location).keys()


async def test_a_track_that_is_unpublished_ends_its_recording(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    alice, _, microphone = await _on_stage(invite, recorder)
    request = api.TrackEgressRequest(room_name=room, track_id=microphone, file=api.DirectFileOutput(filepath="gone"))
    started = await livekit.egress.start_track_egress(request)
    await active(livekit, started.egress_id)
    await asyncio.sleep(2)
    await alice.do("unpublish", name="mic")
    info = await ended(livekit, started.egress_id)
    assert (status(info), info.details) == ("EGRESS_COMPLETE", "End reason: Source closed")


async def test_an_encrypted_track_is_refused_with_the_reason(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    _, camera, _ = await _on_stage(invite, recorder, passphrase="secret")
    await published(livekit, room, camera)
    request = api.TrackEgressRequest(room_name=room, track_id=camera, file=api.DirectFileOutput(filepath="x"))
    with pytest.raises(api.TwirpError) as refused:
        await livekit.egress.start_track_egress(request)
    assert refused.value.code == "failed_precondition"
    assert "end-to-end encrypted" in refused.value.message


async def test_a_limit_ends_a_recording(invite: Invite, network: Network, tmp_path: Path, room: str) -> None:
    limits = {"session_limits": {"file_output_max_duration": "3s"}}
    async with recording_server(tmp_path, **limits) as server, server.api() as livekit:
        guest, _, _ = await _on_stage(invite, server)
        request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=_file("short"))
        started = await livekit.egress.start_room_composite_egress(request)
        info = await ended(livekit, started.egress_id)
        assert (status(info), info.error_code) == ("EGRESS_LIMIT_REACHED", 413)
        assert info.details == "End reason: Session limit reached"
        assert 2.5 < float(probe(info.file_results[0].location)["format"]["duration"]) < 4.5
        await guest.do("disconnect")


async def test_a_room_records_itself_its_participants_and_their_tracks(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    wanted = api.RoomEgress(
        room=api.RoomCompositeEgressRequest(audio_only=True, file_outputs=_file("auto/{room_name}")),
        participant=api.AutoParticipantEgress(file_outputs=_file("auto/{publisher_identity}")),
        tracks=api.AutoTrackEgress(filepath="auto/t"),
    )
    await livekit.room.create_room(api.CreateRoomRequest(name=room, egress=wanted))
    _, camera, microphone = await _on_stage(invite, recorder)
    for _ in range(300):
        infos = (await livekit.egress.list_egress(api.ListEgressRequest(room_name=room, active=True))).items
        if len(infos) == 4:
            break
        await asyncio.sleep(0.1)
    for info in infos:
        await active(livekit, info.egress_id)
    await asyncio.sleep(2)
    await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
    over = [await ended(livekit, info.egress_id) for info in infos]
    assert {status(info) for info in over} == {"EGRESS_COMPLETE"}
    names = {info.file_results[0].filename for info in over}
    assert names == {f"auto/{room}.ogg", "auto/alice.mp4", f"auto/t-{camera}.webm", f"auto/t-{microphone}.ogg"}


async def test_the_unified_request_records_a_participants_picture_and_everybodys_sound(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    await _on_stage(invite, recorder)
    source = api.MediaSource(
        participant_video=api.ParticipantVideo(identity="alice"), audio=api.AudioConfig(capture_all=True)
    )
    outputs = [api.Output(file=api.FileOutput(filepath="unified/x.mp4"))]
    request = api.StartEgressRequest(room_name=room, media=source, outputs=outputs)
    started = await livekit.egress.start_egress(request)
    info = await recorded(livekit, started.egress_id, 3)
    assert status(info) == "EGRESS_COMPLETE", info
    assert {"video", "audio"} <= probe(info.file_results[0].location).keys()


async def test_progress_is_shown_while_it_records(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    await _on_stage(invite, recorder)
    request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=_file("progress"))
    started = await livekit.egress.start_room_composite_egress(request)
    info = await until(livekit, started.egress_id, lambda info: info.file_results[0].duration > 2_000_000_000)
    assert info.file_results[0].size > 0
    assert status(info) == "EGRESS_ACTIVE"
    await livekit.egress.stop_egress(api.StopEgressRequest(egress_id=started.egress_id))
    with pytest.raises(api.TwirpError) as refused:
        await livekit.egress.stop_egress(api.StopEgressRequest(egress_id=started.egress_id))
    assert refused.value.code == "failed_precondition"
    await ended(livekit, started.egress_id)


async def test_a_server_that_is_stopped_finishes_its_recordings(
    invite: Invite, network: Network, tmp_path: Path, room: str
) -> None:
    async with recording_server(tmp_path) as server, server.api() as livekit:
        await _on_stage(invite, server)
        request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=_file("finished"))
        egress_id = (await livekit.egress.start_room_composite_egress(request)).egress_id
        await active(livekit, egress_id)
        await asyncio.sleep(3)
    async with recording_server(tmp_path) as next_server, next_server.api() as livekit:
        info = await listed(livekit, egress_id)
    assert (status(info), info.details) == ("EGRESS_COMPLETE", "End reason: Source closed")
    assert size(info.file_results[0].location) == info.file_results[0].size
    assert float(probe(info.file_results[0].location)["format"]["duration"]) > 2
