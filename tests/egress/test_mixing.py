"""Voices on the recording's line of samples, and their sum."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from roomwright.egress.recorder.compose.mixer import Mixer, softly
from roomwright.egress.recorder.compose.voice import LIMIT_NS
from roomwright_proto import livekit as pb

RATE = 48_000
SECOND = 1_000_000_000
BLOCK = 960
BOTH, LEFT, RIGHT = pb.AudioChannel.BOTH, pb.AudioChannel.LEFT, pb.AudioChannel.RIGHT


def tone(begin: int, count: int, hertz: float = 440, level: float = 0.4) -> av.AudioFrame:
    """Samples of a tone."""
    wave = np.sin(2 * np.pi * hertz * (begin + np.arange(count)) / RATE) * level
    frame = av.AudioFrame.from_ndarray((wave * 32767).astype(np.int16)[None, :], format="s16", layout="mono")
    frame.sample_rate = RATE
    return frame


def mixed(mixer: Mixer, seconds: float) -> NDArray[np.float32]:
    """All that is mixed in this time."""
    return np.concatenate([mixer.mix(at, BLOCK) for at in range(0, round(seconds * RATE), BLOCK)], axis=1)


def one_voice(channel: pb.AudioChannel = BOTH) -> Mixer:
    """A mixer with voice 1."""
    mixer = Mixer(RATE)
    mixer.add(1, channel)
    return mixer


def test_sound_is_heard_at_its_time_and_silence_elsewhere():
    mixer = one_voice()
    for block in range(25):
        mixer.take(1, SECOND + block * 20_000_000, tone(block * BLOCK, BLOCK))
    heard = mixed(mixer, 3)
    loud = np.abs(heard[0]) > 0.01
    assert abs(int(np.argmax(loud)) - RATE) < RATE * 0.002
    assert abs(len(loud) - int(np.argmax(loud[::-1])) - RATE * 1.5) < RATE * 0.002
    assert np.abs(heard[:, : RATE - 100]).max() == 0


def test_two_voices_are_added_up():
    mixer = one_voice()
    mixer.add(2, BOTH)
    for block in range(50):
        mixer.take(1, block * 20_000_000, tone(block * BLOCK, BLOCK, 500, 0.3))
        mixer.take(2, block * 20_000_000, tone(block * BLOCK, BLOCK, 900, 0.3))
    spectrum = np.abs(np.fft.rfft(mixed(mixer, 1)[0])) / RATE * 2
    assert spectrum[500] == pytest.approx(0.3, abs=0.02)
    assert spectrum[900] == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(("channel", "silent"), [(LEFT, 1), (RIGHT, 0)])
def test_a_voice_of_one_channel_is_not_heard_on_the_other(channel: pb.AudioChannel, silent: int):
    mixer = one_voice(channel)
    mixer.take(1, 0, tone(0, RATE))
    heard = mixed(mixer, 1)
    assert np.abs(heard[silent]).max() == 0
    assert np.abs(heard[1 - silent]).max() == pytest.approx(0.4, abs=0.02)


@given(st.integers(-400, 400))
def test_a_clock_that_drifts_is_followed_without_seams(parts_per_million: int):
    """The samples' times run faster or slower than their count; in the end they are where their time puts them."""
    mixer, heard = one_voice(), list[NDArray[np.float32]]()
    blocks = 500
    for block in range(blocks):
        at_ns = round(block * 20_000_000 * (1 + parts_per_million * 1e-6))
        level = 0.9 if block == blocks - 5 else 0.2
        mixer.take(1, at_ns, tone(block * BLOCK, BLOCK, 500, level))
        if block >= 10:
            heard.append(mixer.mix((block - 10) * BLOCK, BLOCK))
    heard += [mixer.mix(block * BLOCK, BLOCK) for block in range(blocks - 10, blocks + 2)]
    wave = np.concatenate(heard, axis=1)[0]
    begins = int(np.argmax(np.abs(wave) > 0.5)) / RATE
    assert begins == pytest.approx((blocks - 5) * 0.02 * (1 + parts_per_million * 1e-6), abs=0.006)
    quiet = wave[RATE // 2 : RATE * 9]
    assert np.abs(np.diff(quiet)).max() < 0.2 * 2 * np.pi * 500 / RATE * 1.6


def test_a_track_may_change_between_one_channel_and_two_and_is_as_loud():
    mixer = one_voice()
    mixer.take(1, 0, tone(0, BLOCK * 10))
    stereo = av.AudioFrame.from_ndarray(
        np.repeat(tone(BLOCK * 10, BLOCK * 10).to_ndarray(), 2)[None, :], "s16", "stereo"
    )
    stereo.sample_rate = RATE
    mixer.take(1, 200_000_000, stereo)
    heard = np.abs(mixed(mixer, 0.4))
    assert heard[:, :8000].max() == pytest.approx(0.4, abs=0.01)
    assert heard[:, 11000:].max() == pytest.approx(0.4, abs=0.01)


def test_what_comes_after_its_time_was_mixed_is_left_out_and_what_is_far_ahead_too():
    mixer = one_voice()
    mixed(mixer, 1)
    mixer.take(1, 0, tone(0, BLOCK))
    mixer.take(1, SECOND + LIMIT_NS * 2, tone(0, BLOCK))
    assert np.abs(np.concatenate([mixer.mix(RATE + at, BLOCK) for at in range(0, RATE, BLOCK)], axis=1)).max() == 0


def test_a_voice_that_left_is_heard_to_its_end():
    mixer = one_voice()
    mixer.take(1, 0, tone(0, RATE))
    mixer.remove(1)
    heard = mixed(mixer, 2)
    assert np.abs(heard[0, RATE - 2 * BLOCK : RATE - BLOCK]).max() > 0.3
    mixer.take(1, 2 * SECOND, tone(0, RATE))
    assert np.abs(mixer.mix(2 * RATE, BLOCK)).max() == 0


@given(st.floats(0, 40))
def test_sums_never_clip_and_quiet_sound_stays_as_it_is(gain: float):
    wave = (np.sin(np.arange(2000) / 10) * gain).astype(np.float32).reshape(2, -1)
    bent = softly(wave)
    assert np.abs(bent).max() <= 1
    assert (np.sign(bent) == np.sign(wave)).all()
    if gain <= 0.8:
        assert (bent == wave).all()
