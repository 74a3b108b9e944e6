"""Recorders that behave, crash, hang and fail: what becomes of their egress, and that nothing else suffers."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from roomwright.config import EgressCosts
from roomwright.egress.running import recorder as running
from roomwright.egress.running.session import Times
from roomwright.errors import Code, ServiceError
from roomwright.sfu.taps import Payload
from roomwright_proto import livekit as pb
from tests.egress.desk import CALLER, Desk

ROOM = pb.CreateRoomRequest(name="r")


@pytest.fixture
async def desk(tmp_path: Path):
    async with Desk(tmp_path) as desk:
        await desk.backend.create_room(ROOM, CALLER)
        yield desk


async def test_an_egress_starts_is_active_ends_and_everybody_is_told_in_order(desk: Desk) -> None:
    started = await desk.record()
    assert started.status is pb.EgressStatus.EGRESS_STARTING
    assert started.file_results[0].filename == "x.mp4"
    active = await desk.until(started.egress_id, "ACTIVE")
    assert active.started_at > 0
    ending = await desk.stop(started.egress_id)
    assert (ending.status, ending.details) == (pb.EgressStatus.EGRESS_ENDING, "End reason: StopEgress API")
    over = await desk.until(started.egress_id, "COMPLETE")
    assert over.ended_at >= over.started_at
    assert (over.details, over.error, over.error_code) == ("End reason: StopEgress API", "", 0)
    assert over.file == over.file_results[0]
    assert desk.told == [
        ("egress_started", "EGRESS_STARTING"),
        ("egress_updated", "EGRESS_ACTIVE"),
        ("egress_updated", "EGRESS_ENDING"),
        ("egress_ended", "EGRESS_COMPLETE"),
    ]


async def test_the_room_shows_that_it_is_recorded(desk: Desk) -> None:
    async def recorded() -> bool:
        return (await desk.backend.list_rooms(pb.ListRoomsRequest(), CALLER)).rooms[0].active_recording

    one, two = await desk.record(path="one"), await desk.record(path="two")
    assert await recorded()
    for info in (one, two):
        await desk.until(info.egress_id, "ACTIVE")
    await desk.stop(one.egress_id)
    await desk.until(one.egress_id, "COMPLETE")
    assert await recorded()
    await desk.stop(two.egress_id)
    await desk.over()
    assert not await recorded()


async def test_a_recorder_gets_the_rooms_tracks_as_they_come_mute_and_go(desk: Desk) -> None:
    alice = await desk.backend.join("r", "alice")
    first = await alice.publish()
    info = await desk.record(path="x")
    await desk.until(info.egress_id, "ACTIVE")
    await desk.seen("x.mp4", f"track_added 1 {first.sid}")
    second = await alice.publish()
    await desk.seen("x.mp4", f"track_added 2 {second.sid}")
    await alice.mute(first.sid)
    await desk.seen("x.mp4", "track_muted 1 True")
    desk.taps.open[second.sid].listener.on_payloads([Payload(9, "audio/pcmu", 8_000)])
    orders = await desk.seen("x.mp4", f"track_added 3 {second.sid}")
    assert "track_removed 2" in orders
    await alice.unpublish(second.sid)
    await desk.seen("x.mp4", "track_removed 3")
    assert not desk.taps.open[second.sid].open
    desk.taps.speakers[0](["alice"])
    await desk.seen("x.mp4", "speakers")
    for number in range(10):
        desk.taps.open[first.sid].listener.on_packet(bytes(100), 0, number)
    await desk.egress.update_layout(pb.UpdateLayoutRequest(egress_id=info.egress_id, layout="speaker"), CALLER)
    assert "10 packets" in await desk.seen("x.mp4", "layout speaker")


async def test_agents_sound_goes_to_one_channel(desk: Desk) -> None:
    alice = await desk.backend.join("r", "alice")
    track = await alice.publish()
    await desk.record(path="x", audio_only=True, audio_mixing=pb.AudioMixing.DUAL_CHANNEL_AGENT)
    await desk.seen("x.ogg", f"track_added 1 {track.sid} RIGHT")


async def test_a_crashed_recorder_fails_its_egress_alone_and_its_file_is_listed(desk: Desk) -> None:
    well = await desk.record(path="well")
    await desk.until(well.egress_id, "ACTIVE")
    alice = await desk.backend.join("r", "alice")
    bad = await desk.record(path="crash/bad")
    await alice.publish()
    info = await desk.until(bad.egress_id, "FAILED")
    assert "killed by signal 9" in info.error
    assert info.details == "End reason: Process killed"
    assert info.file_results[0].size == (desk.folder / "crash/bad.mp4").stat().st_size
    assert (await desk.look(well.egress_id)).status is pb.EgressStatus.EGRESS_ACTIVE


async def test_what_a_recorder_says_of_its_failure_is_passed_on(desk: Desk) -> None:
    info = await desk.record(path="failing/x")
    info = await desk.until(info.egress_id, "FAILED")
    assert (info.error, info.error_code) == ("no space left on device", 507)
    assert info.details == "End reason: Failure"


async def test_a_silent_recorder_is_ended(tmp_path: Path) -> None:
    async with Desk(tmp_path, times=Times(silence=1.0)) as desk:
        await desk.backend.create_room(ROOM, CALLER)
        info = await desk.record(path="deaf/x")
        info = await desk.until(info.egress_id, "FAILED")
        assert "killed by signal 9" in info.error


async def test_media_for_a_recorder_that_does_not_read_is_dropped_and_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MOST_WAITING", 100_000)
    alice = await desk.backend.join("r", "alice")
    track = await alice.publish()
    info = await desk.record(path="deaf/x")
    session = desk.egress.sessions[info.egress_id]
    await asyncio.wait_for(session.launch(), 60)
    for _ in range(10_000):
        desk.taps.open[track.sid].listener.on_packet(bytes(1_000), 0, 1)
        if session.recorder.dropped:
            break
    assert session.recorder.dropped == 1
    session.kill()


async def test_the_servers_stop_ends_recordings_in_order_and_kills_who_does_not_obey(tmp_path: Path) -> None:
    async with Desk(tmp_path, stop_grace=3) as desk:
        await desk.backend.create_room(ROOM, CALLER)
        good, stubborn = await desk.record(path="good"), await desk.record(path="stubborn/bad")
        for info in (good, stubborn):
            await desk.until(info.egress_id, "ACTIVE")
    assert (await desk.look(good.egress_id)).status is pb.EgressStatus.EGRESS_COMPLETE
    assert (await desk.look(stubborn.egress_id)).status is pb.EgressStatus.EGRESS_FAILED
    assert desk.told[-1][0] == "egress_ended"


async def test_a_source_that_does_not_come_fails_by_its_name(tmp_path: Path) -> None:
    async with Desk(tmp_path, times=Times(source=0.1)) as desk:
        await desk.backend.create_room(ROOM, CALLER)
        await desk.backend.join("r", "silent")
        file = pb.DirectFileOutput(filepath="x")
        track = pb.TrackEgressRequest(room_name="r", track_id="TR_nope", file=file)
        info = await desk.until((await desk.egress.start_track_egress(track, CALLER)).egress_id, "FAILED")
        assert "track TR_nope not found" in info.error
        assert info.error_code == 404
        for identity, words in (("nobody", "'nobody' not found"), ("silent", "'silent' published nothing")):
            asked = pb.ParticipantEgressRequest(
                room_name="r", identity=identity, file_outputs=[pb.EncodedFileOutput(filepath="x")]
            )
            info = await desk.until((await desk.egress.start_participant_egress(asked, CALLER)).egress_id, "FAILED")
            assert words in info.error


async def test_more_than_the_machine_has_is_refused_in_numbers(tmp_path: Path) -> None:
    async with Desk(tmp_path, cores=2, cpu_cost=EgressCosts(max_cpu_utilization=0.8)) as desk:
        await desk.backend.create_room(ROOM, CALLER)
        first = await desk.record(path="one")
        words = r"not enough CPU: this egress takes 1 cores, 1 of 1\.6 are in use"
        with pytest.raises(ServiceError, match=words) as refused:
            await desk.record(path="two")
        assert refused.value.code is Code.UNAVAILABLE
        await desk.until(first.egress_id, "ACTIVE")
        await desk.stop(first.egress_id)
        await desk.over()
        await desk.record(path="two")


async def test_what_ran_when_the_server_died_is_closed_honestly_by_the_next(tmp_path: Path) -> None:
    first = await Desk(tmp_path).__aenter__()
    await first.backend.create_room(ROOM, CALLER)
    lost = await first.record(path="kept")
    await first.until(lost.egress_id, "ACTIVE")
    request = pb.TrackEgressRequest(room_name="r", track_id="TR_x", file=pb.DirectFileOutput(filepath="x"))
    waiting = await first.egress.start_track_egress(request, CALLER)
    await first.egress.update_layout(pb.UpdateLayoutRequest(egress_id=lost.egress_id, layout="grid"), CALLER)
    await first.seen("kept.mp4", "layout")
    await first.egress.flush()
    await first.journal.close()  # as the end of the process does: the lock goes, and nothing more is written
    os.kill(first.egress.sessions[lost.egress_id].recorder.pid, signal.SIGKILL)
    async with Desk(tmp_path) as second:
        info = await second.look(lost.egress_id)
        assert info.status is pb.EgressStatus.EGRESS_FAILED
        assert info.file_results[0].size == (tmp_path / "kept.mp4").stat().st_size
        assert (await second.look(waiting.egress_id)).status is pb.EgressStatus.EGRESS_ABORTED
        assert [name for name, _ in second.told] == ["egress_ended", "egress_ended"]
        with pytest.raises(ServiceError, match="EGRESS_FAILED cannot be stopped"):
            await second.stop(lost.egress_id)
    await first.__aexit__()


async def test_streams_are_added_and_removed_all_or_none(desk: Desk) -> None:
    streams = [pb.StreamOutput(urls=["rtmp://h/live/first-key"])]
    request = pb.RoomCompositeEgressRequest(
        room_name="r", file_outputs=[pb.EncodedFileOutput(filepath="x")], stream_outputs=streams
    )
    info = await desk.egress.start_room_composite_egress(request, CALLER)
    assert info.room_composite.stream_outputs[0].urls == ["rtmp://h/live/{fir...key}"]
    assert info.stream_results[0].url == "rtmp://h/live/{fir...key}"
    await desk.until(info.egress_id, "ACTIVE")

    async def update(**fields) -> None:
        await desk.egress.update_stream(pb.UpdateStreamRequest(egress_id=info.egress_id, **fields), CALLER)

    new = "rtmp://h/live/second-key"
    with pytest.raises(ServiceError, match=r"stream rtmp://h/live/\{oth\.\.\.key\} not found"):
        await update(add_output_urls=[new], remove_output_urls=["rtmp://h/live/other-key"])
    await update(add_output_urls=[new], remove_output_urls=["rtmp://h/live/{fir...key}"])
    orders = await desk.seen("x.mp4", "stream_removed rtmp://h/live/first-key")
    assert [order for order in orders if order.startswith("stream_added")] == [f"stream_added 2 {new} "]
    with pytest.raises(ServiceError, match="is there already"):
        await update(add_output_urls=[new])


async def test_an_egress_without_a_stream_has_none_to_update(desk: Desk) -> None:
    info = await desk.record()
    request = pb.UpdateStreamRequest(egress_id=info.egress_id, add_output_urls=["rtmp://h/a/k"])
    with pytest.raises(ServiceError, match="UpdateStream called on non-streaming egress"):
        await desk.egress.update_stream(request, CALLER)


async def test_a_file_that_is_being_written_is_not_written_by_another(desk: Desk) -> None:
    first = await desk.record(path="same")
    with pytest.raises(ServiceError, match=f"same.mp4 is being written by egress {first.egress_id}"):
        await desk.record(path="same")
    assert len(desk.egress.sessions) == 1
    await desk.record(path="other")


async def test_an_unknown_layout_is_refused(desk: Desk) -> None:
    with pytest.raises(ServiceError, match="invalid field: layout"):
        await desk.record(layout="pyramid")


async def test_a_participant_that_reconnects_is_recorded_on_and_one_that_leaves_ends_it(desk: Desk) -> None:
    files = [pb.EncodedFileOutput(filepath="x")]
    request = pb.ParticipantEgressRequest(room_name="r", identity="alice", file_outputs=files)
    info = await desk.egress.start_participant_egress(request, CALLER)
    alice = await desk.backend.join("r", "alice")
    await alice.publish()
    await desk.until(info.egress_id, "ACTIVE")
    again = await desk.backend.join("r", "alice")
    track = await again.publish(source=pb.TrackSource.CAMERA)
    await again.publish(source=pb.TrackSource.SCREEN_SHARE)
    orders = await desk.seen("x.mp4", f"track_added 2 {track.sid}")
    assert "track_removed 1" in orders
    assert not any(order.startswith("track_added 3") for order in orders)
    await again.leave()
    over = await desk.until(info.egress_id, "COMPLETE")
    assert over.details == "End reason: Source closed"


async def test_a_closed_room_ends_what_waits_and_what_runs(desk: Desk) -> None:
    running_one = await desk.record(path="x")
    await desk.until(running_one.egress_id, "ACTIVE")
    request = pb.TrackEgressRequest(room_name="r", track_id="TR_x", file=pb.DirectFileOutput(filepath="y"))
    waiting = await desk.egress.start_track_egress(request, CALLER)
    await desk.backend.delete_room(pb.DeleteRoomRequest(room="r"), CALLER)
    assert (await desk.until(running_one.egress_id, "COMPLETE")).details == "End reason: Source closed"
    aborted = await desk.until(waiting.egress_id, "ABORTED")
    assert (aborted.error_code, aborted.details) == (412, "End reason: Source closed")


async def test_a_recorder_that_cannot_be_started_fails_its_egress(tmp_path: Path) -> None:
    async with Desk(tmp_path, command=("/nowhere/python",)) as desk:
        await desk.backend.create_room(ROOM, CALLER)
        info = await desk.until((await desk.record()).egress_id, "FAILED")
        assert "no recorder can be started" in info.error


async def test_the_end_of_a_rooms_recording_does_not_touch_its_successor(desk: Desk) -> None:
    old = await desk.record(path="old")
    await desk.until(old.egress_id, "ACTIVE")
    await desk.backend.delete_room(pb.DeleteRoomRequest(room="r"), CALLER)
    await desk.backend.create_room(ROOM, CALLER)
    await desk.record(path="new")
    await desk.until(old.egress_id, "COMPLETE")
    await asyncio.gather(*(one.wait() for one in list(desk.egress.sessions.values()) if one.id == old.egress_id))
    assert (await desk.backend.list_rooms(pb.ListRoomsRequest(), CALLER)).rooms[0].active_recording
