"""The last packets of a stream, kept as they came, to answer who missed one."""

from roomwright.media.rtp.numbers import abs_send_time

SLOTS = 512
"""Packets that are kept of a video layer: 1.5 s at 3 Mbit/s, at most 0.8 MB."""


class Ring:
    """Packets by sequence number. A packet is replaced by the one `SLOTS` later."""

    __slots__ = ("_packets", "_stamps")

    def __init__(self) -> None:
        self._packets: list[bytes] = [b""] * SLOTS
        self._stamps: list[bytes] = [b""] * SLOTS

    def put(self, sequence: int, packet: bytes, now: float) -> bytes:
        """Keep a packet. Returns the three bytes of abs-send-time that it is sent with, each time it is sent."""
        stamp = abs_send_time(now)
        index = sequence % SLOTS
        self._packets[index] = packet
        self._stamps[index] = stamp
        return stamp

    def get(self, sequence: int) -> tuple[bytes, bytes] | None:
        """A packet and its abs-send-time, if it is still there."""
        index = sequence % SLOTS
        packet = self._packets[index]
        if packet[2:4] != sequence.to_bytes(2, "big"):
            return None
        return packet, self._stamps[index]

    def clear(self) -> None:
        """Forget all packets."""
        self.__init__()
