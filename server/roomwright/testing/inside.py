"""The parts of a test's server, put together. All of it happens on the server's loop."""

from typing import Any

from roomwright.app import Server
from roomwright.app.media import embedded
from roomwright.app.server import service_table
from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Config
from roomwright.rooms.limits import Limits
from roomwright.testing import logs
from roomwright.testing.backends import TestedBackend, TestedEmbedded, TestedMemory
from roomwright.testing.bridge import LoopThread
from roomwright.testing.clock import MovableClock, ServerClock
from roomwright.testing.faults import Faults
from roomwright.testing.front import Record, TestedFront
from roomwright.testing.guests import Guests
from roomwright.testing.official import Session
from roomwright.wire.twirp import Twirp

BACKENDS = ("memory", "embedded")
"""Rooms in memory, with scripted participants; or with an SFU, for real clients."""
GRACE_S = 0.5


class Inside:
    """A server with everything that a test wants of it."""

    def __init__(self, thread: LoopThread, backend: str, config: Config) -> None:
        self.config = config
        self._time, self._token_time = MovableClock(), MovableClock()
        self.backend = _backend(backend, config, self._time)
        self.verifier = TokenVerifier(config.keys, self._token_time)
        self.faults = Faults(
            _calls(self.backend, config), lambda identity: thread.look(lambda: self.guests.cut(identity))
        )
        self.record = Record(self.faults)
        self.clock = ServerClock(thread, self.backend, self._time, self._token_time)
        self.guests = Guests(thread, self.backend, self.verifier, self.faults)
        self.session = Session(thread)
        self.server = Server(config, backend=self.backend, clock=SystemClock(), front=self._front)

    async def start(self) -> None:
        """Listen."""
        logs.divert()
        await self.server.start()

    async def stop(self) -> None:
        """End everything."""
        await self.guests.leave()
        await self.session.close()
        await self.server.stop(GRACE_S)
        logs.restore()

    async def reset(self) -> None:
        """Be as if nothing had been."""
        logs.divert()
        self.faults.clear()
        await self.guests.leave()
        self.record.forget()
        self.backend.forget()
        self.clock.reset()

    def _front(self, methods: Twirp, _verifier: TokenVerifier, *others: Any) -> TestedFront:
        return TestedFront(self.record, methods, self.verifier, *others)


def _backend(name: str, config: Config, clock: MovableClock) -> TestedBackend:
    if name == "memory":
        backend = TestedMemory(config.room, config.limit, clock, RandomIds())
    else:
        backend = embedded(config, SystemClock(), RandomIds(), TestedEmbedded)
    backend.keep_time(clock, config)
    return backend


def _calls(backend: TestedBackend, config: Config) -> list[str]:
    """The names of all methods, as `RoomService.CreateRoom`."""
    paths = service_table(backend, Limits.of(config.limit))
    return [path.removeprefix("/livekit.").replace("/", ".") for path in paths]
