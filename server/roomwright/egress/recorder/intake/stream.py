"""One RTP stream, which is a track or a layer of it: packets in order become whole frames with their time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from roomwright.egress.recorder.intake.clock import SECOND, PublisherClock, StreamClock
from roomwright.egress.recorder.intake.coded import Coded
from roomwright.egress.recorder.intake.frames import UNPACKERS
from roomwright.egress.recorder.intake.reorder import Reorder
from roomwright.egress.recorder.intake.unpack import opus
from roomwright.egress.recorder.intake.unpack.whole import DamagedError, Unpacker
from roomwright.media.rtp.header import HEADER_BYTES, payload_end, payload_start
from roomwright.media.rtp.keyframes import starts_key_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from roomwright_proto.roomwright.egress import v1


LISTEN_NS: Final = SECOND // 4
"""How long a stream's arrivals are watched before its time is told: the first may be late by all the jitter."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A packet whose turn it is: how many are lost before it, where its payload is, what it is by its header."""

    lost: int
    packet: bytes
    start: int
    end: int
    ticks: int
    marker: bool
    mime: str


class Stream:
    """Order and time of one RTP stream. `damaged` counts packets that are none, or of an unknown payload type."""

    def __init__(
        self, layer: int, payloads: "Mapping[int, v1.Payload]", publisher: PublisherClock, patience_ns: int
    ) -> None:
        self.layer = layer
        self.damaged = 0
        self._payloads = payloads
        self._publisher = publisher
        self._clock: StreamClock | None = None
        self._report: v1.SenderReport | None = None
        self._first_ns = 0
        self._missing = 0
        self._reorder = Reorder(patience_ns)

    def restart(self) -> None:
        """Go on after a pause."""
        if self._clock:
            self._clock.restart()
        self._missing = 0
        self._reorder.restart()

    @property
    def unusable(self) -> int:
        """Packets that were lost, late or damaged."""
        return self._reorder.lost + self._reorder.late + self.damaged

    def push(self, packet: bytes, arrival_ns: int) -> bool:
        """Take a packet; False where it is none of this stream."""
        payload = self._payloads.get(packet[1] & 0x7F) if len(packet) >= HEADER_BYTES else None
        if payload is None:
            self.damaged += 1
            return False
        clock = self._clock or self._begin(payload, int.from_bytes(packet[4:8], "big"), arrival_ns)
        clock.arrived(clock.ticks(int.from_bytes(packet[4:8], "big")), arrival_ns)
        self._reorder.push(packet[2] << 8 | packet[3], packet, arrival_ns)
        return True

    def report(self, report: "v1.SenderReport") -> None:
        """The publisher's sender report; one that comes before the first packet waits for it."""
        self._report = report
        if self._clock:
            self._clock.report(report.ntp, report.rtp, report.arrival_ns)

    def at_ns(self, ticks: int) -> int:
        """When that was captured."""
        return self._clock.at_ns(ticks) if self._clock else 0

    def _begin(self, payload: "v1.Payload", timestamp: int, arrival_ns: int) -> StreamClock:
        """The first packet says at which rate the stream's clock counts."""
        clock = self._clock = StreamClock(payload.clock_rate or 90_000, self._publisher)
        clock.ticks(timestamp)
        self._first_ns = arrival_ns
        if report := self._report:
            clock.report(report.ntp, report.rtp, report.arrival_ns)
        return clock

    def take(self, now_ns: int) -> Iterator[Ordered]:
        """The packets whose turn it is by now. Those without a payload are only there to fill the bandwidth."""
        clock = self._clock
        if now_ns - self._first_ns < LISTEN_NS:
            return
        for missing, packet in self._reorder.take(now_ns):
            self._missing += missing
            start = payload_start(packet)
            end = payload_end(packet, start) if start >= 0 else -1
            if end <= start or clock is None:
                continue
            ticks = clock.ticks(int.from_bytes(packet[4:8], "big"))
            payload = self._payloads[packet[1] & 0x7F]
            lost, self._missing = self._missing, 0
            yield Ordered(lost, packet, start, end, ticks, bool(packet[1] & 0x80), payload.mime.partition("/")[2])


class VideoFrames:
    """Whole frames of a video stream. After a loss nothing comes until the next key frame: `broken` says so."""

    def __init__(self, stream: Stream) -> None:
        self.broken = True
        self._stream = stream
        self._codec = ""
        self._unpacker: Unpacker | None = None
        self._ticks: int | None = None
        self._lost = 0

    def begins(self, ordered: Ordered) -> bool:
        """Whether a decoder can begin with this packet."""
        return starts_key_frame(ordered.mime, ordered.packet, ordered.start)

    def add(self, ordered: Ordered) -> Iterator[Coded]:
        """One more packet, in order."""
        if ordered.lost or ordered.mime != self._codec:
            self._break(ordered)
        if self._ticks is not None and ordered.ticks != self._ticks:
            yield from self._whole()
        if self.broken and self._ticks is None:
            if not self.begins(ordered):
                return
            self.broken = False
        self._ticks = ordered.ticks
        try:
            if self._unpacker:
                self._unpacker.add(ordered.packet[ordered.start : ordered.end])
        except DamagedError:
            self._stream.damaged += 1
            self._break(ordered)
            return
        if ordered.marker:
            yield from self._whole()

    def restart(self) -> None:
        """Forget what is not whole, and wait for a key frame."""
        if not self.broken or self._ticks is not None:
            self._codec, self._ticks, self.broken = "", None, True

    @property
    def parameters(self) -> bytes:
        """What the codec's decoder is told of the stream before the first frame, if anything."""
        return getattr(self._unpacker, "parameters", b"")

    def _break(self, ordered: Ordered) -> None:
        kind = UNPACKERS.get(ordered.mime)
        self._codec, self._unpacker = ordered.mime, kind() if kind else None
        self._ticks, self.broken = None, True
        self._lost += ordered.lost

    def _whole(self) -> Iterator[Coded]:
        ticks, self._ticks = self._ticks, None
        lost, self._lost = self._lost, 0
        if self._unpacker is None or ticks is None:
            return
        data, key = self._unpacker.take()
        if data:
            at_ns = self._stream.at_ns(ticks)
            yield Coded(self._codec, self._stream.layer, at_ns, ticks, key, lost, data)


class AudioFrames:
    """Packets of an audio stream. Redundant blocks stand in for packets that are lost."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._last: int | None = None

    def restart(self) -> None:
        """What comes is not older than what came."""
        self._last = None

    def add(self, ordered: Ordered) -> Iterator[Coded]:
        """One more packet, in order."""
        payload, lost = ordered.packet[ordered.start : ordered.end], ordered.lost
        codec = "opus" if ordered.mime == "red" else ordered.mime
        blocks = opus.blocks(payload) if ordered.mime == "red" else ((0, payload),)
        for before, data in blocks:
            ticks = ordered.ticks - before
            if not data or not self._is_new(ticks, is_redundant=before > 0):
                continue
            yield Coded(codec, self._stream.layer, self._stream.at_ns(ticks), ticks, True, lost, data)
            self._last, lost = ticks, 0

    def _is_new(self, ticks: int, *, is_redundant: bool) -> bool:
        """Redundant blocks tell their time roughly: within the shortest frame of one that came, it is that one."""
        if self._last is None:
            return not is_redundant
        return ticks > self._last + (opus.SHORTEST - 1 if is_redundant else 0)
