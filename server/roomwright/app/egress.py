"""Recording as a part of the server: where its files and records go, and what it listens to."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

import structlog

from roomwright.clock import Clock, Ids
from roomwright.config import Config, ConfigError, EgressSettings
from roomwright.egress.auto import AutoEgress, judged
from roomwright.egress.egresses import Egresses
from roomwright.egress.hearing import Hearing
from roomwright.egress.planning.plan import Site
from roomwright.egress.records import Journal, JournalError
from roomwright.feed import Feed
from roomwright.metrics.figures import Figure
from roomwright.rooms import events
from roomwright.sfu.backend import Backend, Caller
from roomwright.sfu.taps import MediaTaps
from roomwright.webhooks import outbox_directory
from roomwright.wire.http import NO_DOORS, Door
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

log = structlog.get_logger(__name__)


class Recording:
    """Egress on a backend with media taps."""

    def __init__(self, config: Config, backend: Backend, taps: MediaTaps, feed: Feed, clock: Clock, ids: Ids) -> None:
        settings = config.egress
        state = _state_directory(settings)
        self._settings = settings
        self._backend = backend
        self._hearing = Hearing(backend.events, self._on_event)
        self.egress = Egresses(
            settings,
            backend,
            taps,
            feed,
            Journal(state) if state is not None else None,
            keys=config.keys.keys(),
            site=_site(settings, state),
            clock=clock,
            ids=ids,
            catch_up=self._hearing.drain,
        )
        self._auto = AutoEgress(self.egress.begin, self.egress.failed)
        backend.judge_egress(self._judge)

    @property
    def doors(self) -> Mapping[str, Door]:
        """None."""
        return NO_DOORS

    def figures(self) -> Iterator[Figure]:
        """How many recorders run."""
        yield Figure("gauge", "roomwright_egress_running", "Egresses now.", [({}, len(self.egress.sessions))])

    async def start(self) -> None:
        """Take over the records of an earlier life, and listen. Raises ConfigError for a directory that was named."""
        await self.egress.start(self._on_problem)
        self._hearing.start()

    async def settle(self) -> None:
        """Return when the records of what the call did are on disk."""
        await self.egress.flush()

    async def stop(self) -> None:
        """End everything in order."""
        await self._hearing.stop()
        await self.egress.stop()

    async def create_room(self, request: pb.CreateRoomRequest, caller: Caller) -> pb.Room:
        """Create a room and begin what its configuration wants recorded from the start; both or neither."""
        room = await self._backend.create_room(request, caller)
        await self._hearing.drain()
        error = self._auto.failures.pop(room.sid, None)
        if error is not None:
            await self._backend.delete_room(pb.DeleteRoomRequest(room=room.name), caller)
            raise error
        return room

    async def _on_event(self, event: events.Event) -> None:
        self.egress.on_event(event)
        await self._auto.on_event(event)

    def _judge(self, egress: pb.RoomEgress, room: str) -> None:
        judged(egress, room, self.egress.judge)

    def _on_problem(self, error: JournalError) -> None:
        if self._settings.state_directory is not None:
            raise ConfigError(f"egress.state_directory: {error}") from error
        log.warning("records of egresses are kept in memory alone", problem=str(error))


def _state_directory(settings: EgressSettings) -> Path | None:
    """Beside the outbox of webhooks; None where there is no home to put it in."""
    if settings.state_directory is not None:
        return Path(settings.state_directory)
    try:
        return outbox_directory(None).parent / "egress"
    except OSError:
        return None


def _site(settings: EgressSettings, state: Path | None) -> Site:
    storage = settings.storage
    spool = str(state / "spool" if state is not None else Path(gettempdir()) / f"roomwright-egress-{uuid4().hex}")
    if storage.s3 is not None:
        default = v1.Storage(s3=storage.s3, spool=spool)
    elif storage.gcp is not None:
        default = v1.Storage(gcp=storage.gcp, spool=spool)
    elif storage.azure is not None:
        default = v1.Storage(azure=storage.azure, spool=spool)
    else:
        default = v1.Storage(directory=str(Path(settings.directory).absolute()), spool=spool)
    return Site(storage=default, prefix=storage.prefix, limits=settings.session_limits)


def recording_of(config: Config, backend: Backend, feed: Feed, clock: Clock, ids: Ids) -> Recording | None:
    """What records, where the backend has media and the configuration lets it."""
    taps = backend.taps if config.egress.enabled else None
    return Recording(config, backend, taps, feed, clock, ids) if taps is not None else None
