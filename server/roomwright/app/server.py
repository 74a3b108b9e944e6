"""A running server: what it listens on, and the order in which its parts start and stop."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Self

import structlog

from roomwright import __version__
from roomwright.app.egress import Recording, recording_of
from roomwright.app.media import embedded, media_address
from roomwright.app.monitoring import Monitoring
from roomwright.app.pages import pages
from roomwright.app.parts import parts_of
from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import Clock, Ids, RandomIds, SystemClock
from roomwright.config import Config
from roomwright.feed import Feed
from roomwright.rooms.limits import Limits
from roomwright.services.agent_dispatch import AgentDispatchService
from roomwright.services.egress import EgressService
from roomwright.services.room import RoomService
from roomwright.services.routes import Route, settled, table
from roomwright.sfu.backend import Backend
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.wire.event_stream import EventStreams
from roomwright.wire.grpc import GrpcServer
from roomwright.wire.http import Door, Front, HttpServer
from roomwright.wire.rtc import Signalling
from roomwright.wire.twirp import Twirp
from roomwright_proto import livekit as pb

log = structlog.get_logger(__name__)

GRACE_S = 5.0
"""How long running calls may go on after a stop was asked for."""

MakeFront = Callable[..., Front]
"""Makes the handler of the HTTP port; called as `Front` is."""
MakeGrpc = Callable[..., GrpcServer]
"""Makes the gRPC port; called as `GrpcServer` is."""


def service_table(backend: Backend, limits: Limits, recording: Recording | None = None) -> dict[str, Route]:
    """Every method that has a route, implemented or not; a new service gets its line here."""
    rooms = RoomService(backend, limits, recording.create_room if recording is not None else None)
    return table(
        [
            (pb.RoomServiceBase, rooms),
            (pb.AgentDispatchServiceBase, AgentDispatchService(backend)),
            (pb.EgressBase, EgressService(recording.egress) if recording is not None else None),
            (pb.IngressBase, None),
            (pb.SipBase, None),
        ]
    )


class Server:
    """A running Roomwright: a backend behind the HTTP port and, where configured, the gRPC port.

    `async with Server(config) as server:` starts and stops it. Port 0 takes a free port; `port` tells which. `front`
    and `grpc` are for tests, which put something between the ports and the rest. `monitoring` is what watches it.
    """

    def __init__(
        self,
        config: Config,
        *,
        backend: Backend | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
        front: MakeFront = Front,
        grpc: MakeGrpc = GrpcServer,
    ) -> None:
        self.config = config
        self._make_front, self._make_grpc = front, grpc
        self._clock = clock or SystemClock()
        limits = Limits.of(config.limit)
        self.backend = backend or embedded(config, self._clock, ids or RandomIds())
        self._signalling = Signalling(self.backend, config.limit) if isinstance(self.backend, EmbeddedBackend) else None
        self.feed = Feed(self.backend.events, ids or RandomIds(), self._clock)
        self.recording = recording_of(config, self.backend, self.feed, self._clock, ids or RandomIds())
        self._parts = parts_of(config, self.backend, self._clock, self.feed, self.recording)
        routes = service_table(self.backend, limits, self.recording)
        self._routes = settled(routes, [part.settle for part in self._parts])
        self._verifier = TokenVerifier(config.keys, self._clock)
        self._http: HttpServer | None = None
        self._grpc: GrpcServer | None = None
        self._listeners: list[asyncio.Server] = []
        self._streams = EventStreams(self.feed, config.events)
        self.monitoring = Monitoring(config, self.backend, self._parts)
        self.port = 0
        self.grpc_port = 0

    def __repr__(self) -> str:
        return f"<Server {self.url}: {'listening' if self._listeners else 'stopped'}>"

    @property
    def url(self) -> str:
        """Where clients reach the HTTP port."""
        host = self.config.bind_addresses[0] if self.config.bind_addresses else "127.0.0.1"
        host = "127.0.0.1" if host in {"", "0.0.0.0"} else host  # noqa: S104 — compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises OSError when an address or port cannot be had; nothing is left listening then."""
        try:
            twirp = Twirp(self._routes.values())
            await self.monitoring.start(self._routes)
            for part in self._parts:
                await part.start()
            await self._start_media()
            front = self._make_front(twirp, self._verifier, self.monitoring.watchers, self._doors())
            self._http = HttpServer(front)
            await self._listen(self._http)
            await self._listen_grpc()
        except BaseException:
            await self.stop(0)
            raise
        self.monitoring.ready()
        log.info("listening", url=self.url, grpc_port=self.grpc_port or None, version=__version__)

    def _doors(self) -> Mapping[str, Door]:
        doors = dict(pages(self.config, self._clock, takes_clients=self._signalling is not None))
        doors |= {**self.monitoring.health.doors, **self._streams.doors}
        for part in self._parts:
            doors |= part.doors
        return doors if self._signalling is None else {**self._signalling.doors, **doors}

    async def _start_media(self) -> None:
        if self._signalling is None:
            return
        try:
            await self._signalling.start()
        except OSError as error:
            media = media_address(self.config)
            text = f"media on UDP port {media.port} of {', '.join(media.hosts)}: {error.strerror or error}"
            raise OSError(error.errno, text) from error

    async def _listen(self, http: HttpServer) -> None:
        loop = asyncio.get_running_loop()
        port = self.config.port
        for host in self.config.bind_addresses or ("",):
            try:
                listener = await loop.create_server(http, host or None, port, backlog=1024)
            except socket.gaierror as error:
                raise OSError(error.errno, f"{host}: {error.strerror}") from error
            self._listeners.append(listener)
            port = port or listener.sockets[0].getsockname()[1]
        self.port = port

    async def _listen_grpc(self) -> None:
        if self.config.grpc.port is None:
            return
        grpc = self._make_grpc(self._routes.values(), self._verifier, self._clock, self.monitoring.watchers)
        await grpc.start(self.config.bind_addresses or None, self.config.grpc.port)
        self._grpc, self.grpc_port = grpc, grpc.port

    def announce_stop(self) -> None:
        """Say on `/readyz` that the end is near, and go on."""
        self.monitoring.stopping()

    async def stop(self, grace: float = GRACE_S) -> None:
        """Take no more connections, let running calls end within `grace` seconds, close the backend. Idempotent."""
        self.announce_stop()
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        self._streams.stop()
        if self._signalling is not None:
            self._signalling.stop()
        await asyncio.gather(self._stop_http(grace), self._stop_grpc(grace))
        await self.backend.close()
        for part in reversed(self._parts):
            await part.stop()
        await self.monitoring.stop()

    async def _stop_http(self, grace: float) -> None:
        http, self._http = self._http, None
        if http is not None:
            http.pre_shutdown()
            await http.shutdown(grace)

    async def _stop_grpc(self, grace: float) -> None:
        grpc, self._grpc = self._grpc, None
        if grpc is not None:
            await grpc.stop(grace)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
