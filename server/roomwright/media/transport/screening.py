"""What aiortc's SCTP must not be shown: packets that would keep it busy, or fill its memory, for ever.

It was written for peers that mean well. A parameter of length 0 makes it loop without end; a SACK of a few bytes can
name 65,535 chunks hundreds of times; every stream number makes an entry that stays. Anything else that is wrong it
ignores itself, or raises, which `sctp.py` catches.
"""

import struct
from collections.abc import Iterator

MAX_STREAM = 1023
"""The highest stream number taken, as in libwebrtc."""
MAX_GAPS = 4096
"""Chunks that one packet's SACKs may report as received beyond a gap."""

_HEADER = 12
_DATA, _INIT, _INIT_ACK, _SACK, _HEARTBEAT, _HEARTBEAT_ACK, _ABORT, _ERROR = 0, 1, 2, 3, 4, 5, 6, 9
_RECONFIG, _FORWARD_TSN = 130, 192
_PARAMETERS_AT = {_INIT: 16, _INIT_ACK: 16, _HEARTBEAT: 0, _HEARTBEAT_ACK: 0, _ABORT: 0, _ERROR: 0, _RECONFIG: 0}
"""Where a chunk's body turns into a list of parameters."""

_chunk_head = struct.Struct("!BBH")
_parameter_head = struct.Struct("!HH")
_sack_head = struct.Struct("!LLHH")
_pair = struct.Struct("!HH")


def streams_of(packet: bytes) -> list[int] | None:
    """The stream numbers of a packet's DATA chunks, one for each; None if the packet must not be processed."""
    streams: list[int] = []
    gaps = 0
    try:
        for kind, body in _chunks(packet):
            if kind == _DATA:
                streams.append(int.from_bytes(body[4:6], "big"))
            elif kind == _SACK:
                gaps += _gaps(body)
            elif kind == _FORWARD_TSN:
                _check_forward(body)
            elif kind in _PARAMETERS_AT:
                _check_parameters(body[_PARAMETERS_AT[kind] :])
    except (struct.error, ValueError):
        return None
    return streams if gaps <= MAX_GAPS and max(streams, default=0) <= MAX_STREAM else None


def _chunks(packet: bytes) -> Iterator[tuple[int, bytes]]:
    position = _HEADER
    while position + 4 <= len(packet):
        kind, _, length = _chunk_head.unpack_from(packet, position)
        if length < 4 or position + length > len(packet):
            raise ValueError(f"a chunk of {length} bytes")
        yield kind, packet[position + 4 : position + length]
        position += length + (-length % 4)


def _gaps(body: bytes) -> int:
    """How many chunks a SACK's gap blocks name."""
    _, _, count, _ = _sack_head.unpack_from(body)
    total = 0
    for index in range(count):
        start, end = _pair.unpack_from(body, _sack_head.size + 4 * index)
        if not 0 < start <= end:
            raise ValueError(f"a gap block from {start} to {end}")
        total += end - start + 1
    return total


def _check_forward(body: bytes) -> None:
    if len(body) < 4 or len(body) % 4:
        raise ValueError(f"a FORWARD-TSN of {len(body)} bytes")
    if any(stream > MAX_STREAM for stream, _ in _pair.iter_unpack(body[4:])):
        raise ValueError("a FORWARD-TSN for a stream that is not taken")


def _check_parameters(body: bytes) -> None:
    position = 0
    while position + 4 <= len(body):
        _, length = _parameter_head.unpack_from(body, position)
        if length < 4:
            raise ValueError(f"a parameter of {length} bytes")
        position += length + (-length % 4)
