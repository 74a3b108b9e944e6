"""One egress from its acceptance to its end: it waits for its source, has a recorder, and keeps its record.

Everything happens on the event loop; nothing here waits for a disk.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from roomwright.clock import Clock
from roomwright.egress import spool
from roomwright.egress.planning.plan import Site, plan
from roomwright.egress.record import Record
from roomwright.egress.results import expected, on_disk
from roomwright.egress.running.recorder import Recorder, Spawn
from roomwright.egress.running.rescue import rescued
from roomwright.egress.running.tracks import Tracks
from roomwright.egress.states import ABORTED_CODE, Reason
from roomwright.egress.wish import StreamWish, Wish
from roomwright.errors import Code, ServiceError
from roomwright.rooms import events
from roomwright.sfu.taps import MediaTaps
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

log = structlog.get_logger(__name__)

_S = pb.EgressStatus
_KIND = v1.SourceKind
_HTTP = {Code.INVALID_ARGUMENT: 400, Code.NOT_FOUND: 404, Code.FAILED_PRECONDITION: 412, Code.UNIMPLEMENTED: 501}


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """In seconds.

    `source`: how long a required track or participant is waited for. `silence`: a recorder that says nothing for so
    long hangs. `finish`: how long one that was told to stop may upload in silence.
    """

    source: float = 30.0
    silence: float = 60.0
    finish: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all sessions share.

    `changed` is called with the event's name whenever a record has changed; `claim` raises `ServiceError` where another
    egress writes what a plan would write.
    """

    taps: MediaTaps
    spawn: Spawn
    rescue: Spawn
    clock: Clock
    site: Site
    times: Times
    changed: Callable[["Session", str], None]
    claim: Callable[[v1.Plan], None]
    over: Callable[["Session"], None]


STARTED: Final = "egress_started"
UPDATED: Final = "egress_updated"
ENDED: Final = "egress_ended"
PROGRESS: Final = ""
"""Not told as an event."""


