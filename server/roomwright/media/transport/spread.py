"""Several bursts as one, where there are several sockets: a packet leaves by the one that its receiver has chosen."""

from collections.abc import Sequence

from roomwright.media.transport.burst import Burst, Sender


class Spread:
    """The outgoing side of several sockets; used as a `Burst` is."""

    def __init__(self, bursts: Sequence[Burst]) -> None:
        self._bursts = tuple(bursts)

    @property
    def sent(self) -> int:
        """Datagrams that the kernel took."""
        return sum(burst.sent for burst in self._bursts)

    @property
    def dropped(self) -> int:
        """Datagrams that it did not."""
        return sum(burst.dropped for burst in self._bursts)

    @property
    def media(self) -> int:
        """RTP packets that were queued so far."""
        return sum(burst.media for burst in self._bursts)

    def queue_rtp(self, sender: Sender, header: bytes | bytearray | memoryview, payload: bytes | memoryview) -> None:
        """Queue the RTP packet `header + payload`."""
        if sender.burst is None:
            sender.refused += 1
        else:
            sender.burst.queue_rtp(sender, header, payload)

    def queue_rtcp(self, sender: Sender, packet: bytes) -> None:
        """Queue an RTCP packet, plain or compound."""
        if sender.burst is None:
            sender.refused += 1
        else:
            sender.burst.queue_rtcp(sender, packet)

    def hold(self) -> None:
        """The caller promises to call `flush`."""
        for burst in self._bursts:
            burst.hold()

    def flush(self) -> None:
        """Hand everything queued to the kernel."""
        for burst in self._bursts:
            burst.flush()

    def __repr__(self) -> str:
        return f"<Spread {', '.join(map(repr, self._bursts))}>"
