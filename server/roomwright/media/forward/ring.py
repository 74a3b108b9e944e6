"""The last packets of a stream, kept as they came, to answer who missed one."""

from roomwright.media.rtp.numbers import abs_send_time


class Ring:
    """Packets by sequence number. A packet is replaced by the one `slots` later; `slots` is a power of two.

    512 are 1.5 s of video at 3 Mbit/s, and at most 0.8 MB.
    """

    __slots__ = ("_mask", "_packets", "_stamps")

    def __init__(self, slots: int) -> None:
        if slots & slots - 1:
            raise ValueError(f"{slots} is not a power of two: sequence numbers that wrap would not find their place")
        self._mask = slots - 1
        self._packets: list[bytes] = [b""] * slots
        self._stamps: list[bytes] = [b""] * slots

    def put(self, sequence: int, packet: bytes, now: float) -> bytes:
        """Keep a packet. Returns the three bytes of abs-send-time that it is sent with, each time it is sent."""
        stamp = abs_send_time(now)
        index = sequence & self._mask
        self._packets[index] = packet
        self._stamps[index] = stamp
        return stamp

    def get(self, sequence: int) -> tuple[bytes, bytes] | None:
        """A packet and its abs-send-time, if it is still there."""
        index = sequence & self._mask
        packet = self._packets[index]
        if packet[2:4] != sequence.to_bytes(2, "big"):
            return None
        return packet, self._stamps[index]

    def clear(self) -> None:
        """Forget all packets."""
        self.__init__(self._mask + 1)
