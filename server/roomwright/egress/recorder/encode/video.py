"""Encodes the composed picture: H.264 by x264, or VP8.

H.264 has no B-frames, so that streams and cuts are simple, and carries its parameter sets before every key frame. A key
frame comes at fixed times, so that segments can be cut there.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ..units import StreamFormat, Unit

THREADS: Final = 2
"""Of an encoder. More would take the cores of other recordings."""

SECOND: Final = 1_000_000_000

_GLOBAL_HEADER: Final = 1 << 22
_PROFILES: Final = {
    pb.VideoCodec.H264_BASELINE: "baseline",
    pb.VideoCodec.H264_MAIN: "main",
    pb.VideoCodec.H264_HIGH: "high",
}


class VideoEncoder:
    """Takes one picture for each time `number / framerate`; `index` is the stream's place among the formats."""

    def __init__(self, encoding: v1.Encoding, index: int, key_every_ns: int) -> None:
        self._index = index
        self._framerate = encoding.framerate
        self._key_every = max(1, round(key_every_ns * encoding.framerate / SECOND))
        self._context: Any = _context(encoding, self._key_every)
        self._annex_b = self._context.name == "libx264"
        self._extradata = bytes(self._context.extradata or b"")
        self.format = StreamFormat(
            "video",
            "h264" if self._annex_b else "vp8",
            width=encoding.width,
            height=encoding.height,
            framerate=encoding.framerate,
            bit_rate=encoding.video_bitrate,
            extradata=self._extradata,
        )

    def encode(self, frame: av.VideoFrame, number: int) -> Iterator[Unit]:
        """Encode the picture of this number. The frame may be painted anew afterwards."""
        frame.pts = number
        frame.time_base = Fraction(1, self._framerate)
        frame.pict_type = PictureType.I if number % self._key_every == 0 else PictureType.NONE
        yield from map(self._unit, self._context.encode(frame))

    def flush(self) -> Iterator[Unit]:
        """What the encoder still holds."""
        yield from map(self._unit, self._context.encode(None))

    def _unit(self, packet: Any) -> Unit:
        pts = packet.pts or 0
        dts = pts if packet.dts is None else packet.dts
        data = bytes(packet)
        if packet.is_keyframe and self._annex_b:
            data = self._extradata + data
        at = self._time(pts)
        return Unit(self._index, at, self._time(dts), self._time(pts + 1) - at, packet.is_keyframe, data)

    def _time(self, number: int) -> int:
        return number * SECOND // self._framerate


def _context(encoding: v1.Encoding, key_every: int) -> VideoCodecContext:
    vp8 = encoding.video_codec == pb.VideoCodec.VP8
    context = VideoCodecContext.create("libvpx" if vp8 else "libx264", "w")
    context.width, context.height = encoding.width, encoding.height
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, encoding.framerate)
    context.framerate = Fraction(encoding.framerate)
    context.bit_rate = encoding.video_bitrate
    context.gop_size = key_every
    context.thread_count = THREADS
    context.flags |= _GLOBAL_HEADER
    context.options = dict(_vp8_options() if vp8 else _h264_options(encoding))
    context.open(strict=False)
    return context


def _h264_options(encoding: v1.Encoding) -> Mapping[str, str]:
    return {
        "preset": "veryfast",
        "profile": _PROFILES.get(encoding.video_codec, "main"),
        "bf": "0",
        "forced-idr": "1",
        "sc_threshold": "0",
        "maxrate": str(encoding.video_bitrate),
        "bufsize": str(encoding.video_bitrate * 2),
    }


def _vp8_options() -> Mapping[str, str]:
    return {"deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0"}
