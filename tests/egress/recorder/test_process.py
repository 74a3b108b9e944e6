"""A recorder as a process writes files that play, however it ends."""

import signal
import time
from dataclasses import replace
from itertools import pairwise

import av
import pytest

from roomwright_proto.livekit import EgressStatus, TrackSource
from roomwright_proto.roomwright.egress import v1
from tests.egress import payloads, source
from tests.egress.process import DEADLINE, recording
from tests.egress.recorder.plans import file, pair, room, track
from tests.egress.sender import EPOCH_NS, Network, Sent, added, arriving
from tests.egress.source import Watched

SECONDS = 3


def sent(codec: str, seconds: float = SECONDS, *, keys: int = 30) -> Sent:
    match codec:
        case "opus" | "red":
            return Sent(1, codec, list(payloads.opus(seconds)))
        case "pcmu":
            return Sent(1, codec, list(payloads.ulaw(seconds)))
        case _:
            return Sent(2, codec, list(payloads.video(codec, seconds, size=(320, 180), keys=keys)))


@pytest.mark.parametrize(
    ("codec", "container"), [("vp8", "webm"), ("vp9", "webm"), ("h264", "mp4"), ("av1", "mp4"), ("av1", "webm")]
)
def test_a_video_track_is_written_as_it_was_sent(tmp_path, codec, container) -> None:
    name = f"track.{container}"
    with recording(track(file(tmp_path, name), video=True)) as recorder:
        picture = sent(codec)
        recorder.order(added(picture))
        recorder.play(arriving(picture))
        finished = recorder.stop()
    assert finished.status == EgressStatus.EGRESS_COMPLETE
    assert finished.details == "StopEgress API"
    watched = source.watch(tmp_path / name)
    assert [shown.number for shown in watched.shown] == list(range(30 * SECONDS))
    assert max(abs(shown.at - shown.number / 30) for shown in watched.shown) < 0.02
    with av.open(str(tmp_path / name)) as container_:
        stream = container_.streams.video[0]
        assert (stream.width, stream.height) == (320, 180)
        sizes = sum(packet.size for packet in container_.demux(stream))
    assert sizes == pytest.approx(sum(len(frame.data) for frame in picture.frames), rel=0.05)
    assert finished.progress.files[0].size == (tmp_path / name).stat().st_size


@pytest.mark.parametrize("codec", ["opus", "red", "pcmu"])
def test_an_audio_track_is_written_without_a_hole(tmp_path, codec) -> None:
    with recording(track(file(tmp_path, "track.ogg"))) as recorder:
        sound = sent(codec)
        recorder.order(added(sound))
        recorder.play(arriving(sound))
        recorder.stop()
    watched = source.watch(tmp_path / "track.ogg")
    assert [beep.second for beep in watched.beeps] == list(range(SECONDS))
    assert max(abs(beep.at - beep.second) for beep in watched.beeps) < 0.02
    assert watched.duration == pytest.approx(SECONDS, abs=0.05)


def test_muted_and_lost_sound_is_silence_in_the_file(tmp_path) -> None:
    sound = Sent(
        1, "opus", [frame for frame in payloads.opus(6) if not 1.5 <= frame.at < 3.5], network=Network(loss=0.02)
    )
    with recording(track(file(tmp_path, "track.ogg"))) as recorder:
        recorder.order(added(sound))
        recorder.play(arriving(sound))
        recorder.stop()
    watched = source.watch(tmp_path / "track.ogg")
    assert watched.duration == pytest.approx(6, abs=0.1)
    assert {beep.second for beep in watched.beeps} >= {0, 1, 4, 5}
    assert all(abs(beep.at - beep.second) < 0.03 for beep in watched.beeps)
    with av.open(str(tmp_path / "track.ogg")) as container:
        times = [(packet.pts, packet.duration) for packet in container.demux(audio=0) if packet.pts is not None]
    assert all(now[0] + now[1] == then[0] for now, then in pairwise(times))


def test_a_composite_shows_and_plays_its_room(tmp_path) -> None:
    with recording(room(file(tmp_path, "room.mp4"))) as recorder:
        tracks = (sent("opus", 5), sent("vp8", 5))
        for each in tracks:
            recorder.order(added(each))
        recorder.play(arriving(*tracks))
        finished = recorder.stop()
    watched = source.watch(tmp_path / "room.mp4")
    assert finished.status == EgressStatus.EGRESS_COMPLETE
    assert len(watched.beeps) == 5
    assert max(map(abs, watched.offsets()[1:])) < 0.08
    assert watched.duration == pytest.approx(5, abs=0.3)


