"""The data packets of one client: in from its channels, out with a bounded backlog for what must not be lost."""

import asyncio
from collections import deque

import structlog

from roomwright import codec
from roomwright.codec import CodecError
from roomwright.media.transport import Transport
from roomwright_proto import livekit as pb

log = structlog.get_logger(__name__)

RELIABLE, LOSSY, DATA_TRACK = "_reliable", "_lossy", "_data_track"
"""The labels of the data channels that LiveKit's clients know."""
_RETRY_S = 0.02


_HEADER = 12
"""Bytes of a data track's packet before its extensions and payload; its number is the third and the fourth."""


def data_track_number(packet: bytes) -> int:
    """The publisher's number of the data track that a packet belongs to; 0, which none has, when it is too short."""
    return int.from_bytes(packet[2:4], "big") if len(packet) >= _HEADER else 0


def renumbered(packet: bytes, number: int) -> bytes:
    """A data track's packet under a subscriber's number. Nothing else of it is looked at."""
    return packet[:2] + number.to_bytes(2, "big") + packet[4:]


class Copies:
    """How many packets of data tracks one client may have sent to others: so many in a second, and that many at once.

    `refused` counts packets that would have been too many copies.
    """

    def __init__(self, per_second: int, now: float) -> None:
        self.refused = 0
        self._per_second = per_second
        self._left: float = per_second
        self._at = now

    def take(self, count: int, now: float) -> bool:
        """Whether `count` more may be sent now; counts them if so."""
        self._left = min(self._per_second, self._left + (now - self._at) * self._per_second)
        self._at = now
        if count > self._left:
            self.refused += 1
            return False
        self._left -= count
        return True


class Inbound:
    """Reads what a client sends. `last_sequence` is the newest of its reliable packets."""

    def __init__(self) -> None:
        self.last_sequence = 0

    def read(self, label: str, data: bytes) -> pb.DataPacket | None:
        """The packet in a message; None: nothing to pass on. The channel decides its kind, whatever it says."""
        if label not in (RELIABLE, LOSSY):
            return None
        try:
            packet = codec.decode(pb.DataPacket, data)
        except CodecError as error:
            log.debug("a data packet cannot be read", problem=str(error))
            return None
        packet.kind = pb.DataPacketKind.RELIABLE if label == RELIABLE else pb.DataPacketKind.LOSSY
        return packet if label == LOSSY or self._is_new(packet.sequence) else None

    def _is_new(self, sequence: int) -> bool:
        """After a resume clients send again what they are not sure of."""
        if not sequence:
            return True
        if sequence <= self.last_sequence:
            return False
        self.last_sequence = sequence
        return True


class Outbound:
    """Sends packets to a client. `dropped` counts those that found a reliable channel's backlog full.

    `backlog` bytes may wait for the reliable channel, besides those in the channel itself. What is beyond is lost, as
    in LiveKit: sending the client away would lose more, for what others do to it.
    """

    def __init__(self, transport: Transport, loop: asyncio.AbstractEventLoop, backlog: int) -> None:
        self.dropped = 0
        self._backlog = backlog
        self._transport = transport
        self._loop = loop
        self._open = False
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<Outbound: {len(self._waiting)} packets wait, {self.dropped} dropped>"

    def send(self, label: str, data: bytes) -> None:
        """Send a packet. One that is not reliable is dropped if it cannot go at once."""
        if label != RELIABLE:
            self._transport.send(label, data)
        elif not self._waiting or self._bytes + len(data) <= self._backlog:
            self._waiting.append(data)
            self._bytes += len(data)
            self._flush()
        else:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("a client does not take its data: some is lost", transport=repr(self._transport))

    def on_open(self, label: str) -> None:
        """A channel can be written to."""
        if label == RELIABLE:
            self._open = True
            self._flush()

    def close(self) -> None:
        """Forget what waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.clear()

    def _flush(self) -> None:
        """Send what waits, as far as it goes; the rest is tried again soon. What the client never takes is dropped."""
        while self._open and self._waiting:
            if not self._transport.send(RELIABLE, self._waiting[0]) and self._transport.buffered(RELIABLE):
                break
            self._bytes -= len(self._waiting.popleft())
        if self._open and self._waiting and self._timer is None:
            self._timer = self._loop.call_later(_RETRY_S, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._flush()
