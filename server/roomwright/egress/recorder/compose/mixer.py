"""Adds all voices up, on both channels or on one, and keeps the sum from clipping."""

from typing import TYPE_CHECKING, Final

import numpy as np

from roomwright_proto import livekit as pb

from .voice import Voice

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

KNEE: Final = 0.8
"""Louder than this is bent towards 1.0 instead of being cut off there."""

_GAINS: Final = {
    pb.AudioChannel.LEFT: np.array([[1.0], [0.0]], dtype=np.float32),
    pb.AudioChannel.RIGHT: np.array([[0.0], [1.0]], dtype=np.float32),
}


class Mixer:
    """The voices of a recording, by the number of their track."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._voices: dict[int, tuple[Voice, pb.AudioChannel]] = {}
        self._leaving: set[int] = set()

    def add(self, track: int, channel: pb.AudioChannel) -> None:
        """A voice takes part."""
        self._voices[track] = Voice(self._rate), channel

    def remove(self, track: int) -> None:
        """A voice ends when all that was taken of it has been mixed."""
        if track in self._voices:
            self._leaving.add(track)

    def take(self, track: int, at_ns: int, frame: "av.AudioFrame") -> None:
        """Sound of a voice; of an unknown one it is left out."""
        if track in self._voices:
            self._voices[track][0].take(at_ns, frame)

    def mix(self, at: int, count: int) -> "NDArray[np.float32]":
        """The sum of all voices for `count` samples from sample `at` on; two rows."""
        total = np.zeros((2, count), dtype=np.float32)
        for track, (voice, channel) in list(self._voices.items()):
            if not self._add(total, voice, channel, at) and track in self._leaving:
                self._leaving.discard(track)
                del self._voices[track]
        return softly(total)

    @staticmethod
    def _add(total: "NDArray[np.float32]", voice: Voice, channel: pb.AudioChannel, at: int) -> bool:
        gains = _GAINS.get(channel)
        if gains is None:
            return voice.mix(total, at)
        alone = np.zeros_like(total)
        heard = voice.mix(alone, at)
        total += alone.mean(axis=0) * gains
        return heard


def softly(samples: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The same, with everything beyond the knee bent so that it stays within -1 and 1."""
    loud = np.abs(samples)
    if not samples.size or loud.max() <= KNEE:
        return samples
    bent = KNEE + (1 - KNEE) * np.tanh((loud - KNEE) / (1 - KNEE))
    return np.where(loud > KNEE, np.sign(samples) * bent, samples).astype(np.float32)
