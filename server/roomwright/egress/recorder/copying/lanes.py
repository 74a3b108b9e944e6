"""Streams of units for track egress: time stamps that only grow, gaps of sound filled with silence."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# PyAV annotates packets without their type parameter.

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, cast

import av
from av.error import FFmpegError

from roomwright.egress.recorder.copying.transcode import ToOpus
from roomwright.egress.recorder.intake.clock import SECOND
from roomwright.egress.recorder.intake.unpack import opus
from roomwright.egress.recorder.units import OutputError, StreamFormat, Unit

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

    from roomwright.egress.recorder.intake.coded import Coded
    from roomwright.egress.recorder.intake.track import Track

_SILENT_AFTER_NS: Final = SECOND
"""When nothing came for so long, silence is written without waiting for what comes next."""
_DISAGREE_NS: Final = 2 * SECOND
"""When a track's clock and the time of capture differ by more, its clock has begun anew."""
APART_NS: Final = SECOND * 4 // 100
"""How far sound beside a picture may be off."""
_DECODERS: Final = {"av1": "libdav1d"}


class VideoLane:
    """Pictures as they were sent. Their size may change within the file: decoders follow, from a key frame on."""

    def __init__(self, index: int, start_ns: int, track: "Track", first: "Coded") -> None:
        self._index = index
        self._start_ns = start_ns
        self._codec = first.codec
        self._last_ns = -1
        width, height = size(first)
        self.format = StreamFormat("video", first.codec, width, height, extradata=track.parameters)

    def units(self, track: "Track", coded: "Coded") -> Iterator[Unit]:
        """The frame; a change of codec raises OutputError, because the file cannot follow."""
        if coded.codec != self._codec:
            raise OutputError(f"the track changed from {self._codec} to {coded.codec}; one file has one codec", 400)
        self._last_ns = at_ns = max(coded.at_ns - self._start_ns, self._last_ns + 1_000_000)
        yield Unit(self._index, at_ns, at_ns, 0, coded.key, coded.data)

    def advance(self, until_ns: int) -> Iterator[Unit]:
        """The last picture stays: nothing is written."""
        return iter(())

    def finish(self, at_ns: int) -> Iterator[Unit]:
        """Nothing is held back."""
        return iter(())


def size(coded: "Coded") -> tuple[int, int]:
    """Width and height of a key frame's highest layer, by decoding it. Raises OutputError where that cannot be."""
    decoder = cast("VideoCodecContext", av.CodecContext.create(_DECODERS.get(coded.codec, coded.codec), "r"))
    try:
        frames = [*decoder.decode(av.Packet(coded.data)), *decoder.decode(None)]
    except FFmpegError:
        frames = []
    if not frames:
        raise OutputError(f"the first {coded.codec} frame of the track cannot be decoded", 400)
    return frames[-1].width, frames[-1].height


class AudioLane:
    """Opus as it was sent, without a hole: G.711 is encoded as Opus.

    Alone, it keeps its publisher's clock. `beside` a picture it follows the time of capture: when both have drifted
    apart by `APART_NS`, silence is put in, or a frame left out.
    """

    def __init__(self, index: int, start_ns: int, track: "Track", first: "Coded", *, beside: bool) -> None:
        self._index = index
        self._start_ns = start_ns
        self._beside = beside
        self._next = (first.at_ns - start_ns) * opus.RATE // SECOND
        self._expected: tuple[Track, int] | None = None
        self._heard_ns = first.at_ns
        self._encoder: ToOpus | None = None
        channels = 2 if opus.is_stereo(first.data) and first.codec == "opus" else 1
        self.format = StreamFormat("audio", "opus", rate=opus.RATE, channels=channels, extradata=opus.head(channels))

    def units(self, track: "Track", coded: "Coded") -> Iterator[Unit]:
        """The frame, after the silence that was before it."""
        self._heard_ns = coded.at_ns
        if coded.codec != "opus":
            self._encoder = self._encoder or ToOpus()
        for piece in (coded,) if coded.codec == "opus" or not self._encoder else self._encoder.convert(coded):
            if ticks := opus.duration(piece.data):
                yield from self._silence(self._gap(track, piece))
                self._expected = (track, piece.ticks + ticks)
                if not self._is_ahead(piece.at_ns):
                    yield self._unit(piece.data, ticks)

    def advance(self, until_ns: int) -> Iterator[Unit]:
        """Silence, where nothing came for a while."""
        if until_ns - self._heard_ns > _SILENT_AFTER_NS:
            yield from self._silence(self._missing(until_ns - _SILENT_AFTER_NS))

    def finish(self, at_ns: int) -> Iterator[Unit]:
        """Silence up to the end, where the track was silent."""
        if at_ns - self._heard_ns > _SILENT_AFTER_NS:
            yield from self._silence(self._missing(at_ns))

    def _gap(self, track: "Track", coded: "Coded") -> int:
        """By the track's own clock, which has no jitter; by the time of capture where that has begun anew."""
        missing = self._missing(coded.at_ns)
        if self._expected is None or self._expected[0] is not track:
            return missing
        gap = coded.ticks - self._expected[1]
        limit = APART_NS if self._beside else _DISAGREE_NS
        return missing if abs(gap - missing) * SECOND > limit * opus.RATE else gap

    def _is_ahead(self, at_ns: int) -> bool:
        """Whether what is written by now ends so late that a frame has to be left out."""
        return self._beside and -self._missing(at_ns) * SECOND > APART_NS * opus.RATE

    def _missing(self, at_ns: int) -> int:
        return (at_ns - self._start_ns) * opus.RATE // SECOND - self._next

    def _silence(self, ticks: int) -> Iterator[Unit]:
        for length, data in opus.SILENCES:
            while ticks >= length:
                yield self._unit(data, length)
                ticks -= length
                if self._expected:
                    self._expected = (self._expected[0], self._expected[1] + length)

    def _unit(self, data: bytes, ticks: int) -> Unit:
        at_ns = self._next * SECOND // opus.RATE
        self._next += ticks
        return Unit(self._index, at_ns, at_ns, ticks * SECOND // opus.RATE, True, data)
