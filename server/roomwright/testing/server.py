"""A whole server in a thread of its own, for the tests of programs that use one."""

import contextlib
import os
from collections.abc import Coroutine, Generator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from roomwright.testing.bridge import STOP_WITHIN_S, LoopThread, both
from roomwright.testing.clock import ServerClock
from roomwright.testing.configuration import configuration
from roomwright.testing.errors import NotPossibleError
from roomwright.testing.faults import JOIN, Faults
from roomwright.testing.inside import BACKENDS, Inside
from roomwright.testing.official import Session, official_client
from roomwright.testing.participant import Participant
from roomwright.testing.report import report
from roomwright.testing.tokens import KEY, SECRET, TTL_S, Profile, claims_for, signed
from roomwright.testing.webhooks import WebhookInbox

if TYPE_CHECKING:
    from livekit import api

    from roomwright.testing.real import RealParticipant

T = TypeVar("T")

REPORT_WITHIN_S = 5.0
CONNECT_WITHIN_S = 20.0


class ThreadedServer:
    """A server that runs while its `with` block does. Its methods may be called from any thread.

    Args:
        backend: `memory` (rooms with scripted participants) or `embedded` (an SFU, for real clients).
        config: settings in the shape of LiveKit's configuration file, such as `{"room": {"empty_timeout": 10}}`.
    """

    api_key = KEY
    api_secret = SECRET

    def __init__(self, backend: str = "memory", config: Mapping[str, Any] | None = None) -> None:
        if backend not in BACKENDS:
            raise ValueError(f"there is no backend {backend!r}; there are {', '.join(BACKENDS)}")
        self.backend = backend
        self._config = configuration(config or {})
        self._stack = contextlib.ExitStack()
        self._api: api.LiveKitAPI | None = None

    def __repr__(self) -> str:
        return f"<ThreadedServer {self.backend}: {self.url if self.running else 'stopped'}>"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.thread = stack.enter_context(LoopThread())
            self._session, self._api = Session(self.thread), None
            self._inside = self.thread.run(Inside.begin(self.thread, self.backend, self._config))
            stack.callback(lambda: self.thread.run(self._end(), STOP_WITHIN_S))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def running(self) -> bool:
        """Whether it is within its `with` block."""
        return hasattr(self, "thread") and self.thread.alive

    @property
    def url(self) -> str:
        """What LIVEKIT_URL says, `ws://…`; every client takes it."""
        return f"ws://127.0.0.1:{self._inside.server.port}"

    @property
    def http_url(self) -> str:
        """The same server as `http://…`."""
        return f"http://127.0.0.1:{self._inside.server.port}"

    @property
    def grpc_address(self) -> str:
        """Where it takes gRPC, `127.0.0.1:41003`; its configuration asks for that: `{"grpc": {"port": 0}}`."""
        if not self._inside.server.grpc_port:
            raise NotPossibleError('the server takes no gRPC; begin it with the settings {"grpc": {"port": 0}}')
        return f"127.0.0.1:{self._inside.server.grpc_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which LiveKit's clients find a server."""
        return {"LIVEKIT_URL": self.url, "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}

    @property
    def clock(self) -> ServerClock:
        """The time as the server sees it."""
        return self._inside.clock

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._inside.faults

    @property
    def webhooks(self) -> WebhookInbox:
        """The webhooks that it sends."""
        return self._inside.inbox

    @property
    def api(self) -> "api.LiveKitAPI":
        """LiveKit's own API client, for any event loop; it need not be closed."""
        if self._api is None:
            self._api = official_client(self._session, self.http_url, KEY, SECRET)
        return self._api

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, for tests without an event loop: `server.run(server.api.room.list_rooms(…))`."""
        return self.thread.run(coroutine)

    def token(
        self,
        identity: str,
        room: str,
        *,
        name: str = "",
        metadata: str = "",
        attributes: Mapping[str, str] | None = None,
        kind: str = "",
        ttl: float = TTL_S,
        **grants: Any,
    ) -> str:
        """A token that lets somebody into a room; grants as in `can_publish=False`."""
        profile = Profile(name=name, metadata=metadata, attributes=attributes, kind=kind)
        return signed(claims_for(identity, room, profile, grants), ttl)

    @both
    async def join(
        self, identity: str = "", room: str = "", *, token: str = "", auto_subscribe: bool = True, **profile: Any
    ) -> Participant:
        """Let a scripted participant into a room, which is made if need be; raises `ServiceError`.

        Either with identity and room, and what `token` takes beside them; or with a token that the tested program made.
        """
        token = token or self.token(identity, room, **profile)
        claims = self._inside.guests.claims_of(token)
        return await self._inside.guests.join(claims, self.faults.meet(JOIN), auto_subscribe=auto_subscribe)

    @both
    async def connect(
        self,
        identity: str = "",
        room: str = "",
        *,
        token: str = "",
        timeout: float = CONNECT_WITHIN_S,  # noqa: ASYNC109 - the SDK's own is longer
        **profile: Any,
    ) -> "RealParticipant":
        """Let a real client, LiveKit's SDK for Python, into a room; arguments as of `join`."""
        token = token or self.token(identity, room, **profile)
        return await self._inside.guests.connect(self.url, token, timeout)

    @both
    async def reset(self) -> None:
        """Be as if nothing had been: rooms, dispatches, revoked tokens, faults, webhooks, skipped time."""
        if self._inside.spent:
            port = self._inside.server.port
            await self._inside.end()
            self._inside = await Inside.begin(self.thread, self.backend, self._config, port)
        else:
            await self._inside.reset()

    async def _end(self) -> None:
        await self._session.close()
        await self._inside.end()

    def report(self) -> str:
        """Rooms, participants, tracks, the last events and calls, for people."""
        return self.thread.run(report(self._inside), REPORT_WITHIN_S)


@contextlib.contextmanager
def running_server(backend: str = "memory", config: Mapping[str, Any] | None = None) -> Generator[ThreadedServer]:
    """A running server, with LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET in the environment until the end."""
    with ThreadedServer(backend, config) as server, environment_of(server):
        yield server


@contextlib.contextmanager
def environment_of(server: ThreadedServer) -> Generator[None]:
    """The environment in which LiveKit's clients find the server; without a LIVEKIT_TOKEN, which they would prefer."""
    before = {name: os.environ.get(name) for name in (*server.environment, "LIVEKIT_TOKEN")}
    os.environ.pop("LIVEKIT_TOKEN", None)
    os.environ.update(server.environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
