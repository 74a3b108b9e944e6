"""HLS: read by FFmpeg as players read it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomwright.egress.recorder.outputs.names import beside, counted, timed
from roomwright.egress.recorder.outputs.playlist import LIVE_SEGMENTS, Playlist, Segment
from roomwright.egress.recorder.outputs.segments import SegmentsOutput
from roomwright.egress.recorder.storage import open_store
from roomwright.egress.recorder.units import OutputError, Unit
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.composing import EPOCH_NS, SECOND, local, recorded, through
from tests.egress.programs import copied, played, probed


def planned(**changes: object) -> v1.Segments:
    """Segments of one second."""
    values = {"prefix": "s/seg", "playlist": "s/all.m3u8", "live_playlist": "s/live.m3u8", "duration": 1.0}
    return v1.Segments(**(values | changes))


@pytest.mark.parametrize("fragmented", [False, True])
def test_the_playlist_plays_without_a_seam(fragmented: bool, tmp_path: Path):
    output = SegmentsOutput(planned(fragmented_mp4=fragmented), open_store(local(tmp_path)))
    said = through(output, 8).segments[0]
    played(tmp_path / "s/all.m3u8")
    found = probed(tmp_path / "s/all.m3u8")
    assert [stream["codec_name"] for stream in found["streams"]] == ["h264", "aac"]
    watched = source.watch(copied(tmp_path / "s/all.m3u8", tmp_path / "whole.mkv"))
    assert [shown.number for shown in watched.shown] == list(range(240))
    assert [beep.second for beep in watched.beeps] == list(range(8))
    assert all(abs(offset) < 0.03 for offset in watched.offsets())
    assert said.segment_count == 8
    assert said.duration == pytest.approx(8 * SECOND, abs=SECOND // 10)
    stored = [path for path in (tmp_path / "s").iterdir() if path.suffix != ".m3u8"]
    assert said.size == sum(path.stat().st_size for path in stored) > 0
    assert said.playlist_location == str(tmp_path / "s/all.m3u8")


def test_every_segment_begins_with_a_key_frame_and_plays_alone(tmp_path: Path):
    through(SegmentsOutput(planned(), open_store(local(tmp_path))), 3)
    for number, path in enumerate(sorted((tmp_path / "s").glob("*.ts"))):
        played(path)
        assert source.watch(path).shown[0].number == number * 30


def test_playlists_grow_while_it_runs_and_end_at_the_end(tmp_path: Path):
    seen: list[str] = []

    def look(unit: Unit) -> None:
        path = tmp_path / "s/all.m3u8"
        if path.exists() and unit.key and unit.index == 0:
            seen.append(path.read_text())

    through(SegmentsOutput(planned(), open_store(local(tmp_path))), 8, look)
    assert [text.count("#EXTINF") for text in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert all("#EXT-X-PLAYLIST-TYPE:EVENT" in text and "#EXT-X-ENDLIST" not in text for text in seen)
    whole, live = (tmp_path / "s/all.m3u8").read_text(), (tmp_path / "s/live.m3u8").read_text()
    assert whole.endswith("#EXT-X-ENDLIST\n")
    assert live.endswith("#EXT-X-ENDLIST\n")
    assert re.findall(r"seg_\d+.ts", live) == [f"seg_{number:05d}.ts" for number in range(3, 8)]
    assert "#EXT-X-MEDIA-SEQUENCE:3" in live
    assert "TYPE:EVENT" not in live
    assert not list((tmp_path / "s").glob(".*"))


def test_names_may_end_in_the_time(tmp_path: Path):
    through(SegmentsOutput(planned(named_by_time=True), open_store(local(tmp_path))), 2)
    names = sorted(path.name for path in (tmp_path / "s").glob("*.ts"))
    assert names == ["seg_20231114221320250.ts", "seg_20231114221321250.ts"]


def test_sound_alone_is_cut_by_time(tmp_path: Path):
    through(SegmentsOutput(planned(), open_store(local(tmp_path))), 3, None, video=False)
    assert len(list((tmp_path / "s").glob("*.ts"))) == 3
    played(tmp_path / "s/all.m3u8")


def test_playlists_may_lie_elsewhere_than_segments(tmp_path: Path):
    plan = planned(prefix="deep/er/seg", playlist="lists/all.m3u8", live_playlist="")
    through(SegmentsOutput(plan, open_store(local(tmp_path))), 2)
    assert "../deep/er/seg_00000.ts" in (tmp_path / "lists/all.m3u8").read_text()
    played(tmp_path / "lists/all.m3u8")


def test_a_codec_that_hls_does_not_know_is_refused(tmp_path: Path):
    formats, _ = recorded(1.0, video_codec=pb.VideoCodec.VP8)
    with pytest.raises(OutputError, match="incompatible with codec vp8"):
        SegmentsOutput(planned(), open_store(local(tmp_path))).open(formats, EPOCH_NS)


@given(st.lists(st.integers(1, 10 * SECOND), max_size=12), st.booleans())
def test_a_playlist_lists_every_segment_and_no_longer_one_than_it_says(lengths: list[int], ended: bool):
    segments = [Segment(f"s/{number}.ts", number * SECOND, length) for number, length in enumerate(lengths)]
    names = [segment.path for segment in segments]
    text = Playlist(4).whole(segments, names, ended)
    live = Playlist(4).live(segments, names, ended)
    target = int(re.findall(r"TARGETDURATION:(\d+)", text)[0])
    assert [line for line in text.splitlines() if line.endswith(".ts")] == names
    assert [line for line in live.splitlines() if line.endswith(".ts")] == names[-LIVE_SEGMENTS:]
    assert all(round(float(length)) <= target for length in re.findall(r"EXTINF:([\d.]+)", text))
    assert ("ENDLIST" in text) == ended


def test_names_of_rows_of_files():
    assert counted("a/b", 7, ".ts") == "a/b_00007.ts"
    assert timed("a", 1_700_000_000_009_000_000, ".jpeg") == "a_20231114221320009.jpeg"
    assert beside("a/b/c.ts", "a/list.m3u8") == "b/c.ts"
    assert beside("c.ts", "list.m3u8") == "c.ts"
