"""Files: every container is opened and decoded, at any moment."""

import json
import shutil
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomwright.egress.recorder import outputs
from roomwright.egress.recorder.outputs import boxes
from roomwright.egress.recorder.outputs.file import FileOutput
from roomwright.egress.recorder.outputs.muxer import Muxer
from roomwright.egress.recorder.storage import open_store
from roomwright.egress.recorder.storage.local import LocalSink
from roomwright.egress.recorder.units import OutputError, StreamFormat, Unit
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.composing import EPOCH_NS, SECOND, added, local, plan, recorded, results, through, written
from tests.egress.programs import played, probed

MP4, OGG, MP3 = pb.EncodedFileType.MP4, pb.EncodedFileType.OGG, pb.EncodedFileType.MP3
OPUS: dict[str, Any] = {"video": False, "audio_codec": pb.AudioCodec.OPUS}
AAC: dict[str, Any] = {"video": False}
LAME: dict[str, Any] = {"video": False, "audio_codec": pb.AudioCodec.AC_MP3}
VP8: dict[str, Any] = {"video_codec": pb.VideoCodec.VP8, "audio_codec": pb.AudioCodec.OPUS}

CASES = [
    (v1.File(type=MP4, path="a.mp4"), {}, ["h264", "aac"]),
    (v1.File(path="a.mp4"), {}, ["h264", "aac"]),
    (v1.File(type=MP4, path="a.mp4"), {"audio_codec": pb.AudioCodec.OPUS}, ["h264", "opus"]),
    (v1.File(type=MP4, path="a.mp4"), {"audio": False}, ["h264"]),
    (v1.File(type=MP4, path="a.mp4"), AAC, ["aac"]),
    (v1.File(type=OGG, path="a.ogg"), OPUS, ["opus"]),
    (v1.File(path="a.ogg"), OPUS, ["opus"]),
    (v1.File(type=MP3, path="a.mp3"), LAME, ["mp3"]),
    (v1.File(container="webm", path="a.webm"), VP8, ["vp8", "opus"]),
]


