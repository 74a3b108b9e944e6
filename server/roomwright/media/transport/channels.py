"""The data channels of one transport, by label: opening, sending with a bounded buffer, counting.

A label names one channel at a time; if the peer opens another of the same label, the later one is written to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomwright.media.transport.sctp import Association, Received

if TYPE_CHECKING:
    from aiortc.rtcdatachannel import RTCDataChannel

RELIABLE_BUFFER_BYTES = 2 * 1024 * 1024
"""What may wait for a peer on a channel that loses nothing."""
LOSSY_BUFFER_BYTES = 256 * 1024
"""What may wait on a channel with limited retransmissions: older data is worth little."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel of our making."""

    label: str
    ordered: bool = True
    max_retransmits: int | None = None


class Channels:
    """Data channels over one DTLS connection.

    `send_packet` takes SCTP packets. The association begins with the first channel of ours or the first packet of
    theirs, so that a peer without data channels is never bothered.

    Attributes:
        dropped: messages that found a lossy channel's buffer full.
        refused: messages that found a reliable channel's buffer full.
    """

    def __init__(
        self,
        send_packet: Callable[[bytes], None],
        on_open: Callable[[str], None],
        on_message: Callable[[str, bytes, bool], None],
        *,
        is_client: bool,
        max_message_bytes: int,
        now: float,
    ) -> None:
        self._on_open = on_open
        self._on_message = on_message
        self._max_message_bytes = max_message_bytes
        self._association = Association(send_packet, is_client=is_client, now=now)
        self._begun = False
        self._by_label: dict[str, RTCDataChannel] = {}
        self.dropped = 0
        self.refused = 0

    def __repr__(self) -> str:
        return f"<Channels {self._association.state}: {', '.join(self._by_label) or 'none'}>"

    def open(self, spec: ChannelSpec) -> None:
        """Make a channel; it can be written to once the peer has acknowledged it."""
        self._begin()
        self._by_label[spec.label] = self._association.open_channel(
            spec.label, ordered=spec.ordered, max_retransmits=spec.max_retransmits
        )

    def receive(self, packet: bytes, now: float) -> None:
        """Take in an SCTP packet. Raises PeerError."""
        self._begin()
        for event in self._association.receive(packet, now):
            label = event.channel.label
            if isinstance(event, Received):
                self._on_message(label, event.data, event.is_text)
            else:
                self._by_label[label] = event.channel
                self._on_open(label)

    def send(self, label: str, data: bytes) -> bool:
        """Queue a binary message; False if there is no open channel, the buffer is full, or the peer takes less."""
        channel = self._by_label.get(label)
        if channel is None or channel.readyState != "open":
            return False
        if self._max_message_bytes and len(data) > self._max_message_bytes:
            return False
        lossy = channel.maxRetransmits is not None or channel.maxPacketLifeTime is not None
        limit = LOSSY_BUFFER_BYTES if lossy else RELIABLE_BUFFER_BYTES
        if channel.bufferedAmount and channel.bufferedAmount + len(data) > limit:
            self.dropped += lossy
            self.refused += not lossy
            return False
        self._association.send_message(channel, data)
        return True

    def buffered(self, label: str) -> int:
        """Bytes that wait on a channel; 0 if there is none."""
        channel = self._by_label.get(label)
        return channel.bufferedAmount if channel else 0

    def close(self) -> None:
        """End all channels. Idempotent."""
        if self._begun:
            self._association.end()
        self._by_label.clear()

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._association.begin(self._max_message_bytes)
