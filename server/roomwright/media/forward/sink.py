"""The port to the transport: where packets go. `roomwright.media.transport.burst.Burst` is the real one."""

from typing import Any, Protocol, TypeAlias

Sender: TypeAlias = Any
"""A transport's sending side: opaque here, handed back to the sink as it came."""


class Sink(Protocol):
    """Takes packets and keeps no reference to them. Never raises, never blocks; what cannot be sent is dropped."""

    def queue_rtp(self, sender: Sender, header: bytes, payload: bytes, /) -> None:
        """Send the RTP packet `header + payload`."""
        ...

    def queue_rtcp(self, sender: Sender, packet: bytes, /) -> None:
        """Send an RTCP packet, plain or compound."""
        ...


class MemorySink:
    """A sink that keeps what it gets, in order: (sender, packet)."""

    def __init__(self) -> None:
        self.rtp: list[tuple[Sender, bytes]] = []
        self.rtcp: list[tuple[Sender, bytes]] = []

    def queue_rtp(self, sender: Sender, header: bytes, payload: bytes, /) -> None:
        """Keep a packet."""
        self.rtp.append((sender, header + payload))

    def queue_rtcp(self, sender: Sender, packet: bytes, /) -> None:
        """Keep a packet."""
        self.rtcp.append((sender, packet))

    def __repr__(self) -> str:
        return f"<MemorySink {len(self.rtp)} RTP, {len(self.rtcp)} RTCP>"
