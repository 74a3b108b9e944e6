"""What pictures and sound are encoded as: presets, options, defaults."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from roomwright.egress.refusals import incompatible, invalid
from roomwright.egress.wish import FileWish, Options, SegmentsWish, StreamWish, Wish
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_PRESET = pb.EncodingOptionsPreset
_AC = pb.AudioCodec
_VC = pb.VideoCodec
_TYPE = pb.EncodedFileType


class _Look(NamedTuple):
    width: int
    height: int
    framerate: int
    kbps: int


_PRESETS: Mapping[pb.EncodingOptionsPreset, _Look] = {
    _PRESET.H264_720P_30: _Look(1280, 720, 30, 3_000),
    _PRESET.H264_720P_60: _Look(1280, 720, 60, 4_500),
    _PRESET.H264_1080P_30: _Look(1920, 1080, 30, 4_500),
    _PRESET.H264_1080P_60: _Look(1920, 1080, 60, 6_000),
    _PRESET.PORTRAIT_H264_720P_30: _Look(720, 1280, 30, 3_000),
    _PRESET.PORTRAIT_H264_720P_60: _Look(720, 1280, 60, 4_500),
    _PRESET.PORTRAIT_H264_1080P_30: _Look(1080, 1920, 30, 4_500),
    _PRESET.PORTRAIT_H264_1080P_60: _Look(1080, 1920, 60, 6_000),
}
_DEFAULT = _PRESETS[_PRESET.H264_720P_30]
_LARGEST = 3_840
"""Pixels of a side."""
_FREQUENCIES = frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
_OPUS_FREQUENCY = 48_000
_KEY_FRAMES_S = 4.0

_HOLDS: Mapping[str, tuple[frozenset[pb.AudioCodec], frozenset[pb.VideoCodec]]] = {
    "MP4": (frozenset({_AC.AAC, _AC.OPUS}), frozenset({_VC.H264_BASELINE, _VC.H264_MAIN, _VC.H264_HIGH})),
    "OGG": (frozenset({_AC.OPUS}), frozenset()),
    "MP3": (frozenset({_AC.AC_MP3}), frozenset()),
    "RTMP": (frozenset({_AC.AAC}), frozenset({_VC.H264_BASELINE, _VC.H264_MAIN, _VC.H264_HIGH})),
    "HLS": (frozenset({_AC.AAC}), frozenset({_VC.H264_BASELINE, _VC.H264_MAIN, _VC.H264_HIGH})),
}
"""Which codecs a container or protocol can carry."""
_OF_TYPE = {_TYPE.OGG: _AC.OPUS, _TYPE.MP3: _AC.AC_MP3, _TYPE.MP4: _AC.AAC}
_TYPE_OF = {_AC.OPUS: _TYPE.OGG, _AC.AC_MP3: _TYPE.MP3, _AC.AAC: _TYPE.MP4}


def resolve(wish: Wish) -> v1.Encoding | None:
    """The encoding of a wish, with every field filled in; None: as it was sent. Raises `ServiceError`."""
    if wish.source.kind is v1.SourceKind.TRACK:
        return None
    if wish.options is _PRESET.PASSTHROUGH:
        _check_passthrough(wish)
        return None
    encoding = _encoding(wish.options)
    encoding.audio_codec = encoding.audio_codec or _audio_codec(wish)
    if encoding.audio_codec is _AC.OPUS:
        encoding.audio_frequency = _OPUS_FREQUENCY
    _check_containers(wish, encoding)
    return encoding


def file_type(wish: Wish, output: FileWish, encoding: v1.Encoding | None) -> pb.EncodedFileType:
    """The container of a file: what was asked for, else what suits the codecs."""
    if output.type or encoding is None:
        return output.type
    return _TYPE.MP4 if wish.source.video else _TYPE_OF[encoding.audio_codec]


def _encoding(options: Options) -> v1.Encoding:
    match options:
        case None:
            return _of_look(_DEFAULT)
        case pb.EncodingOptions():
            return _of_options(options)
        case preset:
            if preset not in _PRESETS:
                raise invalid("preset")
            return _of_look(_PRESETS[preset])


def _of_look(look: _Look) -> v1.Encoding:
    return v1.Encoding(
        width=look.width,
        height=look.height,
        framerate=look.framerate,
        video_codec=_VC.H264_MAIN,
        video_bitrate=look.kbps * 1_000,
        audio_bitrate=128_000,
        audio_frequency=44_100,
        key_frame_interval=_KEY_FRAMES_S,
    )


def _of_options(options: pb.EncodingOptions) -> v1.Encoding:
    _check_options(options)
    return v1.Encoding(
        width=options.width or _DEFAULT.width,
        height=options.height or _DEFAULT.height,
        framerate=options.framerate or _DEFAULT.framerate,
        video_codec=options.video_codec or _VC.H264_MAIN,
        video_bitrate=(options.video_bitrate or _DEFAULT.kbps) * 1_000,
        audio_codec=options.audio_codec,
        audio_bitrate=(options.audio_bitrate or 128) * 1_000,
        audio_frequency=options.audio_frequency or 44_100,
        key_frame_interval=options.key_frame_interval or _KEY_FRAMES_S,
    )


_RANGES = (
    ("framerate", 1, 120),
    ("video_bitrate", 10, 100_000),
    ("audio_bitrate", 6, 512),
)
"""What an option may be where it is not 0."""


def _check_options(options: pb.EncodingOptions) -> None:
    for name in ("width", "height"):
        pixels: int = getattr(options, name)
        if pixels and (pixels < 16 or pixels % 2 or pixels > _LARGEST):
            raise invalid(name, f"even, from 16 to {_LARGEST}")
    if options.depth not in (0, 8, 16, 24):
        raise invalid("depth")
    for name, least, most in _RANGES:
        value: int = getattr(options, name)
        if value and not least <= value <= most:
            raise invalid(name, f"from {least} to {most}")
    if options.audio_frequency and options.audio_frequency not in _FREQUENCIES:
        raise invalid("audio_frequency")
    interval = options.key_frame_interval
    if not math.isfinite(interval) or (interval and not 0.1 <= interval <= 60):
        raise invalid("key_frame_interval", "from 0.1 to 60 seconds")
    if options.video_codec not in tuple(_VC):
        raise invalid("video_codec")
    if options.audio_codec not in tuple(_AC):
        raise invalid("audio_codec")


def _audio_codec(wish: Wish) -> pb.AudioCodec:
    """What all outputs can carry: AAC, except for a file alone that wants another one."""
    if any(isinstance(output, StreamWish | SegmentsWish) for output in wish.outputs):
        return _AC.AAC
    for output in wish.outputs:
        if isinstance(output, FileWish):
            usual = _AC.AAC if wish.source.video else _AC.OPUS
            return _OF_TYPE.get(output.type, usual)
    return _AC.AAC


def _check_containers(wish: Wish, encoding: v1.Encoding) -> None:
    for output in wish.outputs:
        form = _form(wish, output, encoding)
        if form is None:
            continue
        sounds, pictures = _HOLDS[form]
        if wish.source.audio and encoding.audio_codec not in sounds:
            raise incompatible(form, encoding.audio_codec.name or "")
        if wish.source.video and encoding.video_codec not in pictures:
            raise incompatible(form, encoding.video_codec.name or "")


def _form(wish: Wish, output: object, encoding: v1.Encoding) -> str | None:
    match output:
        case FileWish():
            kind = file_type(wish, output, encoding)
            if kind not in tuple(_TYPE):
                raise invalid("output", "file_type")
            return kind.name
        case StreamWish():
            return "RTMP"
        case SegmentsWish():
            return "HLS"
        case _:
            return None


def _check_passthrough(wish: Wish) -> None:
    if wish.source.kind is not v1.SourceKind.TRACK_PAIR:
        raise invalid("passthrough source", "only tracks can be recorded as they are")
    if any(not isinstance(output, FileWish) for output in wish.outputs):
        raise invalid("passthrough output", "only a file holds tracks as they are")
    if any(isinstance(output, FileWish) and output.type for output in wish.outputs):
        raise invalid("passthrough file_type", "the container follows from the codecs")
