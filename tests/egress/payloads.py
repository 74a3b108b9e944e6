"""Encoded frames of the source, cut into RTP payloads as publishers cut them. Own code: it proves the recorder's."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av

from tests.egress import source

MTU = 1_100
ENCODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9", "h264": "libx264", "av1": "libsvtav1"}
OPTIONS = {
    "vp8": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "h264": {"preset": "ultrafast", "tune": "zerolatency"},
    "av1": {"preset": "12", "crf": "50", "svtav1-params": "pred-struct=1:lp=1"},
}


@dataclass(frozen=True)
class Encoded:
    """One encoded frame: when it was captured, in seconds, and what it is."""

    at: float
    data: bytes
    key: bool


def video(
    codec: str, seconds: float, *, fps: int = 30, size: tuple[int, int] = (160, 120), keys: int = 30, first: int = 0
) -> Iterator[Encoded]:
    """The source's pictures, encoded, with a key frame every `keys`."""
    encoder = av.VideoCodecContext.create(ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.bit_rate, encoder.gop_size, encoder.max_b_frames = 0 if codec == "av1" else 400_000, keys, 0
    encoder.options = OPTIONS[codec]
    encoder.open()
    if codec == "av1" and hasattr(os, "sched_setscheduler"):  # for root, SVT-AV1 makes its caller a real-time thread
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    for number in range(first, first + round(seconds * fps)):
        frame = source.picture(number, *size, fps=fps)
        frame.pts, frame.time_base = number, Fraction(1, fps)
        for packet in encoder.encode(frame):
            yield Encoded((packet.pts or 0) / fps, bytes(packet), packet.is_keyframe)
    for packet in encoder.encode():
        yield Encoded((packet.pts or 0) / fps, bytes(packet), packet.is_keyframe)


def opus(seconds: float, *, pitch: int | None = None, first: float = 0.0) -> Iterator[Encoded]:
    """The source's sound as Opus, 20 ms a packet. The encoder's own delay of 6.5 ms is made up for."""
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = source.RATE, "mono", "s16", 48_000
    for number in range(round(seconds * 50)):
        frame = source.sound(first + number / 50 + 0.0065, 960, pitch)
        frame.pts = number * 960
        for packet in encoder.encode(frame):
            yield Encoded(first + number / 50, bytes(packet), key=True)


def ulaw(seconds: float) -> Iterator[Encoded]:
    """The source's sound as G.711, 20 ms a packet."""
    encoder = av.AudioCodecContext.create("pcm_mulaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8_000, "mono", "s16"
    for number in range(round(seconds * 50)):
        wave = source.samples(number / 50, 960)[None, ::6].copy()
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.sample_rate = 8_000
        for packet in encoder.encode(frame):
            yield Encoded(number / 50, bytes(packet), key=True)


def cut(codec: str, frame: Encoded, number: int) -> list[bytes]:
    """The payloads of a frame; `number` counts frames."""
    match codec:
        case "vp8":
            picture = bytes((0x80 | number >> 8 & 0x7F, number & 0xFF))
            return [bytes((0x90 if at == 0 else 0x80, 0x80)) + picture + piece for at, piece in _pieces(frame.data)]
        case "vp9":
            return _vp9(frame, number)
        case "h264":
            return _h264(frame.data)
        case "av1":
            return _av1(frame)
        case _:
            return [frame.data]


def _pieces(data: bytes, size: int = MTU) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + size]) for at in range(0, len(data), size)]


def _vp9(frame: Encoded, number: int) -> list[bytes]:
    pieces, out = _pieces(frame.data), list[bytes]()
    for at, piece in pieces:
        flags = 0x80 | (0 if frame.key else 0x40) | (0x08 if at == 0 else 0) | (0x04 if at == pieces[-1][0] else 0)
        out.append(bytes((flags, 0x80 | number >> 8 & 0x7F, number & 0xFF)) + piece)
    return out


def _h264(data: bytes) -> list[bytes]:
    units = [unit.rstrip(b"\0") for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    sets = [unit for unit in units if unit[0] & 0x1F in (7, 8)]
    out = [b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in sets)] if sets else []
    for unit in units:
        if unit[0] & 0x1F in (7, 8, 9, 6):
            continue
        if len(unit) <= MTU:
            out.append(unit)
            continue
        pieces = _pieces(unit[1:])
        for place, (_, piece) in enumerate(pieces):
            edge = (0x80 if place == 0 else 0) | (0x40 if place == len(pieces) - 1 else 0)
            out.append(bytes((unit[0] & 0x60 | 28, edge | unit[0] & 0x1F)) + piece)
    return out


def _av1(frame: Encoded) -> list[bytes]:
    """One OBU element a payload (W = 1); OBUs keep their own size fields."""
    out = list[bytes]()
    for obu in _obus(frame.data):
        if obu[0] >> 3 & 15 == 2:
            continue
        pieces = _pieces(obu)
        for place, (_, piece) in enumerate(pieces):
            head = 0x10 | (0x80 if place else 0) | (0x40 if place < len(pieces) - 1 else 0)
            out.append(bytes((head | (0x08 if frame.key and not out else 0),)) + piece)
    return out


def _obus(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        begin, size, shift = at, 0, 0
        at += 2 if data[at] & 4 else 1
        while True:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not byte & 0x80:
                break
        yield data[begin : at + size]
        at += size


def red(frames: list[Encoded], number: int, payload_type: int) -> bytes:
    """Redundant audio: the frame of that number after up to two before it."""
    before = frames[max(0, number - 2) : number]
    heads = b"".join(
        (1 << 31 | payload_type << 24 | (number - place) * 960 << 10 | len(frame.data)).to_bytes(4, "big")
        for place, frame in enumerate(before, number - len(before))
    )
    return heads + bytes((payload_type,)) + b"".join(frame.data for frame in before) + frames[number].data
