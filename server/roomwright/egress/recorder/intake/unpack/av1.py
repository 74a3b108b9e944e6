"""AV1 (the Alliance's RTP specification 1.0, section 4): OBU elements to a temporal unit with sizes."""

from roomwright.codec.varint import varint
from roomwright.egress.recorder.intake.unpack.whole import DamagedError

_CONTINUES, _CONTINUED, _NEW_SEQUENCE = 0x80, 0x40, 0x08
_HAS_EXTENSION, _HAS_SIZE = 0x04, 0x02
SEQUENCE_HEADER, _DELIMITER, _TILE_LIST = 1, 2, 8


class Av1:
    """One temporal unit at a time. `parameters` is the last sequence header."""

    def __init__(self) -> None:
        self.parameters = b""
        self._units: list[bytes] = []
        self._open = b""
        self._key = False

    def add(self, payload: bytes) -> None:
        """One more payload."""
        try:
            elements = _elements(payload)
        except IndexError:
            raise DamagedError("an AV1 payload is cut short") from None
        head = payload[0]
        if not self._units and not self._open:
            self._key = bool(head & _NEW_SEQUENCE)
        if head & _CONTINUES and elements:
            elements[0] = self._open + elements[0]
        self._open = elements.pop() if head & _CONTINUED and elements else b""
        self._units += elements

    def take(self) -> tuple[bytes, bool]:
        """The temporal unit, without its delimiter, each OBU with its size."""
        units, self._units, self._open = self._units, [], b""
        sized = [self._sized(unit) for unit in units if unit and unit[0] >> 3 & 15 not in (_DELIMITER, _TILE_LIST)]
        return b"".join(sized), self._key

    def _sized(self, unit: bytes) -> bytes:
        head = unit[0]
        if not head & _HAS_SIZE:
            begin = 2 if head & _HAS_EXTENSION else 1
            unit = bytes((head | _HAS_SIZE,)) + unit[1:begin] + varint(len(unit) - begin) + unit[begin:]
        if head >> 3 & 15 == SEQUENCE_HEADER:
            self.parameters = unit
        return unit


def _elements(payload: bytes) -> list[bytes]:
    count = payload[0] >> 4 & 3
    position, found = 1, list[bytes]()
    while position < len(payload):
        if count and len(found) == count - 1:
            found.append(payload[position:])
            break
        size, position = _read_leb128(payload, position)
        if position + size > len(payload):
            raise DamagedError("an AV1 element is cut short")
        found.append(payload[position : position + size])
        position += size
    return found


def _read_leb128(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, position
    raise DamagedError("an AV1 size is too large")
