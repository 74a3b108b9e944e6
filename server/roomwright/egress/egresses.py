"""All egresses of a server: accepting requests, what runs, what ran, and the server's own start and end."""

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Final, TypeVar

import structlog

from roomwright.clock import Clock, Ids
from roomwright.config import EgressSettings
from roomwright.egress import closing, control
from roomwright.egress.admission import Admission
from roomwright.egress.planning import requests
from roomwright.egress.planning.encoding import resolve
from roomwright.egress.planning.plan import Site
from roomwright.egress.planning.storage import planned
from roomwright.egress.record import Record
from roomwright.egress.records import Journal, JournalError, Shelf
from roomwright.egress.refusals import encrypted, no_such_egress, not_here
from roomwright.egress.results import on_disk, places
from roomwright.egress.running.recorder import RESCUE, Recorder, Spawn
from roomwright.egress.running.session import ENDED, PROGRESS, STARTED, Session, Surroundings, Times
from roomwright.egress.selection import selects
from roomwright.egress.spool import give_up
from roomwright.egress.states import Reason
from roomwright.egress.storing import refusal
from roomwright.egress.wish import FileWish, ImagesWish, Request, SegmentsWish, Wish
from roomwright.errors import Code, ServiceError, failed_precondition, not_found
from roomwright.feed import Feed, check_webhooks
from roomwright.rooms import events
from roomwright.sfu.backend import Backend, Caller
from roomwright.sfu.taps import MediaTaps
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

log = structlog.get_logger(__name__)

EXTRA: Final = ("av", "numpy", "PIL", "obstore")
"""What recorders import; the server itself does not."""
_Request = TypeVar("_Request", bound=Request)
_CALLER: Final = Caller()
_FORGET_EVERY_S: Final = 60.0
_REMEASURE_S: Final = 8.0
_CLEAN_EVERY_S: Final = 3_600.0
_RESCUE: Final = partial(Recorder.spawn, command=RESCUE)


