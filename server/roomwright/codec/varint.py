"""The arithmetic of the protobuf wire format: varints, ranges, zigzag, and skipping what is not known.

Generated code calls these functions by their names here. Readers take `(data, at)` and return the value with the
position behind it; an `IndexError` or `struct.error` means that the data ended too early.
"""

from typing import Final

from roomwright.codec.errors import CodecError

MAX_DEPTH: Final = 100
"""Messages and groups inside each other that a decoder follows; protobuf's own limit."""

_MAX_TAG: Final = (1 << 32) - 1
_MAX_TAG_BYTES: Final = 5
_TRUNCATED: Final = "the data ends inside a field"


def varint(value: int) -> bytes:
    """Encode a number from 0 to 2**64-1."""
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    if value < 0x200000:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))
    if 0x10000000 <= value < 0x800000000:  # five bytes: seconds since 1970
        high = value >> 14
        return bytes(
            (
                value & 0x7F | 0x80,
                value >> 7 & 0x7F | 0x80,
                high & 0x7F | 0x80,
                high >> 7 & 0x7F | 0x80,
                high >> 14,
            )
        )
    if 0x800000000 <= value < 0x40000000000:  # six bytes: milliseconds since 1970
        high = value >> 21
        return bytes(
            (
                value & 0x7F | 0x80,
                value >> 7 & 0x7F | 0x80,
                value >> 14 & 0x7F | 0x80,
                high & 0x7F | 0x80,
                high >> 7 & 0x7F | 0x80,
                high >> 14,
            )
        )
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def int32(value: int) -> bytes:
    """Encode an int32 or an enum number."""
    if -0x80000000 <= value <= 0x7FFFFFFF:
        return varint(value if value >= 0 else value + (1 << 64))
    raise OverflowError


def int64(value: int) -> bytes:
    """Encode an int64."""
    if -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return varint(value if value >= 0 else value + (1 << 64))
    raise OverflowError


def uint32(value: int) -> bytes:
    """Encode a uint32."""
    if 0 <= value <= 0xFFFFFFFF:
        return varint(value)
    raise OverflowError


def uint64(value: int) -> bytes:
    """Encode a uint64."""
    if 0 <= value <= 0xFFFFFFFFFFFFFFFF:
        return varint(value)
    raise OverflowError


def sint32(value: int) -> bytes:
    """Encode a sint32 (zigzag)."""
    if -0x80000000 <= value <= 0x7FFFFFFF:
        return varint(value << 1 if value >= 0 else ~(value << 1))
    raise OverflowError


def sint64(value: int) -> bytes:
    """Encode a sint64 (zigzag)."""
    if -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return varint(value << 1 if value >= 0 else ~(value << 1))
    raise OverflowError


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Decode a varint of at most 64 bits."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 63:
            raise CodecError("a varint is longer than ten bytes")
    if value > 0xFFFFFFFFFFFFFFFF:
        raise CodecError("a varint does not fit into 64 bits")
    return value, at


def read_tag(data: bytes, at: int) -> tuple[int, int]:
    """Decode a tag: a varint of at most 32 bits, in at most five bytes."""
    tag, end = read_varint(data, at)
    if tag < 8 or tag > _MAX_TAG or end - at > _MAX_TAG_BYTES:
        raise CodecError("a field number is out of range")
    return tag, end


def as_int32(value: int) -> int:
    """The low 32 bits of a varint, signed."""
    return ((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


def as_int64(value: int) -> int:
    """A varint of 64 bits, signed."""
    return (value ^ 0x8000000000000000) - 0x8000000000000000


def as_uint32(value: int) -> int:
    """The low 32 bits of a varint."""
    return value & 0xFFFFFFFF


def as_uint64(value: int) -> int:
    """A varint as it is."""
    return value


def as_sint32(value: int) -> int:
    """Undo zigzag, 32 bits."""
    value &= 0xFFFFFFFF
    return (value >> 1) ^ -(value & 1)


def as_sint64(value: int) -> int:
    """Undo zigzag, 64 bits."""
    return (value >> 1) ^ -(value & 1)


def truncated() -> CodecError:
    """The error of a length that reaches beyond the data."""
    return CodecError(_TRUNCATED)


def skip(data: bytes, at: int, tag: int, depth: int) -> int:
    """The position behind the field with this tag, whose value starts at `at`; groups are followed to their end."""
    open_groups: list[int] = []
    while True:
        if tag < 8:
            raise CodecError("a field number is out of range")
        at = _skip_value(data, at, tag, open_groups)
        if len(open_groups) > depth:
            raise too_deep()
        if at > len(data):
            raise truncated()
        if not open_groups:
            return at
        tag, at = read_tag(data, at)


def check_complete(data: bytes) -> None:
    """Refuse data that does not consist of whole fields."""
    at = 0
    while at < len(data):
        tag, at = read_tag(data, at)
        at = skip(data, at, tag, MAX_DEPTH)


def _skip_value(data: bytes, at: int, tag: int, open_groups: list[int]) -> int:
    match tag & 7:
        case 0:
            return read_varint(data, at)[1]
        case 1:
            return at + 8
        case 2:
            size, at = read_varint(data, at)
            return at + size
        case 3:
            open_groups.append(tag >> 3)
        case 4:
            if not open_groups or open_groups.pop() != tag >> 3:
                raise CodecError("a group ends that was never started")
        case 5:
            return at + 4
        case wire_type:
            raise CodecError(f"wire type {wire_type} does not exist")
    return at


def too_deep() -> CodecError:
    """The error of messages nested beyond every reason."""
    return CodecError("messages are nested too deeply")
