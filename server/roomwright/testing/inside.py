"""The parts of a test's server, put together. All of it happens on the server's loop."""

import contextlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from roomwright.app import Server
from roomwright.app.media import embedded
from roomwright.app.server import service_table
from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Config
from roomwright.rooms.limits import Limits
from roomwright.services.routes import Route
from roomwright.testing.backends import TestedBackend, TestedEmbedded, TestedMemory
from roomwright.testing.bridge import LoopThread
from roomwright.testing.clock import MovableClock, ServerClock
from roomwright.testing.configuration import RECORDS, at_home
from roomwright.testing.faults import Faults
from roomwright.testing.front import Record, TestedFront
from roomwright.testing.grpc_port import TestedGrpc
from roomwright.testing.guests import Guests
from roomwright.testing.logs import diversion
from roomwright.testing.webhooks import WebhookInbox
from roomwright.wire.twirp import Twirp

BACKENDS = ("memory", "embedded")
"""Rooms in memory, with scripted participants; or with an SFU, for real clients."""
GRACE_S = 0.5


class Inside:
    """A server with everything that a test wants of it. `begin` makes one that runs."""

    def __init__(self, thread: LoopThread, backend: str, config: Config, inbox: WebhookInbox) -> None:
        self._time, self._token_time = MovableClock(), MovableClock()
        self.inbox = inbox
        self.backend = _backend(backend, config, self._time)
        self.verifier = TokenVerifier(config.keys, self._token_time)
        self.guests = Guests(thread, self.backend, self.verifier)
        self.faults = Faults(_calls(self.backend, config), lambda who: thread.look(lambda: self.guests.cut(who)))
        self.record = Record(self.faults)
        self.clock = ServerClock(thread, self.backend, self._time, self._token_time)
        self.server = Server(config, backend=self.backend, clock=SystemClock(), front=self._front, grpc=self._grpc)
        self._ends = contextlib.AsyncExitStack()
        self._records = Path()

    @classmethod
    async def begin(cls, thread: LoopThread, backend: str, config: Config, port: int = 0) -> Self:
        """Listen, on that port or on any."""
        diversion.begin()
        async with contextlib.AsyncExitStack() as ends:
            ends.callback(diversion.end)
            folder = Path(
                ends.enter_context(tempfile.TemporaryDirectory(prefix="roomwright-", ignore_cleanup_errors=True))
            )
            inbox = WebhookInbox(thread)
            ends.push_async_callback(inbox.stop)
            await inbox.start()
            inside = cls(thread, backend, at_home(config, folder, inbox.url, port), inbox)
            ends.push_async_callback(inside.server.stop, GRACE_S)
            await inside.server.start()
            ends.push_async_callback(inside.guests.leave)
            inside._ends, inside._records = ends.pop_all(), folder / RECORDS
        return inside

    @property
    def spent(self) -> bool:
        """Whether something is left that cannot be forgotten: deliveries to be tried again, recordings."""
        return self.inbox.owes or self._records.exists()

    async def end(self) -> None:
        """End everything."""
        self.inbox.forget(())  # from now on it takes what it refused before
        await self._ends.aclose()

    async def reset(self) -> None:
        """Be as if nothing had been."""
        diversion.keep()
        self.faults.clear()
        await self.guests.leave()
        self.record.forget()
        self.inbox.forget(self.backend.forget())
        self.clock.reset()

    def _front(self, methods: Twirp, _verifier: TokenVerifier, *others: Any) -> TestedFront:
        return TestedFront(self.record, methods, self.verifier, *others)

    def _grpc(self, routes: Iterable[Route], _verifier: TokenVerifier, *others: Any) -> TestedGrpc:
        return TestedGrpc(self.record, routes, self.verifier, *others)


def _backend(name: str, config: Config, clock: MovableClock) -> TestedBackend:
    if name == "memory":
        backend = TestedMemory(config.room, config.limit, clock, RandomIds())
    else:
        backend = embedded(config, SystemClock(), RandomIds(), TestedEmbedded)
    backend.keep_time(clock)
    return backend


def _calls(backend: TestedBackend, config: Config) -> list[str]:
    """The names of all methods, as `RoomService.CreateRoom`."""
    paths = service_table(backend, Limits.of(config.limit))
    return [path.removeprefix("/livekit.").replace("/", ".") for path in paths]