class Session:
    """One egress. `recorder` is None before its source is there; `streams` are ids by URLs."""

    def __init__(
        self, record: Record, wish: Wish, encoding: v1.Encoding | None, room: pb.Room, around: Surroundings
    ) -> None:
        self.record = record
        self.wish = wish
        self.room = room
        self.recorder: Recorder | None = None
        self.plan: v1.Plan | None = None
        self.streams = {one.url: one.id for one in _destinations(wish)}
        self._encoding = encoding
        self._around = around
        self._tracks = Tracks(wish.source, room.name, around.taps)
        self._present: set[str] = set()
        self._launching: asyncio.Task[None] | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._stop_speakers: Callable[[], None] | None = None
        self._stopping = ""
        self._given_up = False
        self._done = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Session {self.id}: {self.record.info.status.name}, {self._tracks!r}, {self.recorder!r}>"

    @property
    def id(self) -> str:
        """The egress's id."""
        return self.record.info.egress_id

    @property
    def launched(self) -> bool:
        """Whether it has, or is about to have, a recorder."""
        return self._launching is not None

    # from the API

    def start(self, participants: Sequence[pb.ParticipantInfo]) -> None:
        """Begin, with what is in the room. Raises `ServiceError` for what cannot be."""
        for participant in participants:
            self._present.add(participant.identity)
            for track in participant.tracks:
                self._tracks.publish(track, participant)
        if self._ready():
            self._make_plan()
            self._launch()
        else:
            self._waiting = asyncio.get_running_loop().call_later(self._around.times.source, self._not_found)

    def stop(self, reason: str) -> None:
        """End it in order: at once where nothing was recorded yet."""
        if self._stopping or not self.record.running:
            return
        self._stopping = reason
        if not self.launched:
            self._end(_S.EGRESS_ABORTED, reason=reason, error="stopped before its source was there")
            return
        self.record.finishing(reason, self._now())
        self._around.changed(self, UPDATED)
        self._order(v1.Order(stop=v1.Stop(reason=reason)))
        self._watch(self._around.times.finish)

    def show(self, layout: str) -> None:
        """Another layout."""
        self._order(v1.Order(layout=v1.Layout(layout=layout)))

    def add_stream(self, destination: pb.StreamDestination) -> None:
        """One more stream."""
        self.streams[destination.url] = destination.id
        number = len(self.plan.outputs) if self.plan is not None else 0
        added = v1.StreamAdded(number=number, url=destination.url, id=destination.id)
        self._order(v1.Order(stream_added=added))

    def remove_stream(self, url: str) -> None:
        """One stream less."""
        self.streams.pop(url, None)
        self._order(v1.Order(stream_removed=v1.StreamRemoved(url=url)))

    def destination_of(self, stream_id: str) -> str | None:
        """The URL of a destination by its id."""
        return next((url for url, known in self.streams.items() if known and known == stream_id), None)

    async def launch(self) -> None:
        """Until its recorder, which is on its way, is there."""
        if self._launching is not None:
            await asyncio.shield(self._launching)

    async def wait(self) -> None:
        """Until it has ended."""
        await self._done.wait()

    def kill(self) -> None:
        """End its recorder at once; what it wrote is kept, and nothing more is done for it."""
        self._given_up = True
        if self.recorder is not None:
            self.recorder.kill()

    # from the room

    def on_event(self, event: events.Event) -> None:
        """Something happened in its room."""
        match event:
            case events.RoomFinished():
                self.stop(Reason.SOURCE)
            case events.TrackPublished():
                self._on_published(event)
            case events.TrackUnpublished():
                if self._tracks.unpublish(event.track.sid):
                    self._on_source_gone()
            case events.TrackMuted() | events.TrackUnmuted():
                self._tracks.mute(event.track)
            case events.ParticipantJoined():
                self._present.add(event.participant.identity)
            case events.ParticipantLeft():
                self._on_left(event.participant)
            case _:
                pass

    def _on_published(self, event: events.TrackPublished) -> None:
        if not self._tracks.publish(event.track, event.participant):
            return
        if event.track.encryption is not pb.EncryptionType.NONE:
            self._on_encrypted(event)
        elif not self.launched and self._ready():
            try:
                self._make_plan()
            except ServiceError as error:
                self._end(_S.EGRESS_FAILED, error=error.message, code=_HTTP.get(error.code, 500))
            else:
                self._launch()

    def _on_encrypted(self, event: events.TrackPublished) -> None:
        """What was waited for cannot be recorded; of a room the rest can."""
        text = f"track {event.track.sid} of {event.participant.identity!r} is end-to-end encrypted"
        if self.wish.source.kind is _KIND.ROOM or self.launched:
            log.warning("a track is not recorded", egress=self.id, room=self.room.name, problem=text)
        else:
            self._end(_S.EGRESS_FAILED, error=f"{text}: the server cannot record it", code=412)

    def _on_left(self, participant: pb.ParticipantInfo) -> None:
        replaced = participant.disconnect_reason is pb.DisconnectReason.DUPLICATE_IDENTITY
        if replaced:
            return
        self._present.discard(participant.identity)
        recorded = self.wish.source.kind is _KIND.PARTICIPANT and participant.identity == self.wish.source.identity
        if recorded and self.launched:
            self.stop(Reason.SOURCE)

    def _on_source_gone(self) -> None:
        """Tracks do not come back under their sids."""
        alone = self.wish.source.kind in (_KIND.TRACK, _KIND.TRACK_PAIR)
        if alone and self.launched and not self._tracks.publications:
            self.stop(Reason.SOURCE)

    # the source

    def _ready(self) -> bool:
        source = self.wish.source
        if source.kind is _KIND.ROOM:
            return True
        return not self._tracks.missing and bool(self._tracks.publications)

    def _not_found(self) -> None:
        """The source did not come."""
        self._waiting = None
        source = self.wish.source
        missing = self._tracks.missing
        seconds = f"{self._around.times.source:g} s"
        if missing:
            error = f"track {missing[0]} not found in room {self.room.name!r} within {seconds}"
        elif source.identity in self._present:
            error = f"participant {source.identity!r} published nothing to record within {seconds}"
        else:
            error = f"participant {source.identity!r} not found in room {self.room.name!r} within {seconds}"
        self._end(_S.EGRESS_FAILED, error=error, code=404)

    def _make_plan(self) -> None:
        around = self._around
        made = plan(self.wish, self._encoding, self.id, self.room, self._tracks.publications, around.site, self._now())
        around.claim(made)
        self.plan = made
        self.record.expect(expected(made))

    # the recorder

    def _launch(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._launching = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            recorder = await self._around.spawn(self)
        except OSError as error:
            self._end(_S.EGRESS_FAILED, error=f"no recorder can be started: {error.strerror or error}", code=500)
            return
        except Exception:
            log.exception("a recorder was not started", egress=self.id)
            self._end(_S.EGRESS_FAILED, error="no recorder can be started", code=500)
            return
        self.recorder = recorder
        self._order(v1.Order(plan=self.plan))
        self._tracks.hand_over(recorder)
        if self.wish.source.kind is _KIND.ROOM:
            listen = self._around.taps.listen_to_speakers
            self._stop_speakers = listen(self.room.name, self._on_speakers)
        if self._stopping:
            self._order(v1.Order(stop=v1.Stop(reason=self._stopping)))
        self._watch(self._around.times.silence)

    def _on_speakers(self, identities: Sequence[str]) -> None:
        self._order(v1.Order(speakers=v1.Speakers(identities=list(identities))))

    def _order(self, order: v1.Order) -> None:
        if self.recorder is not None:
            self.recorder.order(order)

    def _watch(self, seconds: float) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self.recorder is not None:
            self._watching = asyncio.get_running_loop().call_later(seconds, self._on_silence)

    def _on_silence(self) -> None:
        log.error("a recorder says nothing any more: it is ended", egress=self.id, room=self.room.name)
        if self.recorder is not None:
            self.recorder.kill()

    def on_report(self, report: v1.Report) -> None:
        """The recorder says something."""
        self._watch(self._around.times.finish if self._stopping else self._around.times.silence)
        if report.started is not None:
            if self.record.begin(report.started.at_ns, self._now()):
                self._around.changed(self, UPDATED)
        elif report.key_frame_wanted is not None:
            self._tracks.request_key_frame(report.key_frame_wanted.number, report.key_frame_wanted.layer)
        elif report.progress is not None:
            self.record.results(report.progress, self._now())
            self._around.changed(self, PROGRESS)
        elif report.finished is not None:
            self._on_finished(report.finished)
        elif report.failed is not None:
            self._on_failed(report.failed)

    def _on_finished(self, finished: v1.Finished) -> None:
        self._take(finished.progress)
        if finished.manifest_locations:
            self.record.info.manifest_location = finished.manifest_locations[0]
        aborted = finished.status is _S.EGRESS_ABORTED
        error = "stopped before anything was recorded" if aborted else ""
        self._end(finished.status, reason=self._stopping or finished.details, error=error)

    def _on_failed(self, failed: v1.Failed) -> None:
        self._take(failed.progress)
        status = _S.EGRESS_ABORTED if failed.code == ABORTED_CODE else _S.EGRESS_FAILED
        self._end(status, reason=Reason.FAILURE, error=failed.error, code=failed.code)

    def _take(self, progress: v1.Progress | None) -> None:
        if progress is not None:
            self.record.results(progress, self._now())

    def on_exit(self, code: int) -> None:
        """The recorder is gone: without its last word it crashed."""
        if not self.record.running:
            self._close()
            return
        how = f"the recorder was killed by signal {-code}" if code < 0 else f"the recorder ended with code {code}"
        log.error("a recorder crashed", egress=self.id, room=self.room.name, exit=code)
        if self.plan is not None and not self._given_up and spool.left(spool.folder(self._spool, self.id)):
            self._launching = asyncio.get_running_loop().create_task(self._rescue(how, self.plan))
        else:
            self._crashed(f"{how}; what it wrote is kept")

    async def _rescue(self, how: str, plan: v1.Plan) -> None:
        """Have stored what is in the spool."""
        self._stopping = self._stopping or Reason.KILLED
        self._tracks.close()
        if self.record.finishing(Reason.KILLED, self._now()):
            self._around.changed(self, UPDATED)
        self._crashed(f"{how}; {await rescued(self._around.rescue, plan, self.record.info, self._on_rescuer)}")

    def _on_rescuer(self, rescuer: Recorder) -> None:
        self.recorder = rescuer
        self._watch(self._around.times.finish)

    def _crashed(self, error: str) -> None:
        on_disk(self.record.info, self._spool)
        self._end(_S.EGRESS_FAILED, reason=Reason.KILLED, error=error)
        self._close()

    @property
    def _spool(self) -> str:
        return self._around.site.storage.spool

    def _end(self, status: pb.EgressStatus, *, reason: str = "", error: str = "", code: int = 0) -> None:
        if self.record.end(status, self._now(), reason=reason, error=error, code=code):
            log.info("egress ended", egress=self.id, room=self.room.name, status=status.name, error=error or None)
            self._around.changed(self, ENDED)
        self._tracks.close()
        if self.recorder is None:
            self._close()

    def _close(self) -> None:
        """Nothing runs any more."""
        for timer in (self._waiting, self._watching):
            if timer is not None:
                timer.cancel()
        self._tracks.close()
        if self._stop_speakers is not None:
            self._stop_speakers()
            self._stop_speakers = None
        if not self._done.is_set():
            self._done.set()
            self._around.over(self)

    def _now(self) -> int:
        return self._around.clock.now_ns()


def _destinations(wish: Wish) -> Sequence[pb.StreamDestination]:
    return [one for output in wish.outputs if isinstance(output, StreamWish) for one in output.destinations]
