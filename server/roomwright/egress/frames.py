"""What travels on the socket pair between the server and a recorder: messages and packets, in frames.

    frame   = length (u32, of what follows), kind (u8), body
    message = kind 0, a protobuf `Order` or `Report`
    packet  = kind 1, track number (u16), layer (u8), arrival (i64, ns since the epoch), RTP packet

Big-endian. Both ends are ours: a frame that cannot be is a broken partner, and `FrameError` ends the egress.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final, TypeAlias

MAX_FRAME: Final = 4 * 1024 * 1024
"""Bytes of a frame; a plan with its credentials has some thousand, a packet 1,500."""

_HEAD: Final = Struct("!IB")
_PACKET_HEAD: Final = Struct("!IBHBq")
_IN_PACKET: Final = Struct("!HBq")
_MESSAGE, _PACKET = 0, 1


class FrameError(Exception):
    """The other end does not keep to the format."""


@dataclass(frozen=True, slots=True)
class Packet:
    """An RTP packet as its publisher sent it, decrypted. `arrival_ns` is nanoseconds since the epoch."""

    track: int
    layer: int
    arrival_ns: int
    data: bytes


Frame: TypeAlias = bytes | Packet
"""The body of a message, or a packet."""


def message_frame(body: bytes) -> bytes:
    """The frame of an encoded message."""
    return _HEAD.pack(len(body) + 1, _MESSAGE) + body


def packet_frame(track: int, layer: int, arrival_ns: int, data: bytes) -> bytes:
    """The frame of a packet."""
    return _PACKET_HEAD.pack(len(data) + 12, _PACKET, track, layer, arrival_ns) + data


class FrameReader:
    """Turns the bytes of a stream into frames: `feed` what came, iterate over what is whole."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Add bytes, and give the frames that are whole now. Raises FrameError."""
        unread = self._unread
        unread += data
        at = 0
        while len(unread) - at >= _HEAD.size:
            length, kind = _HEAD.unpack_from(unread, at)
            if not 0 < length <= MAX_FRAME:
                raise FrameError(f"a frame of {length} bytes")
            end = at + 4 + length
            if len(unread) < end:
                break
            yield _frame(kind, bytes(unread[at + _HEAD.size : end]))
            at = end
        del unread[:at]


def _frame(kind: int, body: bytes) -> Frame:
    match kind:
        case 0:
            return body
        case 1 if len(body) >= _IN_PACKET.size:
            track, layer, arrival_ns = _IN_PACKET.unpack_from(body)
            return Packet(track, layer, arrival_ns, body[_IN_PACKET.size :])
        case _:
            raise FrameError(f"a frame of kind {kind} with {len(body)} bytes")
