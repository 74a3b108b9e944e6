"""A whole server on a free loopback port, in a thread of its own, for tests that speak to it over a socket."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from roomwright.app import Server
from roomwright.auth.claims import Claims, SipGrant, VideoGrant
from roomwright.auth.tokens import mint
from roomwright.clock import SystemClock
from roomwright.config import Config
from roomwright.testing.bridge import LoopThread

KEY, SECRET = "devkey", "a-secret-of-thirty-two-characters!"

ALL_GRANTS = Claims(
    identity="tester",
    video=VideoGrant(room_create=True, room_list=True, room_record=True, room_admin=True, room="r", ingress_admin=True),
    sip=SipGrant(admin=True, call=True),
)
"""Opens every method; room methods for room `r` only."""


def token(claims: Claims = ALL_GRANTS) -> str:
    """A token of the test server's key, good for ten minutes."""
    return mint(claims, key=KEY, secret=SECRET, ttl=600, clock=SystemClock())


@dataclass(frozen=True)
class Running:
    """A server that runs; `server` must only be touched on `thread`."""

    server: Server
    thread: LoopThread

    @property
    def port(self) -> int:
        return self.server.port

    def exchange(self, request: bytes, timeout: float = 20.0, *, hang_up: bool = False) -> bytes:
        """Send bytes, return all that comes back until the server closes; `hang_up` closes our side first."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            with contextlib.suppress(ConnectionError):  # a server may answer and close before it has read everything
                connection.sendall(request)
                if hang_up:
                    connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: _received(connection), b""))


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


@contextlib.contextmanager
def running(config: Config | None = None) -> Iterator[Running]:
    """Start a server, stop it at the end."""
    with LoopThread() as thread:
        server = thread.run(_started(config))
        yield Running(server, thread)
        thread.run(server.stop())


async def _started(config: Config | None) -> Server:
    server = Server(config or Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}))
    await server.start()
    return server
