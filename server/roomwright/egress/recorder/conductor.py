"""Runs one egress: orders and packets in, reports out. It decides when to begin, when to ask and when to end.

It reads no clock and no socket: time is the arrival of what it is given, or what `tick` says.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from roomwright.egress.recorder.intake.clock import SECOND, PublisherClock
from roomwright.egress.recorder.intake.track import PATIENCE_NS, Track, UnknownCodecError
from roomwright.egress.recorder.units import OutputError
from roomwright_proto.livekit import EgressStatus
from roomwright_proto.roomwright.egress import v1

if TYPE_CHECKING:
    from roomwright.egress.frames import Packet
    from roomwright.egress.recorder.pipeline import Pipeline

SETTLE_NS: Final = PATIENCE_NS + SECOND * 3 // 10
"""Media that was captured so long ago has come, or will not."""
PROGRESS_NS: Final = SECOND

_logger = logging.getLogger(__name__)


class Conductor:
    """One plan and its pipeline. `done` is set when the last report was sent; `tick` is wanted every `tick_ns`."""

    def __init__(self, plan: v1.Plan, pipeline: "Pipeline", send: Callable[[v1.Report], None], now_ns: int) -> None:
        self.done = False
        self.tick_ns = pipeline.tick_ns
        self._plan = plan
        self._pipeline = pipeline
        self._send = send
        self._tracks: dict[int, Track] = {}
        self._clocks: dict[str, PublisherClock] = {}
        self._created_ns = self._now_ns = now_ns
        self._ticked_ns = self._progress_ns = now_ns
        self._started = self._is_timed = False
        self._unusable = 0
        self._later: deque[tuple[int, Callable[[], None]]] = deque()

    # what comes

    def packet(self, packet: "Packet") -> None:
        """Media. What was due before it came is done first."""
        if not self._is_timed:
            self._set_back(packet.arrival_ns)
        self.tick(packet.arrival_ns)
        if track := self._tracks.get(packet.track):
            track.push(packet.layer, packet.data, packet.arrival_ns)

    def order(self, order: v1.Order) -> None:
        """What the server says."""
        try:
            self._obey(order)
        except UnknownCodecError as unknown:
            self._refuse(str(unknown))
        except OutputError as error:
            self._fail(error)

    def tick(self, now_ns: int) -> None:
        """Time has passed: every `tick_ns`, media is taken on."""
        self._now_ns = max(self._now_ns, now_ns)
        if self.done or self._now_ns - self._ticked_ns < self.tick_ns:
            return
        self._ticked_ns = self._now_ns
        try:
            self._work(self._now_ns)
        except OutputError as error:
            self._fail(error)

    def stop(self, reason: str, status: EgressStatus = EgressStatus.EGRESS_COMPLETE) -> None:
        """Close everything and say so."""
        if self.done:
            return
        try:
            self._take(self._now_ns + PATIENCE_NS)
            self._do_what_is_due(self._now_ns + SETTLE_NS)
            manifests = self._pipeline.finish(self._now_ns)
        except OutputError as error:
            self._fail(error)
            return
        if self._pipeline.start_ns is None:
            status = EgressStatus.EGRESS_ABORTED
        self._finish(v1.Finished(status, self.progress(), reason, [*manifests]))

    def broke(self, error: str) -> None:
        """A fault of our own: save what can be saved."""
        self._fail(OutputError(error))

    # inside

    def _set_back(self, arrival_ns: int) -> None:
        """The first packet says what time it is at the server, where it is earlier than was thought."""
        self._is_timed = True
        early = self._now_ns - arrival_ns
        if early > 0 and self._pipeline.start_ns is None:
            self._now_ns -= early
            self._ticked_ns -= early
            self._progress_ns -= early
            self._created_ns -= early
            self._later = deque((due_ns - early, action) for due_ns, action in self._later)

    def _obey(self, order: v1.Order) -> None:
        if order.track_added is not None:
            self._add(order.track_added)
        elif order.track_removed is not None:
            self._remove(order.track_removed.number)
        elif order.track_muted is not None:
            self._mute(order.track_muted)
        elif order.sender_report is not None:
            if track := self._tracks.get(order.sender_report.number):
                track.report(order.sender_report)
        elif order.dropped is not None:
            self._unusable += order.dropped.packets
        elif order.stop is not None:
            self.stop(order.stop.reason)
        else:
            self._in_time(lambda: self._pipeline.order(order))

    def _in_time(self, action: Callable[[], None]) -> None:
        """Media of this moment is still on its way: what belongs to the moment waits for it."""
        self._later.append((self._now_ns + SETTLE_NS, action))

    def _do_what_is_due(self, now_ns: int) -> None:
        while self._later and self._later[0][0] <= now_ns:
            due_ns, action = self._later.popleft()
            self._pipeline.advance(due_ns - SETTLE_NS)
            action()

    def _add(self, added: v1.TrackAdded) -> None:
        clock = self._clocks.setdefault(added.identity, PublisherClock())
        self._tracks[added.number] = track = Track(added, clock)
        self._pipeline.track_added(track)

    def _remove(self, number: int) -> None:
        if track := self._tracks.pop(number, None):
            for coded in track.take(self._now_ns + PATIENCE_NS):
                self._pipeline.coded(track, coded)
            self._unusable += track.unusable
            if all(other.added.identity != track.added.identity for other in self._tracks.values()):
                self._clocks.pop(track.added.identity, None)
            self._in_time(lambda: self._pipeline.track_removed(track))

    def _mute(self, muted: v1.TrackMuted) -> None:
        if track := self._tracks.get(muted.number):
            track.mute(muted=muted.muted)
            self._in_time(lambda: self._pipeline.track_muted(track, muted=muted.muted))

    def _work(self, now_ns: int) -> None:
        self._take(now_ns)
        for number, track in self._tracks.items():
            for layer in track.wanted(now_ns):
                self._send(v1.Report(key_frame_wanted=v1.KeyFrameWanted(number, layer)))
        self._do_what_is_due(now_ns)
        self._pipeline.advance(now_ns - SETTLE_NS)
        self._tell_start()
        if now_ns - self._progress_ns >= PROGRESS_NS:
            self._progress_ns = now_ns
            self._report_progress()
        self._end_by_itself(now_ns)

    def _take(self, now_ns: int) -> None:
        for track in self._tracks.values():
            for coded in track.take(now_ns):
                self._pipeline.coded(track, coded)

    def _tell_start(self) -> None:
        if not self._started and self._pipeline.start_ns is not None:
            self._started = True
            self._send(v1.Report(started=v1.Started(self._pipeline.start_ns)))

    def _end_by_itself(self, now_ns: int) -> None:
        plan, start_ns = self._plan, self._pipeline.start_ns
        if start_ns is None:
            if plan.start_timeout_ns and now_ns - self._created_ns >= plan.start_timeout_ns:
                self._begin_without_media(now_ns)
        elif self._pipeline.exhausted:
            self.stop("All streams stopped")
        elif plan.max_duration_ns and now_ns - start_ns >= plan.max_duration_ns:
            self.stop("Session limit reached", EgressStatus.EGRESS_LIMIT_REACHED)

    def _begin_without_media(self, now_ns: int) -> None:
        """An empty room is recorded as such; a track that does not come is not."""
        source = self._plan.source
        if source is not None and source.kind == v1.SourceKind.ROOM:
            self._pipeline.begin(now_ns)
        else:
            self._fail(OutputError("Start signal not received", 412))

    def _report_progress(self) -> None:
        progress = self.progress()
        self._send(v1.Report(progress=progress))
        if self._plan.max_bytes and progress.bytes >= self._plan.max_bytes:
            self.stop("Session limit reached", EgressStatus.EGRESS_LIMIT_REACHED)

    def progress(self) -> v1.Progress:
        """All outputs as they stand."""
        progress = v1.Progress()
        self._pipeline.progress(progress)
        if self._pipeline.start_ns is not None:
            progress.duration_ns = max(0, self._now_ns - self._pipeline.start_ns)
        progress.packets_lost = self._unusable + sum(track.unusable for track in self._tracks.values())
        return progress

    def _refuse(self, sentence: str) -> None:
        """A composite goes on without a track that cannot be recorded; a recording of that track cannot."""
        if self._plan.encoding is None:
            self._fail(OutputError(sentence, 400))
        else:
            _logger.warning("%s: %s", self._plan.egress_id, sentence)

    def _fail(self, error: OutputError) -> None:
        if self.done:
            return
        self._close()
        self._finish(v1.Failed(str(error), error.code, self.progress()))

    def _close(self) -> None:
        """Closing may fail for the same reason: the first one is reported."""
        try:
            self._pipeline.finish(self._now_ns)
        except Exception as error:
            _logger.warning("%s: closing the outputs: %s", self._plan.egress_id, type(error).__name__)

    def _finish(self, last: v1.Finished | v1.Failed) -> None:
        self._tell_start()
        self.done = True
        self._send(v1.Report(finished=last) if isinstance(last, v1.Finished) else v1.Report(failed=last))
