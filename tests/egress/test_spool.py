"""The spool: what a killed recorder was still uploading is stored by another process, or listed where it is."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from roomwright.egress import spool
from roomwright.egress.results import on_disk
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import payloads, source
from tests.egress.desk import CALLER, Desk
from tests.egress.process import recording
from tests.egress.programs import ACCESS, SECRET, s3_server, until
from tests.egress.recorder.plans import track
from tests.egress.sender import Sent, added, arriving

DAY = 86_400
WRITER = """
import sys, time
from pathlib import Path
from roomwright.egress.spool import Hold
held = Hold(Path(sys.argv[1]))
print(flush=True)
time.sleep(60)
"""
RESCUE = ("-m", "roomwright.egress.recorder.rescue")


def s3(endpoint: str, **changes: str) -> pb.S3Upload:
    values = {"access_key": ACCESS, "secret": SECRET, "bucket": "rec", "endpoint": endpoint}
    return pb.S3Upload(force_path_style=True, **(values | changes))


def killed(plan: v1.Plan) -> None:
    """Record three seconds of video by a plan, and kill the recorder."""
    with recording(plan) as recorder:
        picture = Sent(2, "h264", list(payloads.video("h264", 4, size=(320, 180))))
        recorder.order(added(picture))
        recorder.play(arriving(picture))
        recorder.until("started")
        [folder] = [folder for folder in Path(plan.outputs[0].storage.spool).iterdir() if spool.left(folder)]
        until(lambda: spool.left(folder)[0].stat().st_size > 10_000)
        assert spool.is_held(folder)
        recorder.process.send_signal(signal.SIGKILL)
        recorder.process.wait()
    assert not spool.is_held(folder)


def test_what_a_killed_recorder_had_not_uploaded_is_stored_whole(tmp_path: Path) -> None:
    (tmp_path / "buckets/rec").mkdir(parents=True)
    with s3_server(tmp_path / "buckets") as endpoint:
        storage = v1.Storage(s3=s3(endpoint), spool=str(tmp_path / "spool"))
        plan = track(v1.Output(file=v1.File(path="a/b.mp4", container="mp4"), storage=storage), video=True)
        killed(plan)
        assert not (tmp_path / "buckets/rec/a").exists()
        with recording(plan, *RESCUE) as rescue:
            finished = rescue.until("finished").finished
    stored = tmp_path / "buckets/rec/a/b.mp4"
    [file] = finished.progress.files
    assert (file.filename, file.size) == ("a/b.mp4", stored.stat().st_size)
    assert file.location == f"{endpoint}/rec/a/b.mp4"
    assert source.watch(stored).duration > 1
    assert not list((tmp_path / "spool").iterdir())


def test_what_cannot_be_stored_then_stays_and_the_error_says_where_without_keys(tmp_path: Path) -> None:
    storage = v1.Storage(s3=s3("http://127.0.0.1:1", bucket="away"), spool=str(tmp_path))
    plan = track(v1.Output(file=v1.File(path="b.ogg", container="ogg"), storage=storage))
    copy = tmp_path / "EG_test/0/b.ogg"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"sound")
    with recording(plan, *RESCUE) as rescue:
        failed = rescue.until("failed").failed
    assert failed.error == f"cannot store b.ogg: it cannot be reached; it is kept at {copy}"
    assert copy.read_bytes() == b"sound"


@pytest.mark.parametrize("reachable", [True, False])
async def test_the_record_of_a_killed_recorder_says_where_its_file_is(tmp_path: Path, reachable: bool) -> None:
    (tmp_path / "buckets/rec").mkdir(parents=True)
    with s3_server(tmp_path / "buckets") as endpoint:
        async with Desk(tmp_path) as desk:
            await desk.backend.create_room(pb.CreateRoomRequest(name="r"), CALLER)
            alice = await desk.backend.join("r", "alice")
            output = pb.EncodedFileOutput(filepath="crash/x", s3=s3(endpoint, bucket="rec" if reachable else "away"))
            request = pb.RoomCompositeEgressRequest(room_name="r", file_outputs=[output], audio_only=True)
            info = await desk.egress.start_room_composite_egress(request, CALLER)
            await alice.publish()
            over = await desk.until(info.egress_id, "FAILED")
            await desk.over()
    [file] = over.file_results
    assert over.details == "End reason: Process killed"
    assert over.error.startswith("the recorder was killed by signal 9; ")
    statuses = [status for _, status in desk.told]
    assert statuses == ["EGRESS_STARTING", "EGRESS_ACTIVE", "EGRESS_ENDING", "EGRESS_FAILED"]
    kept = tmp_path / "spool" / info.egress_id / "0/crash/x.ogg"
    if reachable:
        assert over.error.endswith("; what it wrote has been stored")
        assert file.location == f"{endpoint}/rec/crash/x.ogg"
        assert (tmp_path / "buckets/rec/crash/x.ogg").stat().st_size == file.size > 0
        assert not kept.exists()
    else:
        assert over.error.endswith(f"cannot store crash/x.ogg: there is no such bucket; it is kept at {kept}")
        assert (file.location, file.size) == (str(kept), kept.stat().st_size)


def test_a_folder_that_is_written_is_left_alone_and_its_record_waits(tmp_path: Path) -> None:
    folder = spool.folder(str(tmp_path), "EG_1")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(("server", "generated"))}
    file = pb.FileInfo(filename="x.mp4", location="https://bucket/x.mp4", size=3)
    info = pb.EgressInfo(egress_id="EG_1", file_results=[file])
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, env=environment
    ) as writer:
        writer.stdout.readline()
        (folder / "0").mkdir()
        (folder / "0/x.mp4").write_bytes(b"moving")
        assert not on_disk(info, str(tmp_path))
        assert spool.give_up(str(tmp_path), 0, 2**40) == []
        writer.kill()
    assert on_disk(info, str(tmp_path))
    assert (file.location, file.size) == (str(folder / "0/x.mp4"), 6)
    (folder / "0/x.mp4").unlink()
    file.location = "https://bucket/x.mp4"
    assert on_disk(info, str(tmp_path))
    assert file.location == "https://bucket/x.mp4"


def test_copies_are_given_up_when_nothing_has_changed_for_long(tmp_path: Path) -> None:
    for name, days in (("EG_old", 8), ("EG_new", 6)):
        (tmp_path / name / "0").mkdir(parents=True)
        (tmp_path / name / "0/x.mp4").write_bytes(b"1234")
        for path in (tmp_path / name).rglob("*"):
            os.utime(path, (0, 100 * DAY - days * DAY))
        os.utime(tmp_path / name, (0, 0))
    gone = spool.give_up(str(tmp_path), 7 * DAY, 100 * DAY)
    assert gone == [(tmp_path / "EG_old", 4)]
    assert [path.name for path in tmp_path.iterdir()] == ["EG_new"]
    assert spool.give_up(str(tmp_path / "nowhere"), 0, 0) == []


async def test_a_server_cleans_its_spool_when_it_starts(tmp_path: Path) -> None:
    old = tmp_path / "spool/EG_old/0/x.mp4"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"")
    for path in (old, *list(old.parents)[:2]):
        os.utime(path, (0, 0))
    async with Desk(tmp_path):
        for _ in range(1_000):
            await asyncio.sleep(0.02)
            if not old.exists():
                return
    raise AssertionError("it is still there")
