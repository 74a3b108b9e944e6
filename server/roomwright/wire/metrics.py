"""The port where metrics are read: `/metrics`, with a name and a password where that is configured.

A port of its own, as in LiveKit: it is for the operator's network, not for clients.
"""

import asyncio
import base64
import hmac
import socket
from collections.abc import Callable, Sequence

from aiohttp import web

from roomwright.wire.answer import Answer, text
from roomwright.wire.paths import clean, split_target
from roomwright.wire.response import response

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="metrics"'}


class MetricsServer:
    """Serves `read()` to whoever knows `credentials` (user name and password; None: to everybody)."""

    def __init__(self, read: Callable[[], bytes], credentials: tuple[str, str] | None = None) -> None:
        self._read = read
        self._secret = base64.b64encode(":".join(credentials).encode()) if credentials else None
        self._http = web.Server(self._handle, access_log=None)
        self._listeners: list[asyncio.Server] = []
        self.port = 0

    def __repr__(self) -> str:
        return f"<MetricsServer on port {self.port}>"

    async def start(self, addresses: Sequence[str], port: int) -> None:
        """Listen on all of `addresses` (none: everywhere). Raises OSError that names the port."""
        loop = asyncio.get_running_loop()
        for host in addresses or ("",):
            try:
                listener = await loop.create_server(self._http, host or None, port)
            except (OSError, socket.gaierror) as error:
                raise OSError(error.errno, f"metrics on port {port} of {host}: {error.strerror or error}") from error
            self._listeners.append(listener)
            port = port or listener.sockets[0].getsockname()[1]
        self.port = port

    async def stop(self) -> None:
        """Listen no more, and hang up. Idempotent."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        await self._http.shutdown(1.0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        return response(self._answer(request))

    def _answer(self, request: web.BaseRequest) -> Answer:
        if not self._is_known(request.headers.get("Authorization", "")):
            return text(401, "a user name and a password are required")._replace(headers=_CHALLENGE)
        if clean(split_target(request.raw_path)[0]) != "/metrics":
            return text(404, "metrics are at /metrics")
        if request.method not in ("GET", "HEAD"):
            return text(405, "only GET is supported")._replace(headers={"Allow": "GET, HEAD"})
        return Answer(200, self._read(), CONTENT_TYPE)

    def _is_known(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        if self._secret is None:
            return True
        return scheme.lower() == "basic" and hmac.compare_digest(given.strip().encode(), self._secret)
