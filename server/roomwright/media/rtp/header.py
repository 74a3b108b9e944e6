"""The RTP header (RFC 3550, 5.1) and its extensions (RFC 8285), read in place."""

from collections.abc import Iterator

HEADER_BYTES = 12
_EXTENDED = 0x10
_PADDED = 0x20
_ONE_BYTE_FORM = 0xBEDE
_TWO_BYTE_FORM = 0x1000


def payload_start(packet: bytes) -> int:
    """Where the payload begins: after the fixed header, the CSRCs and the extension; -1: not an RTP packet."""
    size = len(packet)
    if size < HEADER_BYTES or packet[0] >> 6 != 2:
        return -1
    position = HEADER_BYTES + 4 * (packet[0] & 0x0F)
    if packet[0] & _EXTENDED:
        if size < position + 4:
            return -1
        position += 4 + 4 * (packet[position + 2] << 8 | packet[position + 3])
    return position if position <= size else -1


def payload_end(packet: bytes, start: int) -> int:
    """Where the payload ends: before the padding. At least `start`, also where the padding lies about its size."""
    size = len(packet)
    if packet[0] & _PADDED and size > start:
        return max(start, size - packet[-1])
    return size


def elements(packet: bytes) -> Iterator[tuple[int, int, int]]:
    """The extension's elements as (id, first byte, length in bytes); stops where the extension is not well-formed."""
    if not packet[0] & _EXTENDED:
        return
    position = HEADER_BYTES + 4 * (packet[0] & 0x0F)
    end = payload_start(packet)
    if end < 0:
        return
    form = packet[position] << 8 | packet[position + 1]
    position += 4
    if form == _ONE_BYTE_FORM:
        yield from _one_byte_elements(packet, position, end)
    elif form & 0xFFF0 == _TWO_BYTE_FORM:
        yield from _two_byte_elements(packet, position, end)


def _one_byte_elements(packet: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    while position < end:
        head = packet[position]
        position += 1
        if not head:
            continue
        number, length = head >> 4, (head & 0x0F) + 1
        if number == 15 or position + length > end:
            return
        yield number, position, length
        position += length


def _two_byte_elements(packet: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    while position + 1 < end:
        number = packet[position]
        if not number:
            position += 1
            continue
        length = packet[position + 1]
        position += 2
        if position + length > end:
            return
        yield number, position, length
        position += length


def extension_text(packet: bytes, number: int) -> str:
    """The element of that id as text (mid, rid); empty where it is not there. An id of 0 is never there."""
    for found, start, length in elements(packet):
        if found == number:
            return packet[start : start + length].decode("ascii", "replace").rstrip("\0")
    return ""


def extension_byte(packet: bytes, number: int) -> int:
    """The first byte of the element of that id; -1 where it is not there."""
    for found, start, length in elements(packet):
        if found == number and length:
            return packet[start]
    return -1
