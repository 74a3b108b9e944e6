"""VP8's payload descriptor (RFC 7741, 4.2): picture ids, the temporal index, key frames."""

from typing import NamedTuple

_EXTENDED = 0x80
_STARTS = 0x10
_PARTITION = 0x07
_PICTURE_ID, _TL0, _TID, _KEY = 0x80, 0x40, 0x20, 0x10
_LONG = 0x80


class Descriptor(NamedTuple):
    """Where the numbers are in a payload, and what they are. Positions and numbers are -1 where they are missing.

    `picture_bits` is 7 or 15; `size` the descriptor's length in bytes.
    """

    picture_at: int
    picture_id: int
    picture_bits: int
    tl0_at: int
    tl0_index: int
    size: int


def describe(payload: bytes, start: int = 0) -> Descriptor | None:
    """Read the descriptor of the payload that begins at `start`; None where it is cut short."""
    try:
        return _describe(payload, start)
    except IndexError:
        return None


def _describe(payload: bytes, start: int) -> Descriptor:
    position = start + 1
    picture_at = picture_id = tl0_at = tl0_index = -1
    bits = 7
    if payload[start] & _EXTENDED:
        flags = payload[position]
        position += 1
        if flags & _PICTURE_ID:
            picture_at, picture_id = position, payload[position] & 0x7F
            if payload[position] & _LONG:
                bits = 15
                position += 1
                picture_id = picture_id << 8 | payload[position]
            position += 1
        if flags & _TL0:
            tl0_at, tl0_index = position, payload[position]
            position += 1
        if flags & (_TID | _KEY):
            position += 1
    payload[position - 1]  # the last byte must be there too
    return Descriptor(picture_at, picture_id, bits, tl0_at, tl0_index, position - start)


def renumbered(payload: bytes, picture_ids: int, tl0_indices: int) -> bytes:
    """The payload with that much added to its picture id and TL0PICIDX; their widths stay."""
    found = describe(payload)
    if found is None:
        return payload
    changed = bytearray(payload)
    if found.picture_at >= 0:
        picture_id = (found.picture_id + picture_ids) & ((1 << found.picture_bits) - 1)
        if found.picture_bits == 15:
            changed[found.picture_at] = _LONG | picture_id >> 8
            changed[found.picture_at + 1] = picture_id & 0xFF
        else:
            changed[found.picture_at] = picture_id
    if found.tl0_at >= 0:
        changed[found.tl0_at] = (found.tl0_index + tl0_indices) & 0xFF
    return bytes(changed)


def starts_key_frame(packet: bytes, start: int) -> bool:
    """Whether a key frame begins in this packet."""
    first = packet[start]
    if not first & _STARTS or first & _PARTITION:
        return False
    found = describe(packet, start)
    return found is not None and len(packet) > start + found.size and not packet[start + found.size] & 1
