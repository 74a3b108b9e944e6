"""Redundant audio (RFC 2198): taking out the primary encoding for a receiver that knows nothing of redundancy."""

_FOLLOWED = 0x80
_BLOCK_HEADER_BYTES = 4


def primary(payload: bytes) -> bytes:
    """The last block, which is the newest; the payload itself where it is not well-formed."""
    position, skipped = 0, 0
    size = len(payload)
    while position < size and payload[position] & _FOLLOWED:
        if position + _BLOCK_HEADER_BYTES > size:
            return payload
        skipped += (payload[position + 2] & 0x03) << 8 | payload[position + 3]
        position += _BLOCK_HEADER_BYTES
    begin = position + 1 + skipped
    return payload[begin:] if begin <= size else payload
