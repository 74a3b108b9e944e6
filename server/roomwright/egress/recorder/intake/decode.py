"""Decoders: whole frames to sound at 48 kHz and to pictures. What cannot be decoded is counted, never raised."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# PyAV annotates packets without their type parameter.

from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import av
from av.codec.context import Flags, ThreadType
from av.error import FFmpegError

from roomwright.egress.recorder.intake.clock import SECOND
from roomwright.egress.recorder.intake.unpack import opus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.codeccontext import AudioCodecContext
    from av.video.codeccontext import VideoCodecContext

    from roomwright.egress.recorder.intake.coded import Coded

_NANOSECONDS: Final = Fraction(1, SECOND)
_CONCEALED_NS: Final = SECOND // 10
"""A longer gap is silence: nobody can guess what was said."""
_VIDEO: Final = {"vp8": "vp8", "vp9": "vp9", "h264": "h264", "av1": "libdav1d"}


class VideoDecoder:
    """Pictures of one track, as yuv420p. `failed` says that the last frame could not be decoded."""

    def __init__(self) -> None:
        self.failed = False
        self._codec = ""
        self._context: VideoCodecContext | None = None

    def decode(self, coded: "Coded") -> "Iterator[tuple[int, av.VideoFrame]]":
        """The pictures that come of the frame, each with its time since the epoch."""
        if coded.codec != self._codec or self.failed:
            self._open(coded.codec)
        packet = av.Packet(coded.data)
        packet.pts, packet.time_base = coded.at_ns, _NANOSECONDS
        try:
            frames = self._context.decode(packet) if self._context else []
        except FFmpegError:
            self.failed = True
            return
        for frame in frames[-1:]:  # of spatial layers FFmpeg gives each, and the last is the whole picture
            at_ns = coded.at_ns if frame.pts is None else frame.pts
            yield at_ns, frame if frame.format.name == "yuv420p" else frame.reformat(format="yuv420p")

    def _open(self, codec: str) -> None:
        context = cast("VideoCodecContext", av.CodecContext.create(_VIDEO[codec], "r"))
        context.thread_count = 1
        context.thread_type = ThreadType.NONE
        context.flags |= Flags.low_delay
        if codec == "av1":
            context.options = {"max_frame_delay": "1"}
        self._codec, self._context, self.failed = codec, context, False


class AudioDecoder:
    """Sound of one track, as s16 at 48 kHz; short losses are concealed where the codec can."""

    def __init__(self, layout: str = "stereo") -> None:
        self._layout = layout
        self._codec = ""
        self._context: AudioCodecContext | None = None
        self._resampler: av.AudioResampler | None = None
        self._end_ns = 0

    def decode(self, coded: "Coded") -> "Iterator[tuple[int, av.AudioFrame]]":
        """The sound that comes of the frame, each piece with the time of its first sample since the epoch."""
        if coded.codec != self._codec:
            self._open(coded.codec)
        if coded.lost and coded.codec == "opus":
            yield from self._concealed(coded)
        yield from self._decoded(coded.data, coded.at_ns)

    def _concealed(self, coded: "Coded") -> "Iterator[tuple[int, av.AudioFrame]]":
        gap_ns = coded.at_ns - self._end_ns
        piece_ns = opus.duration(opus.concealment(coded.data)) * SECOND // opus.RATE
        if 0 < piece_ns <= gap_ns + piece_ns // 4 and gap_ns <= _CONCEALED_NS:
            for _ in range((gap_ns + piece_ns // 4) // piece_ns):
                yield from self._decoded(opus.concealment(coded.data), self._end_ns)

    def _decoded(self, data: bytes, at_ns: int) -> "Iterator[tuple[int, av.AudioFrame]]":
        try:
            frames = self._context.decode(av.Packet(data)) if self._context else []
        except FFmpegError:
            return
        for frame in frames:
            for piece in self._resampled(frame):
                yield at_ns, piece
                at_ns += piece.samples * SECOND // opus.RATE
                self._end_ns = at_ns

    def _resampled(self, frame: "av.AudioFrame") -> "list[av.AudioFrame]":
        if frame.sample_rate == opus.RATE and frame.format.name == "s16" and frame.layout.name == self._layout:
            return [frame]
        if self._resampler is None:
            self._resampler = av.AudioResampler(format="s16", layout=self._layout, rate=opus.RATE)
        frame.pts = None
        return self._resampler.resample(frame)

    def _open(self, codec: str) -> None:
        context = cast("AudioCodecContext", av.CodecContext.create(_AUDIO[codec], "r"))
        context.sample_rate = opus.RATE if codec == "opus" else 8_000
        context.layout = self._layout if codec == "opus" else "mono"
        self._codec, self._context, self._resampler = codec, context, None


_AUDIO: Final = {"opus": "libopus", "pcmu": "pcm_mulaw", "pcma": "pcm_alaw"}
