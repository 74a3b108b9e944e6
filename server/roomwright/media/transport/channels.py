"""The data channels of one transport, by label: opening, sending with a bounded buffer, counting.

A label names one channel at a time; if the peer opens another of the same label, the later one is written to.

What waits for the peer waits here, and aiortc gets it message by message: its own queue is one for all channels, and a
file on a reliable channel would hold up what is only worth something now.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from aiortc.rtcdatachannel import RTCDataChannel

from roomwright.media.transport.sctp import Association, Received
from roomwright.media.transport.settings import TransportSettings

_MESSAGE_OVERHEAD = 100
"""What a waiting message counts beyond its bytes, so that empty ones are bounded too."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel of our making."""

    label: str
    ordered: bool = True
    max_retransmits: int | None = None


class _Open:
    """A channel that is or was written to, and how many bytes wait for it here."""

    __slots__ = ("channel", "is_lossy", "waiting")

    def __init__(self, channel: RTCDataChannel) -> None:
        self.channel = channel
        self.is_lossy = channel.maxRetransmits is not None or channel.maxPacketLifeTime is not None
        self.waiting = 0

    @property
    def buffered(self) -> int:
        """Bytes that wait here and below."""
        return self.waiting + self.channel.bufferedAmount


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
        settings: TransportSettings,
        *,
        is_client: bool,
        max_message_bytes: int,
        now: float,
    ) -> None:
        self._on_open = on_open
        self._on_message = on_message
        self._max_message_bytes = max_message_bytes
        self._settings = settings
        channels = settings.max_channels
        self._association = Association(send_packet, is_client=is_client, now=now, max_channels=channels)
        self._begun = False
        self._closed = False
        self._by_label: dict[str, _Open] = {}
        self._lossy: deque[tuple[_Open, bytes]] = deque()
        self._reliable: deque[tuple[_Open, bytes]] = deque()
        self.dropped = 0
        self.refused = 0

    def __repr__(self) -> str:
        return f"<Channels {self._association.state}: {', '.join(self._by_label) or 'none'}>"

    def open(self, spec: ChannelSpec) -> None:
        """Make a channel; it can be written to once the peer has acknowledged it."""
        self._begin()
        channel = self._association.open_channel(spec.label, ordered=spec.ordered, max_retransmits=spec.max_retransmits)
        self._by_label[spec.label] = _Open(channel)

    def receive(self, packet: bytes, now: float) -> None:
        """Take in an SCTP packet. Raises PeerError."""
        self._begin()
        events = self._association.receive(packet, now)
        self._pump()
        for event in events:
            label = event.channel.label
            if self._closed:
                return
            if isinstance(event, Received):
                self._on_message(label, event.data, event.is_text)
            else:
                if label not in self._by_label or self._by_label[label].channel is not event.channel:
                    self._by_label[label] = _Open(event.channel)
                self._on_open(label)

    def send(self, label: str, data: bytes) -> bool:
        """Queue a binary message; False if there is no open channel, the buffer is full, or the peer takes less."""
        target = self._by_label.get(label)
        if target is None or target.channel.readyState != "open":
            return False
        if self._max_message_bytes and len(data) > self._max_message_bytes:
            return False
        size = len(data) + _MESSAGE_OVERHEAD
        limit = self._settings.lossy_buffer_bytes if target.is_lossy else self._settings.reliable_buffer_bytes
        if target.waiting and target.buffered + size > limit:
            self.dropped += target.is_lossy
            self.refused += not target.is_lossy
            return False
        target.waiting += size
        (self._lossy if target.is_lossy else self._reliable).append((target, data))
        self._pump()
        return True

    def buffered(self, label: str) -> int:
        """Bytes that wait on a channel; 0 if there is none."""
        target = self._by_label.get(label)
        return target.buffered if target else 0

    def close(self) -> None:
        """End all channels. Idempotent."""
        self._closed = True
        if self._begun:
            self._association.end()
        self._by_label.clear()
        self._lossy.clear()
        self._reliable.clear()

    def _pump(self) -> None:
        """Give aiortc the next message whenever it has none left, lossy channels' first.

        It asks for more when the peer acknowledges something, which is when `receive` is called.
        """
        while self._association.is_idle and (queue := self._lossy or self._reliable):
            target, data = queue.popleft()
            target.waiting -= len(data) + _MESSAGE_OVERHEAD
            if target.channel.readyState == "open":
                self._association.send_message(target.channel, data)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._association.begin(self._max_message_bytes)