def test_a_composite_stays_together_through_loss_jitter_and_drift(tmp_path) -> None:
    rough = Network(delay=0.04, jitter=0.06, loss=0.05, resent=0.9)
    sound = Sent(1, "opus", list(payloads.opus(15)), drift=0.002, publisher_drift=0.0002, network=rough)
    frames = list(payloads.video("vp8", 15, size=(320, 180)))
    picture = Sent(2, "vp8", frames, late=0.05, publisher_drift=0.0002, network=rough)
    with recording(room(file(tmp_path, "room.mp4"))) as recorder:
        for each in (sound, picture):
            recorder.order(added(each))
        recorder.play(arriving(sound, picture))
        recorder.stop()
    watched = source.watch(tmp_path / "room.mp4")
    assert len(watched.beeps) == 15
    assert len(watched.offsets()) >= 12
    assert max(map(abs, watched.offsets())) < 0.08


@pytest.mark.parametrize(("codec", "name", "drift"), [("vp8", "p.webm", 0.008), ("h264", "p.mp4", -0.008)])
def test_two_tracks_as_they_are_sent_stay_together_though_their_clocks_drift(tmp_path, codec, name, drift) -> None:
    """8,000 ppm for 20 s are as much as 200 ppm for 13 minutes."""
    sound = Sent(1, "opus", list(payloads.opus(20)), drift=drift, network=Network(jitter=0.03, loss=0.01, resent=0.9))
    picture = Sent(2, codec, list(payloads.video(codec, 20, size=(160, 90))), network=Network(jitter=0.03))
    with recording(pair(file(tmp_path, name))) as recorder:
        for each in (sound, picture):
            recorder.order(added(each))
        recorder.play(arriving(sound, picture))
        recorder.stop()
    watched = source.watch(tmp_path / name)
    assert len(watched.offsets()) >= 18
    assert max(map(abs, watched.offsets())) < 0.08


@pytest.mark.parametrize(("codec", "drift"), [("opus", 0.008), ("pcmu", -0.008)])
def test_sound_alone_keeps_its_publishers_clock(tmp_path, codec, drift) -> None:
    """Nothing is put in and nothing left out, whatever the server's clock says."""
    spoken = payloads.opus(20) if codec == "opus" else payloads.ulaw(20)
    sound = Sent(1, codec, list(spoken), drift=drift, network=Network(jitter=0.03))
    with recording(track(file(tmp_path, "track.ogg"))) as recorder:
        recorder.order(added(sound))
        recorder.play(arriving(sound))
        recorder.stop()
    watched = source.watch(tmp_path / "track.ogg")
    assert [beep.second for beep in watched.beeps] == [second % 16 for second in range(20)]
    assert max(abs(beep.at - watched.beeps[0].at - second) for second, beep in enumerate(watched.beeps)) < 0.01


def test_a_server_whose_clock_is_behind_the_machines_is_recorded_as_well(tmp_path) -> None:
    tracks = (sent("opus"), sent("vp8"))
    with recording(room(file(tmp_path, "room.mp4"))) as recorder:
        recorder.until("ready")
        for each in tracks:
            recorder.order(added(each))
        recorder.play(arriving(*tracks), real_time=True, ahead=-60.0)
        recorder.stop()
    watched = source.watch(tmp_path / "room.mp4")
    assert len(watched.offsets()) == SECONDS
    assert watched.duration == pytest.approx(SECONDS, abs=0.5)


def test_a_screen_share_takes_the_place_of_the_camera(tmp_path) -> None:
    camera = Sent(2, "vp8", list(payloads.video("vp8", 6, size=(320, 180), first=1_000)))
    screen = Sent(3, "vp8", list(payloads.video("vp8", 2, size=(320, 180), first=60)))
    at_the_camera = [replace(frame, at=frame.at - 1_000 / 30) for frame in camera.frames]
    camera = replace(camera, frames=at_the_camera)
    orders = [
        (EPOCH_NS + 2_000_000_000, added(screen, source=TrackSource.SCREEN_SHARE)),
        (EPOCH_NS + 4_000_000_000, v1.Order(track_removed=v1.TrackRemoved(3))),
    ]
    with recording(room(file(tmp_path, "alice.mp4"), kind=v1.SourceKind.PARTICIPANT)) as recorder:
        recorder.order(added(camera))
        recorder.play(sorted([*arriving(camera, screen), *orders], key=lambda event: event[0]))
        recorder.stop()
    shown = source.watch(tmp_path / "alice.mp4").shown
    kinds = [number >= 1_000 for _, number in ((seen.at, seen.number) for seen in shown)]
    runs = [kind for place, kind in enumerate(kinds) if not place or kinds[place - 1] != kind]
    assert runs == [True, False, True]
    during = [seen.at for seen in shown if seen.number < 1_000]
    assert min(during) == pytest.approx(2, abs=0.4)
    assert max(during) == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize(("codec", "name"), [("vp8", "t.webm"), ("h264", "t.mp4")])
