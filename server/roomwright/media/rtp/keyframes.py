"""Where key frames begin, for each codec: what makes it safe to begin forwarding there. Payloads stay opaque otherwise.

Each function takes the packet and where its payload begins; it may raise IndexError on what is cut short.
"""

from collections.abc import Callable

from roomwright.media.rtp import vp8

_H264_IDR, _H264_SPS, _H264_STAP_A, _H264_FU_A = 5, 7, 24, 28
_H265_FIRST_IRAP, _H265_LAST_IRAP, _H265_PPS, _H265_AP, _H265_FU = 16, 21, 34, 48, 49
_H265_VPS = 32


def starts_key_frame(codec: str, packet: bytes, start: int) -> bool:
    """Whether a receiver can begin with this packet. Any packet is right for codecs that are not known here."""
    inspect = _INSPECTORS.get(codec.lower())
    if inspect is None:
        return True
    try:
        return inspect(packet, start)
    except IndexError:
        return False


def _h264(packet: bytes, start: int) -> bool:
    kind = packet[start] & 0x1F
    if kind == _H264_STAP_A:
        return _any_h264_unit(packet, start + 1)
    if kind == _H264_FU_A:
        header = packet[start + 1]
        return bool(header & 0x80) and header & 0x1F in (_H264_IDR, _H264_SPS)
    return kind in (_H264_IDR, _H264_SPS)


def _any_h264_unit(packet: bytes, position: int) -> bool:
    while position + 2 < len(packet):
        if packet[position + 2] & 0x1F in (_H264_IDR, _H264_SPS):
            return True
        position += 2 + (packet[position] << 8 | packet[position + 1])
    return False


def _h265(packet: bytes, start: int) -> bool:
    kind = packet[start] >> 1 & 0x3F
    if kind == _H265_AP:
        kind = packet[start + 4] >> 1 & 0x3F
    elif kind == _H265_FU:
        header = packet[start + 2]
        return bool(header & 0x80) and _H265_FIRST_IRAP <= header & 0x3F <= _H265_LAST_IRAP
    return _H265_FIRST_IRAP <= kind <= _H265_LAST_IRAP or _H265_VPS <= kind <= _H265_PPS


def _vp9(packet: bytes, start: int) -> bool:
    flags = packet[start]
    predicted, layered, begins = flags & 0x40, flags & 0x20, flags & 0x08
    if predicted or not begins:
        return False
    if not layered:
        return True
    position = start + 1
    if flags & 0x80:
        position += 2 if packet[position] & 0x80 else 1
    return not packet[position] & 0x0E  # the lowest spatial layer


def _av1(packet: bytes, start: int) -> bool:
    header = packet[start]
    return bool(header & 0x08) and not header & 0x80  # a new coded video sequence, not a continued fragment


_INSPECTORS: dict[str, Callable[[bytes, int], bool]] = {
    "vp8": vp8.starts_key_frame,
    "vp9": _vp9,
    "h264": _h264,
    "h265": _h265,
    "av1": _av1,
}
