"""What arrives of a stream, counted as RFC 3550 (6.4.1, A.3, A.8) says: order, loss, jitter."""

from roomwright.media.rtp.numbers import SEQUENCE_MASK, TIMESTAMP_MASK
from roomwright.media.rtp.rtcp import ReportBlock, SenderReport

RESTART = 2_000
"""A jump ahead of so many packets is a new beginning, not a loss."""
TOO_LATE = -500
"""Packets that come later than that are dropped: nobody waits for them any more, and whether they came before is not
known (those in the ring are)."""


class Reception:
    """Counters of one stream.

    `extended` is the highest sequence number with its wraps, `timestamp` that packet's, `arrived` when it came (seconds
    on the transport's clock). `jitter` is in units of the clock rate. `octets` are bytes of RTP. `report` is the latest
    sender report, `report_at` when it came.
    """

    __slots__ = (
        "_before",
        "_first",
        "arrived",
        "clock_rate",
        "extended",
        "jitter",
        "octets",
        "received",
        "report",
        "report_at",
        "timestamp",
    )

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.extended = -1
        self.timestamp = 0
        self.arrived = 0.0
        self.received = 0
        self.octets = 0
        self.jitter = 0.0
        self.report: SenderReport | None = None
        self.report_at = 0.0
        self._first = 0
        self._before = (0, 0)

    def receive(self, sequence: int, timestamp: int, now: float, octets: int) -> int:
        """Count a packet. Returns how far it is ahead of the highest one before: 1 is the next one, 0 and less late.

        The first packet and a new beginning count as 1. Called for every packet: kept flat for speed.
        """
        extended = self.extended
        if extended < 0:
            return self._begin(sequence, timestamp, now, octets)
        step = ((sequence - extended + 0x8000) & SEQUENCE_MASK) - 0x8000
        if step > RESTART:
            return self._begin(sequence, timestamp, now, octets)
        self.received += 1
        self.octets += octets
        if step > 0:
            elapsed = ((timestamp - self.timestamp + 0x8000_0000) & TIMESTAMP_MASK) - 0x8000_0000
            if elapsed:  # packets of one frame share a timestamp: only the first says something about the network
                late = (now - self.arrived) * self.clock_rate - elapsed
                self.jitter += (abs(late) - self.jitter) / 16
                self.timestamp = timestamp
                self.arrived = now
            self.extended = extended + step
        return step

    def extend(self, sequence: int) -> int:
        """A sequence number near the highest one, with its wraps."""
        return self.extended + ((sequence - self.extended + 0x8000) & SEQUENCE_MASK) - 0x8000

    @property
    def lost(self) -> int:
        """Packets that did not come; negative when some came twice."""
        return self.extended + 1 - self._first - self.received if self.extended >= 0 else 0

    def on_report(self, report: SenderReport, now: float) -> None:
        """The sender's clock, for lip-sync and for the round-trip time."""
        self.report = report
        self.report_at = now

    def block(self, ssrc: int, now: float) -> ReportBlock:
        """What a receiver report says about the stream; begins the next interval."""
        expected, received = self.extended + 1 - self._first, self.received
        interval_expected, interval_received = expected - self._before[0], received - self._before[1]
        self._before = (expected, received)
        lost = interval_expected - interval_received
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=min(255, lost * 256 // interval_expected) if interval_expected > 0 and lost > 0 else 0,
            lost=self.lost,
            highest=self.extended & 0xFFFF_FFFF,
            jitter=int(self.jitter),
            last_report=self.report.ntp >> 16 & 0xFFFF_FFFF if self.report else 0,
            delay=int((now - self.report_at) * 65_536) if self.report else 0,
        )

    def _begin(self, sequence: int, timestamp: int, now: float, octets: int) -> int:
        wraps = (self.extended >> 16) + 1 if self.extended >= 0 else 1
        self.extended = self._first = wraps << 16 | sequence
        self.timestamp, self.arrived = timestamp, now
        self.received, self.octets = 1, self.octets + octets
        self._before = (0, 0)
        return 1
