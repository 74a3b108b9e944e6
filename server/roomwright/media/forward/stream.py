"""One SSRC of a publisher: a track's only stream, or one of its layers. The path of every packet is here."""

from struct import Struct
from typing import TYPE_CHECKING

from roomwright.media.forward.groups import Group
from roomwright.media.forward.losses import Losses
from roomwright.media.forward.reception import TOO_LATE, Reception
from roomwright.media.forward.ring import Ring
from roomwright.media.rtp import vp8
from roomwright.media.rtp.header import payload_start
from roomwright.media.rtp.keyframes import starts_key_frame
from roomwright.media.rtp.numbers import abs_send_time
from roomwright.media.rtp.rtcp import SenderReport

if TYPE_CHECKING:
    from roomwright.media.forward.down import DownTrack
    from roomwright.media.forward.up import UpTrack

_numbers = Struct("!HI").unpack_from


class Stream:
    """State of one SSRC.

    `layer` is its place among the layers of the track, 0 is the smallest. `waiting` are the down tracks that begin with
    its next key frame, `downs` those that get it. `reordered` packets came late without having been asked for.
    `picture_id` and `tl0_index` are VP8's latest, known where layers are switched.
    """

    __slots__ = (
        "_key_due",
        "_key_wanted",
        "_last_request",
        "_watching",
        "downs",
        "groups",
        "key_frames",
        "layer",
        "losses",
        "picture_id",
        "reception",
        "reordered",
        "ring",
        "seen",
        "ssrc",
        "tl0_index",
        "track",
        "waiting",
    )

    def __init__(self, track: "UpTrack", ssrc: int, layer: int) -> None:
        self.track = track
        self.ssrc = ssrc
        self.layer = layer
        self.reception = Reception(track.clock_rate)
        self.ring = Ring(track.kept) if track.repairs else None
        self.losses = Losses()
        self.waiting: dict[DownTrack, None] = {}
        self.downs: dict[DownTrack, None] = {}
        self.groups: tuple[Group, ...] = ()
        self.picture_id = 0
        self.tl0_index = 0
        self.seen = 0.0
        self.key_frames = 0
        self.reordered = 0
        self._watching = track.renumbers
        self._key_wanted = False
        self._key_due: float | None = None
        self._last_request = float("-inf")

    def __repr__(self) -> str:
        return f"<Stream {self.ssrc}: layer {self.layer}, {self.reception.received} received, {len(self.downs)} downs>"

    def on_packet(self, packet: bytes, now: float) -> None:
        """Take a packet of at least 12 bytes and send it on. Called for every packet: kept flat for speed."""
        start = payload_start(packet)
        if start < 0:
            return
        sequence, timestamp = _numbers(packet, 2)
        reception = self.reception
        before = reception.extended
        step = reception.receive(sequence, timestamp, now, len(packet))
        if step != 1 or reception.extended - before != 1:
            if step <= 0:
                self._late(packet, start, step, now)
                return
            self._jumped(before, step, packet, now)
        self.seen = now
        ring = self.ring
        stamp = abs_send_time(now) if ring is None else ring.put(sequence, packet, now)
        track = self.track
        if track.level_id:
            track.hear(packet, now)
        if self._watching:
            self._watch(packet, start, timestamp, now)
        for group in self.groups:
            group.send(packet, start, sequence, timestamp, stamp)
        for tap in track.taps:
            tap(packet, self.layer, now)

    def on_report(self, report: SenderReport, now: float) -> None:
        """The publisher's sender report: kept, and passed on with each subscriber's offsets."""
        self.reception.on_report(report, now)
        for tap in self.track.report_taps:
            tap(report, self.layer, now)
        if self.groups:
            self.settle()
            for down in self.downs:
                down.relay(report, now)

    # key frames

    def wait(self, down: "DownTrack", now: float) -> None:
        """Begin forwarding to `down` at the next key frame, and ask for one."""
        self.waiting[down] = None
        self._watching = True
        if self.track.kind == "video":
            self.request_key_frame(now)

    def request_key_frame(self, now: float) -> None:
        """Ask the publisher for a key frame, now or as soon as that may be done again."""
        self._watching = self._key_wanted = True
        intervals = self.track.settings.key_frame_intervals
        due = self._last_request + intervals[min(self.layer, len(intervals) - 1)]
        self._key_due = min(max(now, due), self._key_due or float("inf"))
        if self._key_due <= now:
            self._ask(now)
        self._schedule()

    def next_due(self) -> float | None:
        """When `on_timeout` has something to do."""
        losses = self.losses.next_due() if self.losses else None
        return min((due for due in (losses, self._key_due) if due is not None), default=None)

    def on_timeout(self, now: float) -> None:
        """Ask for what is due: missing packets, key frames."""
        if self._key_due is not None and self._key_due <= now:
            self._ask(now)
        if self.losses and (wanted := self.losses.take_due(now)):
            self.track.endpoint.send_nack(self.ssrc, wanted)

    # who gets it

    def settle(self) -> None:
        """Make the groups anew after a change of `downs`; what they counted goes to the down tracks."""
        for down in self.downs:
            down.collect()
        members: dict[object, list[DownTrack]] = {}
        for down in self.downs:
            members.setdefault(down.recipe, []).append(down)
        sink = self.track.endpoint.router.sink
        groups: list[Group] = []
        for downs in members.values():
            group = Group(downs[0].recipe, [down.target() for down in downs], sink)
            for down in downs:
                down.group = group
            groups.append(group)
        self.groups = tuple(groups)

    # inside

    def _ask(self, now: float) -> None:
        self._last_request = now
        self._key_due = now + self.track.settings.key_frame_patience
        self.track.endpoint.send_key_frame_request(self.ssrc, pli=self.track.pli)

    def _watch(self, packet: bytes, start: int, timestamp: int, now: float) -> None:
        track = self.track
        if track.renumbers and (found := vp8.describe(packet, start)):
            self.picture_id, self.tl0_index = max(0, found.picture_id), max(0, found.tl0_index)
        if not self.waiting and not self._key_wanted:
            self._watching = track.renumbers
            return
        if not starts_key_frame(track.codec_name(packet[1] & 0x7F), packet, start):
            return
        self.key_frames += 1
        self._key_wanted, self._key_due = False, None
        waiting, self.waiting = self.waiting, {}
        for down in waiting:
            down.begin(self, timestamp, now)

    def _late(self, packet: bytes, start: int, step: int, now: float) -> None:
        number = self.reception.extended + step
        sequence = number & 0xFFFF
        if step < TOO_LATE or (self.ring and self.ring.get(sequence)):
            return
        if not self.losses.arrived(number):
            self.reordered += 1
        stamp = self.ring.put(sequence, packet, now) if self.ring else abs_send_time(now)
        timestamp = int.from_bytes(packet[4:8], "big")
        for group in self.groups:
            group.send_late(packet, start, number, timestamp, stamp)
        for tap in self.track.taps:
            tap(packet, self.layer, now)

    def _jumped(self, before: int, step: int, packet: bytes, now: float) -> None:
        if before < 0:
            self.seen = now
            self.track.start(packet[1] & 0x7F, now)
        elif step == 1:
            self._restarted(before, now)
        elif self.ring:
            self.losses.add(before + 1, self.reception.extended, now)
            self._schedule()

    def _restarted(self, before: int, now: float) -> None:
        """A jump that is a new beginning: everybody goes on with the next key frame."""
        self.losses.clear()
        if self.ring:
            self.ring.clear()
        for down in list(self.downs):
            down.pause(last=before)
            down.settle(now)

    def _schedule(self) -> None:
        due = self.next_due()
        if due is not None:
            self.track.endpoint.router.schedule(due)
