"""A track as one subscriber gets it: which layer, with which numbers, and what it has missed."""

from struct import Struct
from typing import TYPE_CHECKING

from roomwright.media.forward.groups import Group, Target
from roomwright.media.forward.settings import DownSettings
from roomwright.media.forward.stream import Stream
from roomwright.media.forward.stretches import Stretch, Stretches
from roomwright.media.forward.timing import advance
from roomwright.media.forward.translation import Translation
from roomwright.media.rtp.header import payload_start
from roomwright.media.rtp.numbers import ntp_middle
from roomwright.media.rtp.rewrite import Recipe, Rewriter
from roomwright.media.rtp.rtcp import ReportBlock, SenderReport
from roomwright.media.rtp.rtcp_write import sender_report, source_description
from roomwright.media.sdp.tracks import Sent

if TYPE_CHECKING:
    from roomwright.media.forward.endpoint import Endpoint
    from roomwright.media.forward.up import UpTrack

_header = Struct("!HHII").pack
_REPORTS_KEPT = 8


class DownTrack:
    """A subscription. `packets` and `octets` count what was sent without retransmissions, as sender reports say it.

    `loss` (0 to 1) and `round_trip` (seconds, None: not known yet) are what the subscriber last reported, in `report`,
    at `reported`.
    """

    def __init__(self, endpoint: "Endpoint", up: "UpTrack", sent: Sent) -> None:
        self.endpoint = endpoint
        self.up = up
        self.ssrc = sent.wanted.ssrc
        self.settings = DownSettings()
        self.group: Group | None = None
        self.packets = 0
        self.octets = 0
        self.retransmitted = 0
        self.loss = 0.0
        self.round_trip: float | None = None
        self.report: ReportBlock | None = None
        self.reported = 0.0
        self._translation = Translation.of(up.published, sent)
        self._recipe = self._translation.recipe
        self._rtx_ssrc = sent.wanted.rtx_ssrc
        self._rtx_sequence = 0
        self._stretches: Stretches[Stream] = Stretches()
        self._waiting: Stream | None = None
        self._reports: dict[int, float] = {}
        self._cname = sent.wanted.participant_sid

    def __repr__(self) -> str:
        layer = self.stream.layer if self.stream else "paused"
        return f"<DownTrack {self.up.track_sid}: layer {layer}, {self.packets} packets>"

    @property
    def stream(self) -> Stream | None:
        """What is being forwarded; None in a pause."""
        current = self._stretches.current
        return current.source if current else None

    @property
    def supported(self) -> bool:
        """Whether the subscriber negotiated any codec that the publisher may send."""
        return bool(self._recipe.payload_types)

    @property
    def sent(self) -> int:
        """Packets that were sent, without retransmissions, those that are not collected yet too."""
        return self.packets + (self.group.packets if self.group else 0)

    @property
    def recipe(self) -> Recipe:
        """How packets are rewritten now."""
        return self._recipe

    # which layer

    def configure(self, settings: DownSettings, now: float) -> None:
        """Take the subscriber's wishes."""
        self.settings = settings
        self.settle(now)

    def settle(self, now: float) -> None:
        """Move towards the stream that is best now: with its next key frame; a pause begins at once."""
        wanted = self.up.choose(self.settings, self.stream, now)
        if wanted is None:
            self.detach(now)
        elif wanted is self.stream:
            self._wait_for(None, now)
        elif wanted is not self._waiting:
            self._wait_for(wanted, now)

    def begin(self, stream: Stream, timestamp: int, now: float) -> None:
        """Go on with `stream`, from the packet that it has just received."""
        if self._stretches.current:
            self.pause()
        self._waiting = None
        latest = self._stretches.latest
        ahead = advance(latest, stream.reception, timestamp, now) if latest else 0
        if latest and latest.source is not stream and self.up.renumbers:
            self._recipe = self._translation.following(latest.recipe, latest.source, stream)
        self._stretches.begin(stream, stream.reception.extended, ahead, self._recipe)
        stream.downs[self] = None
        stream.settle()

    def pause(self, last: int | None = None) -> None:
        """Stop after the newest packet, or after the extended number `last`."""
        stream = self.stream
        if stream is None:
            return
        self.collect()
        self.group = None
        reception = stream.reception
        self._stretches.end(reception.extended if last is None else last, reception.timestamp, reception.arrived)
        del stream.downs[self]
        stream.settle()

    def detach(self, now: float) -> None:
        """Stop, and wait for nothing."""
        self._wait_for(None, now)
        self.pause()

    def target(self) -> Target:
        """This subscriber's part of a group."""
        current = self._current()
        return Target(self.endpoint.sender, current.shift, current.ahead, self.ssrc, current.first)

    def collect(self) -> None:
        """Take what the group has counted, and leave it."""
        if self.group:
            self.packets += self.group.packets
            self.octets += self.group.octets
            self.group = None

    # feedback

    def on_nack(self, numbers: tuple[int, ...]) -> None:
        """Send again what is still kept: as a retransmission if that was negotiated, else exactly as it was sent."""
        latest = self._stretches.latest
        if latest is None:
            return
        newest = latest.source.reception.extended if latest.last is None else latest.last
        for number in numbers:
            found = self._stretches.find(number, newest + latest.shift)
            if found:
                self._send_again(number, *found)

    def on_key_frame_request(self, now: float) -> None:
        """The subscriber cannot decode what it gets."""
        stream = self._waiting or self.stream
        if stream and self.up.kind == "video":
            stream.request_key_frame(now)

    def on_report_block(self, block: ReportBlock, now: float) -> None:
        """What the subscriber says about our stream."""
        self.loss = block.fraction_lost / 256
        self.report, self.reported = block, now
        sent_at = self._reports.get(block.last_report)
        if sent_at is not None:
            self.round_trip = max(0.0, now - sent_at - block.delay / 65_536)

    def relay(self, report: SenderReport, now: float) -> None:
        """Pass on the publisher's sender report: its clock, our timestamp of the same moment."""
        rtp = report.rtp + self._current().ahead & 0xFFFF_FFFF
        ours = SenderReport(self.ssrc, report.ntp, rtp, self.packets, self.octets)
        if len(self._reports) == _REPORTS_KEPT:
            del self._reports[next(iter(self._reports))]
        self._reports[ntp_middle(report.ntp)] = now
        self.endpoint.send_rtcp(sender_report(ours) + source_description(self.ssrc, self._cname))

    # inside

    def _current(self) -> Stretch[Stream]:
        current = self._stretches.current
        if current is None:
            raise RuntimeError(f"{self!r} is paused")
        return current

    def _wait_for(self, stream: Stream | None, now: float) -> None:
        if self._waiting:
            self._waiting.waiting.pop(self, None)
        self._waiting = stream
        if stream:
            stream.wait(self, now)

    def _send_again(self, number: int, stretch: Stretch[Stream], source: int) -> None:
        kept = stretch.source.ring.get(source & 0xFFFF) if stretch.source.ring else None
        if kept is None:
            return
        packet, stamp = kept
        rewritten = Rewriter(stretch.recipe).rewrite(packet, payload_start(packet), stamp)
        if rewritten is None:
            return
        first, extension, payload = rewritten
        timestamp = int.from_bytes(packet[4:8], "big") + stretch.ahead & 0xFFFF_FFFF
        rtx = self._translation.retransmissions.get(first & 0x7F) if self._rtx_ssrc else None
        if rtx is None:
            header = _header(first, number, timestamp, self.ssrc)
        else:
            header = _header(first & 0xFF80 | rtx, self._rtx_sequence, timestamp, self._rtx_ssrc)
            self._rtx_sequence = self._rtx_sequence + 1 & 0xFFFF
            payload = number.to_bytes(2, "big") + payload
        self.retransmitted += 1
        counts = self.endpoint.router.counts
        counts.repeated += 1
        counts.repeated_octets += len(header) + len(extension) + len(payload)
        self.endpoint.send_rtp(header, extension + payload)
