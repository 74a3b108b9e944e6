"""The source tells its time, and the reader reads it back."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.egress import source


def write(path, *, late: float = 0.0, seconds: int = 5) -> None:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30, width=320, height=240, pix_fmt="yuv420p")
        audio = container.add_stream("aac", rate=source.RATE, layout="mono")
        for number in range(30 * seconds):
            frame = source.picture(number)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(video.encode(frame))
        for number in range(source.RATE * seconds // 1024):
            sound = source.sound(number * 1024 / source.RATE, 1024)
            sound.pts, sound.time_base = number * 1024 + int(late * source.RATE), Fraction(1, source.RATE)
            container.mux(audio.encode(sound))
        container.mux(video.encode())
        container.mux(audio.encode())


@pytest.mark.parametrize("late", [0.0, 0.2])
def test_the_offset_between_picture_and_sound_is_read_back(tmp_path, late) -> None:
    write(tmp_path / "a.mp4", late=late)
    watched = source.watch(tmp_path / "a.mp4")
    assert [shown.number for shown in watched.shown] == list(range(150))
    assert [beep.second for beep in watched.beeps] == [0, 1, 2, 3, 4]
    assert watched.offsets() == pytest.approx([late] * 5, abs=0.015)


def test_a_picture_without_the_code_has_no_number() -> None:
    assert source.code(np.full((240, 320), 90, np.uint8)) is None


@pytest.mark.parametrize("size", [(160, 90), (640, 360), (1280, 720)])
def test_the_number_survives_other_sizes(size) -> None:
    frame = source.picture(0xA5C3).reformat(*size)
    assert source.code(source.cut(frame, (0, 0, 1, 1))) == 0xA5C3
