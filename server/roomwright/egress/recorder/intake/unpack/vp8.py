"""VP8 (RFC 7741)."""

from roomwright.egress.recorder.intake.unpack.whole import DamagedError
from roomwright.media.rtp import vp8


class Vp8:
    """Payloads without their descriptors, one after the other."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def add(self, payload: bytes) -> None:
        """One more payload."""
        found = vp8.describe(payload)
        if found is None:
            raise DamagedError("a VP8 payload descriptor is cut short")
        self._pieces.append(payload[found.size :])

    def take(self) -> tuple[bytes, bool]:
        """The frame."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data, bool(data) and not data[0] & 1
