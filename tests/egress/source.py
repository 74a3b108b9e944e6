"""A source whose content tells its time: a bar code of the frame's number in the picture, a beep at each flash.

Frame n is shown at n / fps seconds. Its upper half is 18 columns: white, black, then the 16 bits of n, highest
first. Its lower half is `ground`, and white for the first two frames of every second, when a beep of 60 ms begins. The
pitch of the beep tells the second modulo 16. `Watched` reads this back from a recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 48_000
COLUMNS = 18
BEEP_SECONDS = 0.06
PITCHES = tuple(500 + 150 * number for number in range(16))
_THRESHOLD = 0.08

Bytes = NDArray[np.uint8]


def picture(number: int, width: int = 320, height: int = 240, fps: int = 30, ground: int = 90) -> av.VideoFrame:
    """The frame of that number, as yuv420p."""
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    bits = [1, 0, *((number & 0xFFFF) >> bit & 1 for bit in range(15, -1, -1))]
    columns = np.arange(width) * COLUMNS // width
    planes[: height // 2] = np.where(np.array(bits)[columns] == 1, 235, 16)
    planes[height // 2 : height] = 235 if number % fps < 2 else ground
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def code(luma: Bytes) -> int | None:
    """The number in the picture that fills this luma plane; None where there is none."""
    height, width = luma.shape
    rows = luma[height // 8 : height * 3 // 8]
    middles = (np.arange(COLUMNS) * 2 + 1) * width // (2 * COLUMNS)
    levels = [float(rows[:, middle - 1 : middle + 2].mean()) for middle in middles]
    if levels[0] - levels[1] < 100:
        return None
    middle = (levels[0] + levels[1]) / 2
    return sum((level > middle) << (15 - place) for place, level in enumerate(levels[2:]))


def samples(begin: float, count: int, pitch: int | None = None) -> NDArray[np.int16]:
    """`count` samples of mono sound from `begin` seconds on. `pitch` replaces the beeps' own."""
    times = begin + np.arange(count) / RATE
    seconds = np.floor(times + 1e-9)
    pitches = np.asarray(PITCHES)[seconds.astype(int) % 16] if pitch is None else pitch
    within = times - seconds
    wave = np.sin(2 * np.pi * pitches * within) * 0.5 * (within < BEEP_SECONDS)
    return (wave * 32767).astype(np.int16)


def sound(begin: float, count: int, pitch: int | None = None) -> av.AudioFrame:
    """The same as a frame of 48 kHz mono."""
    frame = av.AudioFrame.from_ndarray(samples(begin, count, pitch)[None, :], format="s16", layout="mono")
    frame.rate = RATE
    return frame


@dataclass(frozen=True)
class Shown:
    """A frame of the source in a recording: when it is shown there, in seconds."""

    at: float
    number: int


@dataclass(frozen=True)
class Beep:
    """A beep in a recording: when it begins there, and which second it tells, modulo 16."""

    at: float
    second: int


@dataclass(frozen=True)
class Watched:
    """What a recording shows and plays."""

    shown: tuple[Shown, ...] = ()
    beeps: tuple[Beep, ...] = ()
    duration: float = 0

    def offsets(self, fps: int = 30) -> list[float]:
        """For each beep how much later it is heard than its picture is seen, in seconds."""
        return [offset for beep in self.beeps if (offset := self._offset(beep, fps)) is not None]

    def _offset(self, beep: Beep, fps: int) -> float | None:
        """By the frame that is shown nearest to the beep's own flash."""
        candidates = [
            (abs(frames := _nearest(shown.number - beep.second * fps, 16 * fps)), beep.at - shown.at + frames / fps)
            for shown in self.shown
        ]
        near = [found for found in candidates if found[0] <= fps]
        return min(near, key=lambda found: (abs(found[1]) > 8, found[0], abs(found[1])))[1] if near else None


def _nearest(difference: int, period: int) -> int:
    return (difference + period // 2) % period - period // 2


def watch(path: Path | str, tile: tuple[float, float, float, float] = (0, 0, 1, 1)) -> Watched:
    """Decode the recording; `tile` is where the source's picture is, as x, y, width, height in parts of the frame."""
    shown, duration = _shown(path, tile)
    beeps, length = _beeps(path)
    return Watched(tuple(shown), tuple(beeps), max(duration, length))


def _shown(path: Path | str, tile: tuple[float, float, float, float]) -> tuple[list[Shown], float]:
    found, last = list[Shown](), 0.0
    with av.open(str(path)) as container:
        if not container.streams.video:
            return [], 0
        for frame in container.decode(container.streams.video[0]):
            last = float(frame.time or 0)
            number = code(cut(frame, tile))
            if number is not None:
                found.append(Shown(last, number))
    return found, last


def cut(frame: av.VideoFrame, tile: tuple[float, float, float, float]) -> Bytes:
    """The luma of a part of the frame."""
    luma = frame.reformat(format="yuv420p").to_ndarray()[: frame.height]
    x, y, width, height = tile
    top, left = int(y * frame.height), int(x * frame.width)
    return luma[top : top + int(height * frame.height), left : left + int(width * frame.width)]


def heard(path: Path | str) -> tuple[NDArray[np.float32], float]:
    """All sound of the recording as mono at 48 kHz, placed by its time stamps; and its end in seconds."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32), 0
        pieces = list(_pieces(container))
    end = max((at + len(piece) for at, piece in pieces), default=0)
    whole = np.zeros(end, np.float32)
    for at, piece in pieces:
        piece = piece[max(0, -at) :]
        whole[max(0, at) : max(0, at) + len(piece)] = piece
    return whole, end / RATE


def _pieces(container: "av.container.InputContainer") -> Iterator[tuple[int, NDArray[np.float32]]]:
    for frame in container.decode(container.streams.audio[0]):
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
        at = round(float(frame.time or 0) * RATE)
        frame.pts = None
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            piece = part.to_ndarray()[0]
            yield at, piece
            at += len(piece)


def _beeps(path: Path | str) -> tuple[list[Beep], float]:
    wave, end = heard(path)
    return beeps(wave), end


def beeps(wave: NDArray[np.float32]) -> list[Beep]:
    """The beeps in sound of 48 kHz, mono; without those that losses have cut short or made another tone."""
    step = RATE // 200
    loud = np.abs(wave[: len(wave) // step * step]).reshape(-1, step).max(axis=1) > _THRESHOLD
    found, quiet_since = list[Beep](), -20
    for place, is_loud in enumerate(loud):
        if not is_loud:
            continue
        if place - quiet_since >= 20:
            if loud[place : place + 10].sum() < 7:
                continue
            begin = place * step + int(np.argmax(np.abs(wave[place * step : (place + 1) * step]) > _THRESHOLD))
            second = _second(wave[begin : begin + int(0.045 * RATE)])
            if second is not None:
                found.append(Beep(begin / RATE, second))
        quiet_since = place
    return found


def _second(wave: NDArray[np.float32]) -> int | None:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 14))
    hertz = float(np.argmax(spectrum)) * RATE / (1 << 14)
    nearest = min(range(16), key=lambda number: abs(PITCHES[number] - hertz))
    return nearest if abs(PITCHES[nearest] - hertz) < 30 else None
