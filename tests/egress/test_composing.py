"""The composed picture and sound, decoded again."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from roomwright.egress.recorder import compose
from roomwright.egress.recorder.compose.canvas import DARK, LIGHT
from roomwright.egress.recorder.compose.captions import caption, initials, placeholder
from roomwright.egress.recorder.outputs.file import FileOutput
from roomwright.egress.recorder.storage import open_store
from roomwright.egress.recorder.units import OutputError, Picture
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.composing import (
    AUDIO,
    FPS,
    SECOND,
    added,
    local,
    no_still,
    plan,
    recorded,
    results,
    through,
    watched,
)

IMAGES = v1.Output(images=v1.Images(prefix="i", interval=1))


class Stills:
    """A composer without encoders: what it shows at times."""

    def __init__(self, layout: str = "grid", kind: v1.SourceKind = v1.SourceKind.ROOM, **size: int) -> None:
        wanted = plan(IMAGES, layout=layout, **size)
        assert wanted.source is not None
        wanted.source.kind = kind
        self._shown: list[NDArray[np.uint8]] = []
        self.composer = compose.make(wanted, self._still)

    def at(self, seconds: float) -> NDArray[np.uint8]:
        """The luma of the picture of that moment."""
        assert list(self.composer.advance(round(seconds * SECOND) + 1)) == []
        return self._shown[-1]

    def show(self, track: int, number: int = 0, ground: int = 90, **size: int) -> None:
        """A picture on a track, at its time."""
        self.composer.picture(Picture(track, number * SECOND // FPS, source.picture(number, ground=ground, **size)))

    def _still(self, at_ns: int, frame: Any) -> None:
        self._shown.append(frame.to_ndarray()[: frame.height])


def test_a_recording_shows_and_plays_what_was_published_at_its_time(tmp_path: Path):
    through(FileOutput(v1.File(path="a.mp4"), open_store(local(tmp_path))), 4)
    seen = source.watch(tmp_path / "a.mp4")
    assert [shown.number for shown in seen.shown] == list(range(4 * FPS))
    assert all(shown.at == pytest.approx(shown.number / FPS, abs=0.03) for shown in seen.shown)
    assert [beep.second for beep in seen.beeps] == [0, 1, 2, 3]
    assert all(abs(offset) < 0.03 for offset in seen.offsets())


def test_units_of_all_streams_come_in_order_and_key_frames_when_asked():
    formats, units = recorded(4.0)
    assert [each.kind for each in formats] == ["video", "audio"]
    assert all(one.dts_ns <= other.dts_ns for one, other in pairwise(units))
    pictures = [unit for unit in units if unit.index == 0]
    assert len(pictures) == 4 * FPS
    assert [unit.pts_ns for unit in pictures if unit.key] == [0, SECOND, 2 * SECOND, 3 * SECOND]


@pytest.mark.parametrize(
    ("changes", "codecs"),
    [
        ({"video": False, "audio_codec": pb.AudioCodec.OPUS}, ["opus"]),
        ({"video": False, "audio_codec": pb.AudioCodec.AC_MP3}, ["mp3"]),
        ({"audio": False}, ["h264"]),
        ({"video_codec": pb.VideoCodec.VP8, "audio_codec": pb.AudioCodec.OPUS}, ["vp8", "opus"]),
        ({"video_codec": pb.VideoCodec.H264_BASELINE}, ["h264", "aac"]),
        ({"video_codec": pb.VideoCodec.H264_HIGH}, ["h264", "aac"]),
    ],
)
def test_each_codec_is_encoded(changes: dict[str, Any], codecs: list[str]):
    formats, units = recorded(1.0, **changes)
    assert [each.codec for each in formats] == codecs
    assert {unit.index for unit in units} == set(range(len(codecs)))


def test_an_encoding_that_cannot_be_is_refused():
    with pytest.raises(OutputError, match="cannot be used"):
        compose.make(plan(width=0, height=0), no_still)


def test_four_participants_are_seen_and_heard_together():
    composer = compose.make(plan(width=640, height=480), no_still)
    units = list(watched(composer, 1, tracks=(0, 1, 2, 3)))
    assert sum(unit.index == 0 for unit in units) == FPS


def test_each_tile_of_a_grid_shows_its_own_track():
    stills = Stills(width=640, height=480)
    for track in range(4):
        stills.composer.track_added(added(track, identity=f"p{track}"))
        stills.show(track, ground=60 + 30 * track)
    picture = stills.at(0)
    middles = [picture[200, 160], picture[200, 480], picture[440, 160 + 80], picture[440, 480 + 80]]
    # The frame 0 is a flash: its lower half is white, and the same in all.
    assert all(level > 200 for level in middles)
    for track in range(4):
        stills.show(track, number=5, ground=60 + 30 * track)
    picture = stills.at(5 / FPS)
    levels = [picture[160, 160], picture[160, 480], picture[400, 160 + 80], picture[400, 480 + 80]]
    assert levels == pytest.approx([60, 90, 120, 150], abs=3)


def test_only_what_is_due_is_shown():
    stills = Stills()
    stills.composer.track_added(added(0))
    for number in (0, 10, 20):
        stills.show(0, number)
    assert source.code(stills.at(9 / FPS)) == 0
    assert source.code(stills.at(10 / FPS)) == 10
    assert source.code(stills.at(1)) == 20


def test_a_muted_track_gives_way_to_initials_and_comes_back():
    stills = Stills()
    stills.composer.track_added(added(0))
    stills.show(0)
    assert source.code(stills.at(0)) == 0
    stills.composer.track_muted(0, muted=True)
    hidden = stills.at(1)
    assert source.code(hidden) is None
    assert hidden.max() > 150
    stills.composer.track_muted(0, muted=False)
    stills.show(0, 45)
    assert source.code(stills.at(2)) == 45


def test_who_has_no_picture_has_a_tile():
    stills = Stills()
    stills.composer.track_added(added(AUDIO, pb.TrackType.AUDIO))
    assert stills.at(0).max() > 150
    stills.composer.track_removed(AUDIO)
    assert (stills.at(1) == DARK.y).all()


def test_a_layout_changes_while_it_runs():
    stills = Stills("speaker")
    for track, ground in ((0, 60), (1, 120)):
        stills.composer.track_added(added(track, identity=f"p{track}"))
        stills.show(track, 3, ground)
    before = stills.at(0.2)
    assert before[160, 300] == pytest.approx(60, abs=3)
    stills.composer.speakers(["p1"])
    assert stills.at(0.4)[160, 300] == pytest.approx(120, abs=3)
    stills.composer.layout("single-speaker")
    alone = stills.at(0.6)
    assert alone[160, 20] == pytest.approx(120, abs=3)
    stills.composer.layout("grid-light")
    assert stills.at(0.8)[0, 0] == LIGHT.y


def test_a_picture_that_changes_its_size_leaves_nothing_of_the_old_one():
    stills = Stills()
    stills.composer.track_added(added(0, source=pb.TrackSource.SCREEN_SHARE))
    stills.show(0, 3, width=320, height=240)
    assert stills.at(0.1)[180, 5] == pytest.approx(90, abs=3)
    stills.show(0, 6, width=160, height=240)
    assert stills.at(0.2)[180, 5] < 50


def test_a_recording_of_one_participant_shows_the_screen_in_full_without_names():
    stills = Stills(kind=v1.SourceKind.PARTICIPANT)
    stills.composer.track_added(added(0))
    stills.show(0, 3)
    assert source.code(stills.at(0.1)) == 3
    stills.composer.track_added(added(1, source=pb.TrackSource.SCREEN_SHARE))
    stills.show(1, 6)
    assert source.code(stills.at(0.2)) == 6
    stills.composer.track_removed(1)
    assert source.code(stills.at(0.3)) == 3
    stills.composer.track_muted(0, muted=True)
    assert (stills.at(0.4) == 16).all()


def test_media_of_unknown_tracks_is_left_out():
    stills = Stills()
    stills.show(7)
    assert (stills.at(0) == DARK.y).all()


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Lovelace", "AL"), ("ada", "A"), ("", ""), ("Ada King of Lovelace", "AL"), ("李 明", "李明")],
)
def test_initials_are_of_the_first_word_and_the_last(name: str, letters: str):
    assert initials(name) == letters


@given(st.text(max_size=60))
@example("\u200f\0\n🎉")
@example("x" * 500)
@example("שלום عالم")
def test_any_name_can_be_drawn(name: str):
    box = caption(name, 24, 200)
    assert box is None or (box[0].shape[0] == 24 and box[0].shape[1] <= 200)
    assert placeholder(name, 64, 48)[0].shape == (48, 64)


def test_progress_counts_bytes_and_time(tmp_path: Path):
    output = FileOutput(v1.File(path="a.mp4"), open_store(local(tmp_path)))
    said = through(output, 4)
    assert said == results(output)
    assert said.bytes == (tmp_path / "a.mp4").stat().st_size == said.files[0].size
    assert said.files[0].duration == pytest.approx(4 * SECOND, abs=SECOND // 20)