def test_a_picture_that_changes_its_size_goes_on_in_the_same_file(tmp_path, codec, name) -> None:
    first = list(payloads.video(codec, 2, size=(320, 180)))
    second = list(payloads.video(codec, 2, size=(180, 320), first=60))
    turned = Sent(2, codec, [*first, *second])
    with recording(track(file(tmp_path, name), video=True)) as recorder:
        recorder.order(added(turned))
        recorder.play(arriving(turned))
        recorder.stop()
    watched = source.watch(tmp_path / name)
    assert [shown.number for shown in watched.shown] == list(range(120))
    with av.open(str(tmp_path / name)) as container:
        sizes = [(frame.width, frame.height) for frame in container.decode(video=0)]
    assert (sizes[0], sizes[-1]) == ((320, 180), (180, 320))


def test_an_error_of_its_own_closes_the_file_and_is_told_without_details(tmp_path) -> None:
    program = """
import socket, sys
from roomwright.egress.recorder import making
from roomwright.egress.recorder.copying.lanes import AudioLane
from roomwright.egress.recorder.process import Recorder

def failing(lane, until_ns):
    if until_ns - lane._start_ns > 2_000_000_000:
        raise RuntimeError("sec" + "ret")
    return iter(())

AudioLane.advance = failing
Recorder(socket.socket(fileno=int(sys.argv[1])), making.make).run()
"""
    with recording(track(file(tmp_path, "t.ogg")), "-c", program) as recorder:
        media = sent("opus", 4)
        recorder.order(added(media))
        recorder.play(arriving(media))
        failed = recorder.until("failed").failed
        recorder.part()
        said = recorder.said()
    assert failed.error == "the recorder met an error of its own: RuntimeError"
    assert failed.progress.files[0].size == (tmp_path / "t.ogg").stat().st_size
    assert "failing" in said
    assert "secret" not in said
    assert source.watch(tmp_path / "t.ogg").duration > 1


def test_what_a_killed_recorder_wrote_can_be_played(tmp_path) -> None:
    with recording(room(file(tmp_path, "room.mp4"))) as recorder:
        tracks = (sent("opus", 8), sent("vp8", 8))
        for each in tracks:
            recorder.order(added(each))
        recorder.play(arriving(*tracks))
        _until_bytes(recorder, 20_000)
        recorder.process.send_signal(signal.SIGKILL)
        recorder.process.wait(DEADLINE)
    _plays(source.watch(tmp_path / "room.mp4"))


