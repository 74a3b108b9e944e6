"""VP9 (RFC 9628). The frames of several spatial layers become one superframe, as containers want it."""

from roomwright.egress.recorder.intake.unpack.whole import DamagedError

_PICTURE_ID, _PREDICTED, _LAYERED, _FLEXIBLE, _BEGINS, _STRUCTURE = 0x80, 0x40, 0x20, 0x10, 0x08, 0x02
_MAX_FRAMES = 8


class Vp9:
    """Payloads without their descriptors; each beginning of a layer's frame begins a frame of the superframe."""

    def __init__(self) -> None:
        self._frames: list[bytearray] = []
        self._key = False

    def add(self, payload: bytes) -> None:
        """One more payload."""
        try:
            size = descriptor_bytes(payload)
            flags = payload[0]
        except IndexError:
            raise DamagedError("a VP9 payload descriptor is cut short") from None
        if flags & _BEGINS:
            if not self._frames:
                self._key = not flags & _PREDICTED
            self._frames.append(bytearray())
        if not self._frames or len(self._frames) > _MAX_FRAMES:
            raise DamagedError("a VP9 frame without its beginning")
        self._frames[-1] += payload[size:]

    def take(self) -> tuple[bytes, bool]:
        """The frame, or the superframe."""
        frames = [bytes(frame) for frame in self._frames if frame]
        self._frames.clear()
        return (frames[0] if len(frames) == 1 else superframe(frames)), self._key


def descriptor_bytes(payload: bytes) -> int:
    """How long the payload descriptor is (RFC 9628, 4.2). Raises IndexError where it is cut short."""
    flags, position = payload[0], 1
    if flags & _PICTURE_ID:
        position += 2 if payload[position] & 0x80 else 1
    if flags & _LAYERED:
        position += 1 if flags & _FLEXIBLE else 2
    if flags & _FLEXIBLE and flags & _PREDICTED:
        position = _after_references(payload, position)
    if flags & _STRUCTURE:
        position = _after_structure(payload, position)
    payload[position - 1]  # the last byte must be there too
    return position


def _after_references(payload: bytes, position: int) -> int:
    for _ in range(3):
        more = payload[position] & 1
        position += 1
        if not more:
            break
    return position


def _after_structure(payload: bytes, position: int) -> int:
    head = payload[position]
    position += 1
    if head & 0x10:
        position += 4 * ((head >> 5) + 1)
    if head & 0x08:
        count = payload[position]
        position += 1
        for _ in range(count):
            position += 1 + (payload[position] >> 2 & 3)
    return position


def superframe(frames: list[bytes]) -> bytes:
    """Several frames as one, with the index that tells them apart (VP9 bitstream specification, annex B)."""
    if not frames:
        return b""
    width = max((max(map(len, frames)).bit_length() + 7) // 8, 1)
    marker = bytes((0xC0 | (width - 1) << 3 | (len(frames) - 1),))
    sizes = b"".join(len(frame).to_bytes(width, "little") for frame in frames)
    return b"".join(frames) + marker + sizes + marker
