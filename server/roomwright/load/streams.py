"""RTP of a load test: packets that are sent, and what is noticed of those that come."""

import os
import struct
from collections.abc import Iterator

from roomwright.load.offers import AUDIO_TYPE, VIDEO_TYPE

_header = struct.Struct("!BBHII").pack
AUDIO_BYTES = 80
"""Opus at 32 kbit/s, in packets of 20 ms."""
FRAME_S = 1 / 30
KEY_FRAME_S = 2.0
_PACKET_BYTES = 1_100
_FILL = os.urandom(_PACKET_BYTES)
_FIRST, _REST = 0x10, 0x00
_KEY, _DELTA = 0x00, 0x01
"""The lowest bit of VP8's own first byte: what the server looks at to know a key frame."""


class Outgoing:
    """One stream. `frames` gives the packets of each moment."""

    def __init__(self, kind: str, ssrc: int, bits_per_second: int) -> None:
        self.kind = kind
        self.ssrc = ssrc
        self._bytes = max(40, int(bits_per_second / 8 * FRAME_S)) if kind == "video" else AUDIO_BYTES
        self._sequence = 1
        self._timestamp = 0
        self._since_key = KEY_FRAME_S

    @property
    def interval(self) -> float:
        """Seconds between frames."""
        return FRAME_S if self.kind == "video" else 0.02

    def next(self) -> Iterator[bytes]:
        """The packets of the next frame."""
        if self.kind == "audio":
            self._timestamp += 960
            yield self._packet(AUDIO_TYPE, _FILL[: self._bytes], marker=False)
            return
        self._timestamp += 3_000
        self._since_key += FRAME_S
        key = self._since_key >= KEY_FRAME_S
        if key:
            self._since_key = 0.0
        for start in range(0, self._bytes, _PACKET_BYTES):
            size = min(_PACKET_BYTES, self._bytes - start)
            first = bytes((_REST,)) if start else bytes((_FIRST, _KEY if key else _DELTA))
            yield self._packet(VIDEO_TYPE, first + _FILL[:size], marker=start + size >= self._bytes)

    def _packet(self, payload_type: int, payload: bytes, *, marker: bool) -> bytes:
        self._sequence = self._sequence + 1 & 0xFFFF
        second = payload_type | (0x80 if marker else 0)
        return _header(0x80, second, self._sequence, self._timestamp & 0xFFFF_FFFF, self.ssrc) + payload

    def __repr__(self) -> str:
        return f"<Outgoing {self.kind} {self.ssrc}>"


class Incoming:
    """What came of one stream. The header is not encrypted, so nothing needs to be decrypted to count."""

    __slots__ = ("_first", "_highest", "octets", "packets")

    def __init__(self, sequence: int) -> None:
        self.packets = self.octets = 0
        self._first = self._highest = sequence

    def take(self, sequence: int, size: int) -> None:
        """A packet with that number came."""
        self.packets += 1
        self.octets += size
        step = (sequence - self._highest) & 0xFFFF
        if step < 0x8000:
            self._highest += step

    @property
    def lost(self) -> int:
        """Packets that did not come, as far as numbers tell."""
        return max(0, self._highest - self._first + 1 - self.packets)

    def __repr__(self) -> str:
        return f"<Incoming {self.packets} packets, {self.lost} lost>"
