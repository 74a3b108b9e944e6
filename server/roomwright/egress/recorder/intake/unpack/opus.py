"""Opus (RFC 6716, 7587) and redundant audio (RFC 2198): blocks, durations, silence."""

from collections.abc import Iterator
from typing import Final

RATE: Final = 48_000
SHORTEST: Final = 120
"""Samples of the shortest frame: 2.5 ms."""
SILENCES: Final = ((960, b"\xf8\xff\xfe"), (480, b"\xf0\xff\xfe"), (240, b"\xe8\xff\xfe"), (120, b"\xe0\xff\xfe"))
"""Frames in which nothing is heard, with their durations in samples, longest first."""

_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)
_MAX_TICKS = 5_760


def duration(packet: bytes) -> int:
    """How long a packet is, in samples at 48 kHz; 0: it is none."""
    if not packet:
        return 0
    config, count = packet[0] >> 3, _frames(packet)
    if config < 12:
        ticks = _SILK[config & 3]
    elif config < 16:
        ticks = _HYBRID[config & 1]
    else:
        ticks = _CELT[config & 3]
    total = ticks * count
    return total if total <= _MAX_TICKS else 0


def _frames(packet: bytes) -> int:
    match packet[0] & 3:
        case 0:
            return 1
        case 3:
            return packet[1] & 0x3F if len(packet) > 1 else 0
        case _:
            return 2


def concealment(packet: bytes) -> bytes:
    """A packet that makes decoders fill in one lost frame, as long as one frame of `packet`."""
    return bytes((packet[0] & 0xFC,))


def head(channels: int) -> bytes:
    """The identification header that containers want (RFC 7845, 5.1). Nothing is to be skipped at the beginning."""
    return b"OpusHead\x01" + bytes((channels, 0, 0)) + RATE.to_bytes(4, "little") + b"\0\0\0"


def is_stereo(packet: bytes) -> bool:
    """Whether the packet has two channels."""
    return bool(packet and packet[0] & 4)


def blocks(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """The blocks of redundant audio, oldest first: how many ticks before the packet's time stamp, and the data."""
    position, sizes = 0, list[tuple[int, int]]()
    while position < len(payload) and payload[position] & 0x80:
        word = int.from_bytes(payload[position : position + 4], "big")
        sizes.append((word >> 10 & 0x3FFF, word & 0x3FF))
        position += 4
    position += 1
    for before, size in sizes:
        yield before, payload[position : position + size]
        position += size
    yield 0, payload[position:]