@pytest.mark.parametrize(("codec", "name"), [("vp8", "t.webm"), ("h264", "t.mp4"), ("opus", "t.ogg")])
def test_what_a_killed_track_recording_wrote_can_be_played(tmp_path, codec, name) -> None:
    """Of eight seconds with one key frame, the last fragment may be missing."""
    with recording(track(file(tmp_path, name), video=codec != "opus")) as recorder:
        media = sent(codec, 8, keys=10_000)
        recorder.order(added(media))
        recorder.play(arriving(media))
        _until_bytes(recorder, sum(len(frame.data) for frame in media.frames) * 3 // 4)
        recorder.process.send_signal(signal.SIGKILL)
        recorder.process.wait(DEADLINE)
    _plays(source.watch(tmp_path / name), least=4)


@pytest.mark.parametrize("end", ["eof", "sigterm"])
def test_a_recorder_whose_server_is_gone_closes_its_file(tmp_path, end) -> None:
    with recording(track(file(tmp_path, "t.mp4"), video=True)) as recorder:
        media = sent("h264")
        recorder.order(added(media))
        recorder.play(arriving(media))
        if end == "sigterm":
            _until_bytes(recorder, 1)
            recorder.process.send_signal(signal.SIGTERM)
            assert recorder.until("finished").finished.details == "Process killed"
        recorder.part()
    watched = source.watch(tmp_path / "t.mp4")
    assert [shown.number for shown in watched.shown] == list(range(len(watched.shown)))
    assert len(watched.shown) == 90 if end == "eof" else watched.shown


def test_a_stop_before_any_media_is_an_abort(tmp_path) -> None:
    with recording(track(file(tmp_path, "t.ogg"))) as recorder:
        recorder.until("ready")
        finished = recorder.stop()
    assert finished.status == EgressStatus.EGRESS_ABORTED
    assert not list(tmp_path.iterdir())


def test_an_empty_room_is_recorded_as_such(tmp_path) -> None:
    plan = room(file(tmp_path, "room.mp4"))
    plan.start_timeout_ns = 200_000_000
    with recording(plan) as recorder:
        recorder.until("started")
        time.sleep(1)
        finished = recorder.stop()
    assert finished.status == EgressStatus.EGRESS_COMPLETE
    assert 0.5 < source.watch(tmp_path / "room.mp4").duration < DEADLINE


def test_a_track_without_media_fails(tmp_path) -> None:
    plan = track(file(tmp_path, "t.ogg"))
    plan.start_timeout_ns = 300_000_000
    with recording(plan) as recorder:
        failed = recorder.until("failed").failed
    assert (failed.code, failed.error) == (412, "Start signal not received")
    assert not list(tmp_path.iterdir())


def test_the_limit_of_duration_ends_a_recording(tmp_path) -> None:
    plan = track(file(tmp_path, "t.ogg"))
    plan.max_duration_ns = 2_000_000_000
    with recording(plan) as recorder:
        media = sent("opus", 4)
        recorder.order(added(media))
        recorder.play(arriving(media))
        finished = recorder.until("finished").finished
    assert finished.status == EgressStatus.EGRESS_LIMIT_REACHED
    assert finished.details == "Session limit reached"
    assert source.watch(tmp_path / "t.ogg").duration == pytest.approx(2, abs=0.3)


def test_the_limit_of_bytes_ends_a_recording(tmp_path) -> None:
    plan = track(file(tmp_path, "t.webm"), video=True)
    plan.max_bytes = 4_000
    with recording(plan) as recorder:
        media = sent("vp8", 6)
        recorder.order(added(media))
        recorder.play(arriving(media))
        assert recorder.until("finished").finished.status == EgressStatus.EGRESS_LIMIT_REACHED


def test_a_codec_that_cannot_be_recorded_is_refused_by_name(tmp_path) -> None:
    with recording(track(file(tmp_path, "t.mp4"), video=True)) as recorder:
        recorder.order(added(Sent(2, "h265", ())))
        failed = recorder.until("failed").failed
    assert (failed.code, failed.error) == (400, "track TR_2 comes as h265, which is not recorded")


def test_a_file_that_cannot_be_written_is_an_error_that_says_so(tmp_path) -> None:
    (tmp_path / "there").write_text("a file, not a directory")
    with recording(track(file(tmp_path / "there", "t.ogg"))) as recorder:
        media = sent("opus", 1)
        recorder.order(added(media))
        recorder.play(arriving(media))
        failed = recorder.until("failed").failed
        recorder.part()
    assert "t.ogg" in failed.error or "there" in failed.error


@pytest.mark.parametrize("frame", [b"\0\0\0\0\0", b"\0\0\0\3\0\xff\xff"])
def test_a_server_that_does_not_keep_to_the_format_ends_the_recorder(tmp_path, frame) -> None:
    with recording(track(file(tmp_path, "t.ogg"))) as recorder:
        recorder.until("ready")
        recorder.socket.sendall(frame)
        assert recorder.process.wait(DEADLINE) == 0


def test_progress_is_told_every_second(tmp_path) -> None:
    began_s = time.monotonic()
    with recording(track(file(tmp_path, "t.ogg"))) as recorder:
        media = sent("opus", 2.5)
        recorder.order(added(media))
        recorder.play(arriving(media), real_time=True)
        recorder.stop()
    told = [report.progress for report in recorder.reports if report.progress is not None]
    assert 1 <= len(told) <= time.monotonic() - began_s + 1
    assert told[-1].bytes > 0
    assert told[-1].duration_ns > 1_000_000_000
    (began,) = (report.started for report in recorder.reports if report.started is not None)
    assert abs(began.at_ns - time.time_ns()) < DEADLINE * 1_000_000_000


def test_garbage_for_packets_disturbs_nothing(tmp_path) -> None:
    with recording(track(file(tmp_path, "t.ogg"))) as recorder:
        media = sent("opus")
        recorder.order(added(media))
        events = list(arriving(media))
        odd = [b"", b"\x80", bytes(12), b"\x80\x60" + bytes(9), b"\x9f\x60" + bytes(10), b"\xff" * 40]
        garbage = [
            (at, type(event)(event.track, 9 if index % 7 == 0 else 0, at, odd[index % 6]))
            for index, (at, event) in enumerate(events)
            if hasattr(event, "data")
        ]
        recorder.play(sorted(events + garbage, key=lambda event: event[0]))
        finished = recorder.stop()
    assert finished.status == EgressStatus.EGRESS_COMPLETE
    assert finished.progress.packets_lost > 0
    assert [beep.second for beep in source.watch(tmp_path / "t.ogg").beeps] == [0, 1, 2]


def _until_bytes(recorder, least: int) -> None:
    for report in recorder.reading():
        if report.progress is not None and report.progress.bytes >= least:
            return


def _plays(watched: Watched, least: float = 1.0) -> None:
    assert watched.duration >= least
    for kind in (watched.shown, watched.beeps):
        assert [found.at for found in kind] == sorted(found.at for found in kind)
    assert watched.shown or watched.beeps
