"""One SCTP association by aiortc's `RTCSctpTransport`, driven synchronously and kept within bounds.

aiortc awaits where nothing ever waits: its coroutines end at once as long as sending does, so `_finish` runs them to
their end in one step and no task is left behind by what we call. (Its own timers, four at most, start a task that ends
in its first step.) What is overridden or touched here is private to aiortc; a test names every piece and fails when one
changes.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, cast

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcsctptransport import (
    DATA_CHANNEL_OPEN,
    WEBRTC_BINARY,
    WEBRTC_BINARY_EMPTY,
    WEBRTC_DCEP,
    WEBRTC_STRING,
    WEBRTC_STRING_EMPTY,
    RTCSctpCapabilities,
    RTCSctpTransport,
)

from roomwright.media.transport.errors import PeerError
from roomwright.media.transport.screening import streams_of

PORT = 5000
"""The SCTP port of both sides (`a=sctp-port`), as everywhere in WebRTC."""
MAX_MESSAGE_BYTES = 262144
"""The largest message taken (`a=max-message-size`)."""

_MAX_MALFORMED = 16
_MAX_MISORDERED = 1024
"""Chunks beyond a gap; the receive window of 1 MB has room for 903 full ones."""
_MAX_OVERDRAFT = 256 * 1024
"""Bytes that a peer may send beyond the receive window."""
_MAX_IN_FLIGHT = 1024 * 1024
"""Bytes that may be unacknowledged, whatever the congestion window grew to."""
_MAX_CHUNKS_IN_FLIGHT = 2000
"""The congestion window counts bytes; small messages are bounded by their number."""
_WORK_PER_SECOND = 3_000_000
"""What one peer may keep us busy with, in units of about 0.1 µs: a chunk looked at while sorting the misordered."""
_WORK_OF_A_PACKET = 300

_EMPTY = (WEBRTC_STRING_EMPTY, WEBRTC_BINARY_EMPTY)
_TEXT = (WEBRTC_STRING, WEBRTC_STRING_EMPTY)
_MESSAGES = (WEBRTC_BINARY, WEBRTC_STRING, *_EMPTY)
_DCEP_OPEN_BYTES = 12


@dataclass(frozen=True, slots=True)
class Opened:
    """A channel can be written to."""

    channel: RTCDataChannel


@dataclass(frozen=True, slots=True)
class Received:
    """A message came; text as UTF-8 bytes, unchecked."""

    channel: RTCDataChannel
    data: bytes
    is_text: bool


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits to its end."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("aiortc's SCTP waits for something; it never did in the versions that we allow")


class _Lower:
    """What an association needs of an `RTCDtlsTransport`."""

    state = "connected"

    def __init__(self, send: Callable[[bytes], None], *, is_client: bool) -> None:
        self._role = "client" if is_client else "server"
        self._send = send

    def _register_data_receiver(self, receiver: object) -> None:
        """Data comes through `Association.receive`."""

    def _unregister_data_receiver(self, receiver: object) -> None:
        """Likewise."""

    async def _send_data(self, data: bytes) -> None:
        self._send(data)


class Association(RTCSctpTransport):
    """An association and its data channels. Must be made on the event loop, whose timers it uses.

    `send` takes a packet for the peer and must not raise.

    Attributes:
        oversized: messages larger than MAX_MESSAGE_BYTES, dropped.
        throttled: packets dropped because their peer sends too many.
    """

    def __init__(self, send: Callable[[bytes], None], *, is_client: bool, now: float, max_channels: int) -> None:
        super().__init__(cast(RTCDtlsTransport, _Lower(send, is_client=is_client)), PORT)
        self._happened: list[Opened | Received] = []
        self._malformed = 0
        self._max_channels = max_channels
        self._budget: float = _WORK_PER_SECOND
        self._refilled = now
        self.oversized = 0
        self.throttled = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be sent for the first time, and not too much for an acknowledgement."""
        return not (self._data_channel_queue or self._outbound_queue or len(self._sent_queue) > _MAX_CHUNKS_IN_FLIGHT)

    def begin(self, max_message_bytes: int) -> None:
        """Send the first packet. The peer takes messages of at most `max_message_bytes`; 0 stands for any size."""
        _finish(self.start(RTCSctpCapabilities(maxMessageSize=max_message_bytes), PORT))

    def end(self) -> None:
        """Abort the association and stop its timers. Idempotent."""
        _finish(self.stop())

    def receive(self, packet: bytes, now: float) -> list[Opened | Received]:
        """Take in a packet; returns what came of it. Raises PeerError when the peer has gone too far.

        From a peer that sends faster than we care to work, packets are lost, and it slows down.
        """
        streams = streams_of(packet)
        if streams is None:
            self._count_malformed()
            return []
        if not self._can_afford(self._work_of(streams), now):
            self.throttled += 1
            return []
        try:
            _finish(self._handle_data(packet))
        except Exception:
            self._count_malformed()
        self._check_bounds()
        happened, self._happened = self._happened, []
        return happened

    def open_channel(self, label: str, *, ordered: bool, max_retransmits: int | None) -> RTCDataChannel:
        """Announce a channel to the peer as soon as there is an association."""
        parameters = RTCDataChannelParameters(label=label, ordered=ordered, maxRetransmits=max_retransmits)
        return RTCDataChannel(self, parameters)

    def send_message(self, channel: RTCDataChannel, data: bytes) -> None:
        """Queue a binary message; what the window allows leaves at once."""
        protocol = WEBRTC_BINARY if data else WEBRTC_BINARY_EMPTY
        channel._addBufferedAmount(len(data))  # pyright: ignore[reportPrivateUsage] - what RTCDataChannel.send does, without its task
        self._data_channel_queue.append((channel, protocol, data or b"\0"))
        _finish(self._data_channel_flush())

    async def _receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        """A whole message has come."""
        if pp_id == WEBRTC_DCEP:
            await self._receive_control(stream_id, pp_id, data)
            return
        channel = self._data_channels.get(stream_id)
        if channel is None or pp_id not in _MESSAGES:
            return
        if len(data) > MAX_MESSAGE_BYTES:
            self.oversized += 1
            return
        self._happened.append(Received(channel, b"" if pp_id in _EMPTY else data, pp_id in _TEXT))

    async def _receive_control(self, stream_id: int, pp_id: int, data: bytes) -> None:
        """A message about a channel: the peer opens one, or knows of ours."""
        known = self._data_channels.get(stream_id)
        if data[:1] == bytes((DATA_CHANNEL_OPEN,)):
            if known or len(self._data_channels) >= self._max_channels or len(data) < _DCEP_OPEN_BYTES:
                return
        elif known is None or known.readyState != "connecting":
            return
        await super()._receive(stream_id, pp_id, data)
        channel = self._data_channels.get(stream_id)
        if channel is not None and channel.readyState == "open":
            self._happened.append(Opened(channel))

    def _work_of(self, streams: list[int]) -> int:
        """What sorting a packet's chunks will take."""
        misordered = len(self._sack_misordered)
        work = _WORK_OF_A_PACKET
        for number in streams:
            stream = self._inbound_streams.get(number)
            work += misordered + (len(stream.reassembly) if stream else 0)
        return work

    def _can_afford(self, work: int, now: float) -> bool:
        """Whether there is time for it: a bucket that holds a second's worth."""
        self._budget = min(_WORK_PER_SECOND, self._budget + (now - self._refilled) * _WORK_PER_SECOND)
        self._refilled = now
        if work > self._budget:
            return False
        self._budget -= work
        return True

    def _check_bounds(self) -> None:
        if self._advertised_rwnd < -_MAX_OVERDRAFT or len(self._sack_misordered) > _MAX_MISORDERED:
            raise PeerError("the peer sends more than its data channels' window")
        self._cwnd = min(self._cwnd, _MAX_IN_FLIGHT)

    def _count_malformed(self) -> None:
        self._malformed += 1
        if self._malformed > _MAX_MALFORMED:
            raise PeerError("the peer sends malformed packets on its data channels")
