"""The composition root: the only place that names concrete backends, clocks and adapters."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from typing import Self

import structlog

from roomwright import __version__, logs
from roomwright.auth.tokens import TokenVerifier, mint, refreshed
from roomwright.clock import Clock, Ids, RandomIds, SystemClock
from roomwright.config import Config
from roomwright.config.advice import beyond_loopback
from roomwright.rooms.limits import Limits
from roomwright.services.agent_dispatch import AgentDispatchService
from roomwright.services.room import RoomService
from roomwright.services.routes import Route, table
from roomwright.sfu.backend import Backend
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.plane import MediaAddress, WebRtc
from roomwright.signalling.ice_servers import ice_servers
from roomwright.wire.access_log import AccessLog
from roomwright.wire.grpc import GrpcServer
from roomwright.wire.http import NO_DOORS, Door, Front, HttpServer
from roomwright.wire.meet import Meet
from roomwright.wire.rtc import Signalling
from roomwright.wire.twirp import Twirp
from roomwright_proto import livekit as pb

log = structlog.get_logger(__name__)

GRACE_S = 5.0
"""How long running calls may go on after a stop was asked for."""
TRIAL_S = 6 * 3600
"""How long a token of the page `/meet` holds."""

MEDIA_PORT = 7882
"""The UDP port of media, as LiveKit's."""


def service_table(backend: Backend, limits: Limits) -> dict[str, Route]:
    """Every method that has a route, implemented or not; a new service gets its line here."""
    return table(
        [
            (pb.RoomServiceBase, RoomService(backend, limits)),
            (pb.AgentDispatchServiceBase, AgentDispatchService(backend)),
            (pb.EgressBase, None),
            (pb.IngressBase, None),
            (pb.SipBase, None),
        ]
    )


def embedded(config: Config, clock: Clock, ids: Ids) -> EmbeddedBackend:
    """The default backend: rooms in this process, for clients that connect to it."""
    first = next(iter(config.keys.items()), None)
    mint = partial(refreshed, key=first[0], secret=first[1], clock=clock) if first is not None else None
    media = WebRtc(media_address(config), clock, ids)
    return EmbeddedBackend(
        config.room, config.limit, clock, ids, media=media, mint=mint, ice_servers=ice_servers(config.rtc)
    )


def media_address(config: Config) -> MediaAddress:
    """Where media arrives: on loopback, unless the configuration says which address other machines can reach.

    A single bound address is the media's too; if there are several or none, media listens beside them, on all
    addresses of the node's family, and clients are told `rtc.node_ip`.
    """
    node_ip, port = config.rtc.node_ip, config.rtc.udp_port
    if port is None:
        port = MEDIA_PORT if config.port and not config.development else 0
    bound = [host for host in map(_as_ip, config.bind_addresses) if host]
    if len(bound) == 1 and len(config.bind_addresses) == 1:
        return MediaAddress(bound[0], port, node_ip or "")
    if node_ip is None:
        return MediaAddress("127.0.0.1", port)
    return MediaAddress("::" if ":" in node_ip else "0.0.0.0", port, node_ip)  # noqa: S104 - configured


def _as_ip(host: str) -> str:
    """A bound address as an IP address; empty for what is none, or stands for all."""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return ""
    return "" if address.is_unspecified else str(address)


def offers_trial(config: Config) -> bool:
    """Whether `/meet` is there: in development, and only where nobody but this machine can ask it for tokens."""
    return config.development and not beyond_loopback(config.bind_addresses) and bool(config.keys)


def meeting(config: Config, clock: Clock) -> Meet:
    """The page on which a call is tried out; it gives tokens of the first key to everybody who asks."""
    key, secret = next(iter(config.keys.items()))
    return Meet(partial(mint, key=key, secret=secret, ttl=TRIAL_S, clock=clock), RandomIds())


class Server:
    """A running Roomwright: a backend behind the HTTP port and, where configured, the gRPC port.

    `async with Server(config) as server:` starts and stops it. Port 0 takes a free port; `port` tells which.
    """

    def __init__(
        self, config: Config, *, backend: Backend | None = None, clock: Clock | None = None, ids: Ids | None = None
    ) -> None:
        self.config = config
        self._clock = clock or SystemClock()
        limits = Limits.of(config.limit)
        self.backend = backend or embedded(config, self._clock, ids or RandomIds())
        self._signalling = Signalling(self.backend, config.limit) if isinstance(self.backend, EmbeddedBackend) else None
        self._routes = service_table(self.backend, limits)
        self._verifier = TokenVerifier(config.keys, self._clock)
        self._http: HttpServer | None = None
        self._grpc: GrpcServer | None = None
        self._listeners: list[asyncio.Server] = []
        self._access_log: AccessLog | None = None
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
        if self.config.logging.level == "debug":
            self._access_log = AccessLog()
        front = Front(Twirp(self._routes.values()), self._verifier, self._access_log, self._doors())
        self._http = HttpServer(front)
        try:
            await self._start_media()
            await self._listen(self._http)
            await self._listen_grpc()
        except BaseException:
            await self.stop(0)
            raise
        log.info("listening", url=self.url, grpc_port=self.grpc_port or None, version=__version__)

    def _doors(self) -> Mapping[str, Door]:
        if self._signalling is None:
            return NO_DOORS
        meet = meeting(self.config, self._clock).doors if offers_trial(self.config) else NO_DOORS
        return {**self._signalling.doors, **meet}

    async def _start_media(self) -> None:
        if self._signalling is None:
            return
        try:
            await self._signalling.start()
        except OSError as error:
            media = media_address(self.config)
            text = f"media on UDP port {media.port} of {media.host}: {error.strerror or error}"
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
        grpc = GrpcServer(self._routes.values(), self._verifier, self._clock)
        await grpc.start(self.config.bind_addresses or None, self.config.grpc.port)
        self._grpc, self.grpc_port = grpc, grpc.port

    async def stop(self, grace: float = GRACE_S) -> None:
        """Take no more connections, let running calls end within `grace` seconds, close the backend. Idempotent."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        if self._signalling is not None:
            self._signalling.stop()
        await asyncio.gather(self._stop_http(grace), self._stop_grpc(grace))
        await self.backend.close()
        if self._access_log is not None:
            self._access_log.close()
            self._access_log = None

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


async def _serve(config: Config, on_ready: Callable[[Server], None] | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
            loop.add_signal_handler(number, stopping.set)
    async with Server(config) as server:
        gc.collect()
        gc.freeze()  # what was imported stays: collections need not look at it again (14 ms each time)
        if on_ready is not None:
            on_ready(server)
        await stopping.wait()
        log.info("stopping")


def run(config: Config, on_ready: Callable[[Server], None] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; `on_ready` is called once the ports are open. Returns the exit code.

    Raises OSError when a port cannot be had.
    """
    logs.configure(config.logging.level, as_json=config.logging.json)
    runner = asyncio.Runner(loop_factory=_loop_factory())
    with runner:
        runner.run(_serve(config, on_ready))
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop of uvloop where that is installed, else None for asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
