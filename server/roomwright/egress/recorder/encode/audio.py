"""Encodes the mixed sound: AAC, Opus or MP3."""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ..units import StreamFormat, Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHANNELS: Final = 2
SECOND: Final = 1_000_000_000

_CODECS: Final = {
    pb.AudioCodec.AAC: ("aac", "aac", "fltp"),
    pb.AudioCodec.OPUS: ("libopus", "opus", "flt"),
    pb.AudioCodec.AC_MP3: ("libmp3lame", "mp3", "fltp"),
}
_OPUS_RATE: Final = 48_000
_MP3_RATES: Final = (32_000, 44_100, 48_000)


MIX_RATE: Final = 48_000
"""Of the samples that come in: Opus' own, so that only their sum is ever resampled."""


class AudioEncoder:
    """Takes stereo samples at `MIX_RATE`; `index` is the stream's place among the formats."""

    def __init__(self, encoding: v1.Encoding, index: int) -> None:
        name, codec, sample_format = _CODECS.get(encoding.audio_codec, _CODECS[pb.AudioCodec.AAC])
        self._index = index
        self.rate = _rate(codec, encoding.audio_frequency)
        self._context: Any = AudioCodecContext.create(name, "w")
        self._context.sample_rate = self.rate
        self._context.layout = "stereo"
        self._context.format = sample_format
        self._context.bit_rate = encoding.audio_bitrate
        self._context.time_base = Fraction(1, self.rate)
        self._context.open(strict=False)
        self._frame_size: int = self._context.frame_size
        self._resampler = AudioResampler(sample_format, "stereo", self.rate, self._frame_size)
        self.format = StreamFormat(
            "audio",
            codec,
            rate=self.rate,
            channels=CHANNELS,
            bit_rate=encoding.audio_bitrate,
            extradata=bytes(self._context.extradata or b""),
        )

    def encode(self, samples: "NDArray[np.float32]", at: int) -> Iterator[Unit]:
        """Encode samples, one row for each channel, whose first one is number `at` of the recording."""
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = MIX_RATE
        frame.pts = at
        frame.time_base = Fraction(1, MIX_RATE)
        yield from self._encoded(frame)

    def flush(self) -> Iterator[Unit]:
        """What resampler and encoder still hold."""
        yield from self._encoded(None)
        yield from map(self._unit, self._context.encode(None))

    def _encoded(self, frame: av.AudioFrame | None) -> Iterator[Unit]:
        for part in self._resampler.resample(frame):
            yield from map(self._unit, self._context.encode(part))

    def _unit(self, packet: Any) -> Unit:
        at = self._time(packet.pts or 0)
        duration = self._time(packet.duration or self._frame_size)
        return Unit(self._index, at, at, duration, True, bytes(packet))

    def _time(self, samples: int) -> int:
        return samples * SECOND // self.rate


def _rate(codec: str, wanted: int) -> int:
    match codec:
        case "opus":
            return _OPUS_RATE
        case "mp3":
            return min(_MP3_RATES, key=lambda rate: abs(rate - wanted))
        case _:
            return wanted