class Egresses:
    """Recording and streaming on a backend that has media taps (`api.Egress`).

    Args:
        settings: the configuration's.
        backend: the rooms.
        taps: their media.
        feed: who is told.
        journal: where records are kept; None: in memory alone.
        keys: the names of API keys, with which webhooks of requests may be signed.
        site: what all plans have in common.
        clock: the time.
        ids: new ids.
        times: how long things may take.
        spawn: starts a recorder.
        rescue: starts what stores the leavings of a killed one.
        cores: what the machine has, instead of asking it.
        catch_up: has everything that happened in rooms be told before a call looks at one.

    Attributes:
        sessions: what runs, by id.
        shelf: all records.
    """

    def __init__(
        self,
        settings: EgressSettings,
        backend: Backend,
        taps: MediaTaps,
        feed: Feed,
        journal: Journal | None,
        *,
        keys: Collection[str],
        site: Site,
        clock: Clock,
        ids: Ids,
        times: Times | None = None,
        spawn: Spawn = Recorder.spawn,
        rescue: Spawn = _RESCUE,
        cores: float | None = None,
        catch_up: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.sessions: dict[str, Session] = {}
        self._settings = settings
        self._backend = backend
        self._feed = feed
        self._journal = journal
        self._keys = keys
        self._site = site
        self._clock = clock
        self._ids = ids
        self.shelf = Shelf(settings.retention)
        self._admission = Admission(settings.cpu_cost, cores)
        self._around = Surroundings(
            taps=taps,
            spawn=spawn,
            rescue=rescue,
            clock=clock,
            site=site,
            times=times or Times(),
            changed=self._changed,
            claim=self._claim,
            over=self._over,
        )
        self._catch_up = catch_up
        self._remeasure: list[Record] = []
        self._stopping = False
        self._forgetting: asyncio.TimerHandle | None = None
        self._cleaning: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Egresses: {len(self.sessions)} run, {self.shelf!r}, {self._admission!r}>"

    # the server's life

    async def start(self, on_problem: Callable[[JournalError], None]) -> None:
        """Take over what an earlier life left: what ran then has ended."""
        if self._journal is not None:
            try:
                left = await self._journal.load()
            except JournalError as error:
                on_problem(error)
                self._journal, left = None, []
            for info in left:
                self._adopt(Record.stored(info))
            self._measure_later()
        self._forget()
        self._cleaning = asyncio.get_running_loop().create_task(self._clean_spool())

    def _adopt(self, record: Record) -> None:
        self.shelf.put(record)
        if record.running:
            closing.close_left_over(record, self._clock.now_ns(), self._site.storage.spool)
            self._changed_record(record, ENDED)
            self._remeasure.append(record)

    def _measure_again(self) -> None:
        """Recorders whose server was killed have closed their files by now, unless they still upload."""
        records, self._remeasure = self._remeasure, []
        for record in [] if self._stopping else records:
            if on_disk(record.info, self._site.storage.spool):
                self._changed_record(record, PROGRESS)
            else:
                self._remeasure.append(record)
        self._measure_later()

    def _measure_later(self) -> None:
        if self._remeasure:
            asyncio.get_running_loop().call_later(_REMEASURE_S, self._measure_again)

    async def _clean_spool(self) -> None:
        """What could not be stored is not kept for ever."""
        while True:
            age = self._settings.spool_retention
            gone = await asyncio.to_thread(give_up, self._site.storage.spool, age, self._clock.now_ns() / 1e9)
            for each in gone:
                log.warning("a recording that was never stored is deleted", folder=str(each.folder), bytes=each.size)
            await asyncio.sleep(_CLEAN_EVERY_S)

    async def stop(self) -> None:
        """End all in order, within the grace; then at once. Idempotent."""
        self._stopping = True
        if self._forgetting is not None:
            self._forgetting.cancel()
        if self._cleaning is not None:
            self._cleaning.cancel()
        sessions = list(self.sessions.values())
        for session in sessions:
            session.stop(Reason.SOURCE)
        if sessions:
            await self._all_over(sessions, self._settings.stop_grace)
        for session in list(self.sessions.values()):
            log.warning("a recorder did not finish in time: it is ended", egress=session.id, room=session.room.name)
            session.kill()
        await self._all_over(list(self.sessions.values()), 5)
        if self._journal is not None:
            await self._journal.close()

    @staticmethod
    async def _all_over(sessions: Sequence[Session], seconds: float) -> None:
        if sessions:
            await asyncio.wait([asyncio.create_task(session.wait()) for session in sessions], timeout=seconds)

    async def flush(self) -> None:
        """Until all records are on disk."""
        if self._journal is not None:
            await self._journal.flush()

    # the API: starting

    async def start_egress(self, request: pb.StartEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Start what the newer request asks for; answers in STARTING."""
        return await self._asked(requests.unified, request)

    async def start_room_composite_egress(
        self, request: pb.RoomCompositeEgressRequest, caller: Caller
    ) -> pb.EgressInfo:
        """Record a whole room."""
        return await self._asked(requests.room_composite, request)

    async def start_web_egress(self, request: pb.WebEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Web pages need a browser: not here."""
        raise not_here("Egress.StartWebEgress")

    async def start_participant_egress(self, request: pb.ParticipantEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Record one participant."""
        return await self._asked(requests.participant, request)

    async def start_track_composite_egress(
        self, request: pb.TrackCompositeEgressRequest, caller: Caller
    ) -> pb.EgressInfo:
        """Record up to one audio and one video track together."""
        return await self._asked(requests.track_composite, request)

    async def start_track_egress(self, request: pb.TrackEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Record one track as it is."""
        return await self._asked(requests.track, request)

    async def _asked(self, read: Callable[[_Request], Wish], request: _Request) -> pb.EgressInfo:
        """Start what a request asks for. Whether there is such a room comes first, as in LiveKit."""
        await self._room(request.room_name)
        return await self.begin(read(request))

    async def begin(self, wish: Wish) -> pb.EgressInfo:
        """Start what is wished. Raises `ServiceError`, and then nothing has happened."""
        self.judge(wish)
        encoding = resolve(wish)
        if self._catch_up is not None:
            await self._catch_up()
        room = await self._room(wish.room_name)
        listed = await self._backend.list_participants(pb.ListParticipantsRequest(room=room.name), _CALLER)
        _refuse_encrypted(wish, listed.participants)
        egress_id = self._ids.sid("EG")
        self._admission.admit(egress_id, wish.source, encoded=encoding is not None)
        record = Record.of(wish, egress_id, room, self._clock.now_ns())
        session = Session(record, wish, encoding, room, self._around)
        try:
            session.start(listed.participants)
        except BaseException:
            self._admission.release(egress_id)
            raise
        self.sessions[egress_id] = session
        self.shelf.put(record)
        log.info("egress started", egress=egress_id, room=room.name, kind=wish.repeated_as)
        self._changed(session, STARTED)
        self._mark(room)
        return record.snapshot()

    def judge(self, wish: Wish) -> None:
        """Raise `ServiceError` for what can be known to fail without the room."""
        if self._stopping:
            raise ServiceError(Code.UNAVAILABLE, "the server is shutting down")
        missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
        if missing:
            raise failed_precondition(
                f"recording needs {', '.join(missing)}, which are not installed: pip install 'roomwright[egress]'"
            )
        check_webhooks(wish.webhooks, self._keys)
        if wish.webhooks and (problem := self._feed.problem_with_requested()):
            raise failed_precondition(f"webhooks: {problem}")
        resolve(wish)
        for output in wish.outputs:
            if isinstance(output, FileWish | SegmentsWish | ImagesWish):
                reason = refusal(planned(output.storage, self._site.storage))
                if reason:
                    raise failed_precondition(f"storage: {reason}")

    def failed(self, wish: Wish, room: pb.Room, error: ServiceError) -> None:
        """Tell of an egress that a room asked for and that could not be started."""
        now = self._clock.now_ns()
        record = Record.of(wish, self._ids.sid("EG"), room, now)
        record.end(pb.EgressStatus.EGRESS_FAILED, now, error=error.message)
        self.shelf.put(record)
        self._changed_record(record, ENDED, room)

    async def _room(self, name: str) -> pb.Room:
        found = (await self._backend.list_rooms(pb.ListRoomsRequest(names=[name]), _CALLER)).rooms
        if not found:
            raise not_found(f"requested room does not exist: {name!r}")
        return found[0]

    # the API: the rest

    async def update_layout(self, request: pb.UpdateLayoutRequest, caller: Caller) -> pb.EgressInfo:
        """Change the layout of a running composite; answers the egress as it is."""
        record = self._record(request.egress_id)
        control.update_layout(record, self.sessions.get(request.egress_id), request)
        return record.snapshot()

    async def update_stream(self, request: pb.UpdateStreamRequest, caller: Caller) -> pb.EgressInfo:
        """Add destinations of a running stream, then remove some; all of it or nothing."""
        record = self._record(request.egress_id)
        control.update_stream(record, self.sessions.get(request.egress_id), request)
        return record.snapshot()

    async def list_egress(self, request: pb.ListEgressRequest, caller: Caller) -> pb.ListEgressResponse:
        """One by its id, else those of a room or all; page by page."""
        if request.egress_id:
            return pb.ListEgressResponse(items=[self._record(request.egress_id).snapshot()])
        token = request.page_token.token if request.page_token is not None else ""
        items, following = self.shelf.page(request.room_name, active=request.active, token=token)
        following_page = pb.TokenPagination(token=following) if following else None
        return pb.ListEgressResponse(items=items, next_page_token=following_page)

    async def stop_egress(self, request: pb.StopEgressRequest, caller: Caller) -> pb.EgressInfo:
        """End one in order; answers at once."""
        record = self._record(request.egress_id)
        control.stop(record, self.sessions.get(request.egress_id))
        return record.snapshot()

    def _record(self, egress_id: str) -> Record:
        record = self.shelf.get(egress_id)
        if record is None:
            raise no_such_egress(egress_id)
        return record

    # from rooms

    def on_event(self, event: events.Event) -> None:
        """Something happened in a room."""
        for session in list(self.sessions.values()):
            if session.room.sid == event.room.sid:
                session.on_event(event)

    # from sessions

    def _changed(self, session: Session, event: str) -> None:
        self._changed_record(session.record, event, session.room)
        if event not in (PROGRESS, ENDED):
            self._mark(session.room)

    def _changed_record(self, record: Record, event: str, room: pb.Room | None = None) -> None:
        if self._journal is not None:
            self._journal.write(record.to_store())
        if event != PROGRESS:
            self._feed.egress(event, record.info, record.webhooks, room=room)

    def _claim(self, plan: v1.Plan) -> None:
        wanted = places(plan)
        for other in self.sessions.values():
            shared = wanted & places(other.plan) if other.plan is not None else None
            if shared:
                raise failed_precondition(f"{min(shared)} is being written by egress {other.id}")

    def _over(self, session: Session) -> None:
        self.sessions.pop(session.id, None)
        self._admission.release(session.id)
        self._mark(session.room)

    def _mark(self, room: pb.Room) -> None:
        recorded = any(session.room.sid == room.sid and session.launched for session in self.sessions.values())
        self._backend.mark_recorded(room, recorded=recorded)

    def _forget(self) -> None:
        gone = self.shelf.forget(self._clock.now_ns())
        if gone and self._journal is not None:
            self._journal.erase(gone)
        self._forgetting = asyncio.get_running_loop().call_later(_FORGET_EVERY_S, self._forget)


def _refuse_encrypted(wish: Wish, participants: Sequence[pb.ParticipantInfo]) -> None:
    for participant in participants:
        for track in participant.tracks:
            if track.encryption is not pb.EncryptionType.NONE and selects(wish.source, track, participant):
                raise encrypted(track.sid, participant.identity)
