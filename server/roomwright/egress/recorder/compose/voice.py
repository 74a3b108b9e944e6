"""The sound of one track on the recording's line of samples: resampled, gaps silent, drift followed.

A track's clock is never quite the recording's. As long as its samples come within `JUMP_NS` of where their time puts
them, they are joined without a seam, and stretched or squeezed by at most half a per cent until both agree. Beyond that
they jump: what is missing is silence, what is too much is left out.
"""

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from av.audio.resampler import AudioResampler

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

JUMP_NS: Final = 40_000_000
"""A seam in the sound is better than an offset above this."""

LIMIT_NS: Final = 10_000_000_000
"""So much sound may wait to be mixed."""

SECOND: Final = 1_000_000_000

_LOOSE: Final = 0.002
"""Seconds of offset that nothing is done about."""

_CHANNELS: Final = 2

_SLEW: Final = 200
"""At most one sample in so many is added or left out."""


class Voice:
    """Sound waits here, from the sample `start` on, until it is mixed."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._form: tuple[str, str, int] | None = None
        self._resampler = AudioResampler(format="fltp", layout="stereo", rate=rate)
        self._blocks: list[tuple[int, NDArray[np.float32]]] = []
        self._next: int | None = None
        self._mixed = 0

    def take(self, at_ns: int, frame: "av.AudioFrame") -> None:
        """Add sound that is heard from `at_ns` on. Sound that is far too early or too late is left out."""
        samples = self._resampled(frame)
        if not samples.shape[1]:
            return
        at, samples = self._joined(round(at_ns * self._rate / SECOND), samples)
        late = self._mixed - at
        if late >= samples.shape[1] or -late > LIMIT_NS * self._rate // SECOND:
            return
        if late > 0:
            at, samples = self._mixed, samples[:, late:]
        self._blocks.append((at, samples))

    def mix(self, into: "NDArray[np.float32]", at: int) -> bool:
        """Add the sound of the samples from `at` on to a block; whether there was any."""
        end = at + into.shape[1]
        heard = False
        kept: list[tuple[int, NDArray[np.float32]]] = []
        for start, samples in self._blocks:
            stop = start + samples.shape[1]
            first, last = max(start, at), min(stop, end)
            if first < last:
                into[:, first - at : last - at] += samples[:, first - start : last - start]
                heard = True
            if stop > end:
                kept.append((start, samples))
        self._blocks = kept
        self._mixed = end
        return heard

    def _resampled(self, frame: "av.AudioFrame") -> "NDArray[np.float32]":
        """Two rows; a single channel is as loud on both."""
        form = frame.layout.name, frame.format.name, frame.sample_rate
        mono = frame.layout.nb_channels == 1
        if form[1:] == ("s16", self._rate) and frame.layout.nb_channels <= _CHANNELS:
            return _of_words(_samples(frame), mono)
        if form != self._form:
            self._form = form
            self._resampler = AudioResampler(format="fltp", layout="mono" if mono else "stereo", rate=self._rate)
        frame.pts = None
        parts = [_samples(part) for part in self._resampler.resample(frame)]
        samples = np.concatenate(parts, axis=1) if parts else np.empty((1, 0), dtype=np.float32)
        return np.repeat(samples, 2, axis=0) if mono else samples

    def _joined(self, wanted: int, samples: "NDArray[np.float32]") -> "tuple[int, NDArray[np.float32]]":
        """Where the samples go, and the samples, moved towards the time that is wanted."""
        count = samples.shape[1]
        at = wanted if self._next is None else self._next
        off = wanted - at
        if abs(off) > JUMP_NS * self._rate // SECOND:
            skipped = min(max(0, -off), count)
            at, samples = max(wanted, at), samples[:, skipped:]
        elif abs(off) > _LOOSE * self._rate:
            most = max(1, count // _SLEW)
            samples = _stretched(samples, count + max(-most, min(most, off)))
        self._next = at + samples.shape[1]
        return at, samples


def _samples(frame: Any) -> "NDArray[Any]":
    return frame.to_ndarray()


def _of_words(words: "NDArray[Any]", mono: bool) -> "NDArray[np.float32]":
    """The usual case, decoded Opus: one row of 16-bit samples, channels in turn."""
    rows = words.reshape(-1, 1 if mono else _CHANNELS).T.astype(np.float32)
    rows *= 1 / 32768
    return np.repeat(rows, _CHANNELS, axis=0) if mono else rows


def _stretched(samples: "NDArray[np.float32]", count: int) -> "NDArray[np.float32]":
    old: NDArray[np.float32] = np.arange(samples.shape[1], dtype=np.float32)
    new = np.linspace(0, samples.shape[1] - 1, count, dtype=np.float32)
    return np.stack([np.interp(new, old, row) for row in cast("list[NDArray[np.float32]]", list(samples))]).astype(
        np.float32
    )