@pytest.mark.parametrize(("file", "encoding", "codecs"), CASES)
def test_each_container_is_opened_by_ffprobe_and_played_by_ffmpeg(
    file: v1.File, encoding: dict[str, Any], codecs: list[str], tmp_path: Path
):
    said = through(FileOutput(file, open_store(local(tmp_path))), 3, **encoding).files[0]
    found = probed(tmp_path / file.path)
    assert [stream["codec_name"] for stream in found["streams"]] == codecs
    assert float(found["format"]["duration"]) == pytest.approx(3, abs=0.1)
    played(tmp_path / file.path)
    assert said.filename == file.path
    assert said.location == str(tmp_path / file.path)
    assert said.size == (tmp_path / file.path).stat().st_size
    assert said.started_at == EPOCH_NS
    assert said.ended_at - said.started_at == said.duration == pytest.approx(3 * SECOND, abs=SECOND // 10)


@pytest.mark.parametrize(("file", "encoding", "codecs"), CASES)
def test_what_was_written_can_be_played_but_for_the_last_second_or_so(
    file: v1.File, encoding: dict[str, Any], codecs: list[str], tmp_path: Path
):
    """A copy in the middle is what a killed process leaves."""
    formats, units = recorded(4.0, **encoding)
    output = FileOutput(file, open_store(local(tmp_path)))
    output.open(formats, EPOCH_NS)
    left = tmp_path / f"left{Path(file.path).suffix}"
    for unit in units:
        output.write(unit)
        if unit.dts_ns > 3.5 * SECOND:
            shutil.copy(tmp_path / file.path, left)
            break
    output.close()
    assert {stream["codec_name"] for stream in probed(left, "error")["streams"]} == set(codecs)
    assert source.watch(left).duration > 2.2


def test_a_closed_mp4_has_its_index_and_can_be_searched(tmp_path: Path):
    through(FileOutput(v1.File(type=MP4, path="a.mp4"), open_store(local(tmp_path))), 3)
    assert probed(tmp_path / "a.mp4")["streams"][0]["nb_frames"] == "90"


@pytest.mark.parametrize(
    ("file", "encoding"),
    [
        (v1.File(type=OGG, path="a.ogg"), {}),
        (v1.File(type=MP3, path="a.mp3"), OPUS),
        (v1.File(container="webm", path="a.webm"), {}),
        (v1.File(type=MP4, path="a.mp4"), VP8),
        (v1.File(container="avi", path="a.avi"), {}),
    ],
)
def test_a_container_that_cannot_hold_the_codec_is_refused(file: v1.File, encoding: dict[str, Any], tmp_path: Path):
    formats, _ = recorded(1.0, **encoding)
    with pytest.raises(OutputError, match=r"incompatible with codec|unknown container") as refused:
        FileOutput(file, open_store(local(tmp_path))).open(formats, EPOCH_NS)
    assert refused.value.code == 400
    assert not list(tmp_path.iterdir())


def test_a_recording_without_a_unit_closes_without_a_fault(tmp_path: Path):
    formats, _ = recorded(1.0)
    output = FileOutput(v1.File(path="a.mp4"), open_store(local(tmp_path)))
    output.open(formats, EPOCH_NS)
    output.close()
    output.close()
    assert results(output).files[0].size == 0


def test_a_full_disk_is_said_plainly_and_the_file_is_listed_and_playable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write = LocalSink.write
    monkeypatch.setattr(LocalSink, "write", _until_full(write, 15_000))
    made = outputs.make(plan(v1.Output(file=v1.File(path="a.mp4", manifest=True), storage=local(tmp_path))))
    formats, units = recorded(4.0)
    made.open(formats, EPOCH_NS)
    with pytest.raises(OutputError, match="no space left on the device") as full:
        written(made, units)
    assert full.value.code == 507
    assert str(full.value) == f"cannot write {tmp_path}/a.mp4: no space left on the device"
    with pytest.raises(OutputError):
        made.close()
    said = results(made)
    assert said.files[0].size == (tmp_path / "a.mp4").stat().st_size > 0
    assert source.watch(tmp_path / "a.mp4").duration > 0.5
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@given(st.integers(0, 40_000))
def test_a_file_that_is_cut_off_anywhere_is_whole_up_to_its_last_fragment(size: int):
    data = _fragments()[:size]
    kept = boxes.whole(BytesIO(data))
    assert kept <= size
    assert kept in (0, *_ends(_fragments()))
    assert not any(kept < end <= size for end in _ends(_fragments()))


@cache
def _fragments() -> bytes:
    """A fragmented MP4."""
    formats, units = recorded(4.0)
    target = BytesIO()
    muxer = Muxer(target, "mp4", formats, {"movflags": "frag_keyframe+empty_moov"})
    for unit in units:
        muxer.write(unit)
    muxer.close()
    return target.getvalue()


@cache
def _ends(data: bytes) -> list[int]:
    """Where boxes end, but for those that a fragment begins with."""
    found, at = list[int](), 0
    while at < len(data):
        kind = data[at + 4 : at + 8]
        at += int.from_bytes(data[at : at + 4], "big")
        found += [at] if kind != b"moof" else []
    return found


def _until_full(write: Any, limit: int) -> Any:
    """A device of that many bytes, as the file system would answer."""

    def limited(sink: Any, data: bytes) -> int:
        if sink.size + len(data) <= limit:
            return write(sink, data)
        file = sink._file
        with Path("/dev/full").open("wb", buffering=0) as sink._file:
            try:
                return write(sink, data)
            finally:
                sink._file = file

    return limited


def test_units_as_they_were_sent_are_written_as_they_are(tmp_path: Path):
    """Track egress: one stream, no encoding."""
    formats, units = recorded(2.0, **VP8)
    output = FileOutput(v1.File(container="webm", path="a.webm"), open_store(local(tmp_path)))
    output.open([formats[0]], EPOCH_NS)
    for unit in units:
        if unit.index == 0:
            output.write(unit)
    output.close()
    assert len(source.watch(tmp_path / "a.webm").shown) == 60


def test_the_manifest_is_written_last_and_says_what_was_made(tmp_path: Path):
    wanted = plan(v1.Output(file=v1.File(path="x/a.ogg", manifest=True), storage=local(tmp_path)), **OPUS)
    wanted.source = v1.Source(kind=v1.SourceKind.TRACK, audio=True, identity="ada")
    made = outputs.make(wanted)
    made.track_added(added(7, pb.TrackType.AUDIO, source=pb.TrackSource.MICROPHONE))
    formats, units = recorded(1.0, **OPUS)
    made.open(formats, EPOCH_NS)
    written(made, units)
    assert not (tmp_path / "x" / "EG_test.json").exists()
    assert made.close() == [str(tmp_path / "x" / "EG_test.json")]
    said = json.loads((tmp_path / "x" / "EG_test.json").read_text())
    assert said.pop("ended_at") > said.pop("started_at")
    assert said == {
        "egress_id": "EG_test",
        "room_id": "RM_test",
        "room_name": "standup",
        "publisher_identity": "ada",
        "track_id": "TR_7",
        "track_kind": "audio",
        "track_source": "microphone",
        "files": [{"filename": "x/a.ogg", "location": str(tmp_path / "x" / "a.ogg")}],
    }


def test_what_never_began_leaves_no_manifest(tmp_path: Path):
    made = outputs.make(plan(v1.Output(file=v1.File(path="a.mp4", manifest=True), storage=local(tmp_path))))
    assert made.close() == []
    assert not list(tmp_path.iterdir())


def test_a_track_that_no_muxer_takes_is_refused_by_name(tmp_path: Path):
    output = FileOutput(v1.File(container="ogg", path="a.ogg"), open_store(local(tmp_path)))
    with pytest.raises(OutputError, match="pcm_mulaw"):
        output.open([StreamFormat("audio", "pcm_mulaw", rate=8000, channels=1)], EPOCH_NS)


def test_a_unit_after_the_end_is_nothing(tmp_path: Path):
    output = FileOutput(v1.File(path="a.mp4"), open_store(local(tmp_path)))
    through(output, 1)
    output.write(Unit(0, 9 * SECOND, 9 * SECOND, 1, True, b""))
    assert results(output).files[0].duration < 2 * SECOND
