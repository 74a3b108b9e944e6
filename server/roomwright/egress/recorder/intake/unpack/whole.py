"""What the unpackers of video codecs have in common: payloads are added until a frame is whole."""

from typing import Protocol


class DamagedError(Exception):
    """A payload cannot be what its payload type says."""


class Unpacker(Protocol):
    """Gathers the payloads of one frame, in order and without gaps."""

    def add(self, payload: bytes) -> None:
        """One more payload. Raises DamagedError."""
        ...

    def take(self) -> tuple[bytes, bool]:
        """The frame, and whether it is a key frame; begins anew. No bytes: nothing was whole. Raises DamagedError."""
        ...
