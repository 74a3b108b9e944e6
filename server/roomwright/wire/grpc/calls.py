"""A gRPC call between its headers and its reply: which method, who calls, until when, and what the handler says.

Owns routing, tokens and the translation of failures. Reads and writes no socket.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from roomwright import codec
from roomwright.auth.claims import Claims
from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import Clock
from roomwright.errors import Code, ServiceError
from roomwright.services.routes import Route
from roomwright.sfu.backend import Caller
from roomwright.wire.grpc import headers as h
from roomwright.wire.handling import bearer, handle


class NotGrpcError(ServiceError):
    """A request over HTTP/2 that is no gRPC call; `http_status` keeps other clients from taking it for a success."""

    def __init__(self, http_status: int, message: str) -> None:
        super().__init__(Code.BAD_ROUTE, message)
        self.http_status = http_status


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may be served. `timeout` is what the caller allowed, in seconds from the arrival of its headers."""

    route: Route
    caller: Caller
    timeout: float | None

    async def run(self, body: bytes) -> bytes:
        """Decode, handle, encode. ServiceError for every failure, ours too (which is logged)."""
        return await handle(self.route, body, self.caller, codec.decode, codec.encode, "the message")


class Methods:
    """All methods by path, and what is checked before a message is read."""

    def __init__(self, routes: Iterable[Route], verifier: TokenVerifier, clock: Clock) -> None:
        self._routes = {route.path: route for route in routes}
        self._services = {route.service for route in self._routes.values()}
        self._verifier = verifier
        self._clock = clock

    def __repr__(self) -> str:
        return f"<Methods: {len(self._services)} services, {len(self._routes)} methods>"

    def find(self, headers: Mapping[str, str]) -> Call:
        """The call that these headers open; ServiceError says why there is none."""
        _check_http(headers.get(":method", ""), headers.get("content-type", ""))
        path = headers.get(":path", "")
        route = self._routes.get(path)
        if route is None:
            raise self._unknown(path)
        timeout = h.timeout(headers.get("grpc-timeout"))
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        return Call(route, Caller(self._claims(headers.get("authorization")), deadline), timeout)

    def _unknown(self, path: str) -> ServiceError:
        root, service, method = (*path.split("/", 2), "", "")[:3]
        if root == "" and service in self._services:
            return ServiceError(Code.BAD_ROUTE, f"{service} has no method {method!r}")
        return ServiceError(Code.BAD_ROUTE, f"there is no service at path {path!r}")

    def _claims(self, authorization: str | None) -> Claims | None:
        """The token's claims, or None where there is no token: the method decides whether it needs one."""
        if not authorization:
            return None
        return self._verifier.verify(bearer(authorization, "authorization metadata"))


def _check_http(verb: str, content_type: str) -> None:
    """The HTTP below must be gRPC's. A missing `te: trailers` is let pass: some proxies drop it and keep trailers."""
    if verb != "POST":
        raise NotGrpcError(405, f"method {verb!r} is not supported, only POST is")
    if content_type not in h.CONTENT_TYPES and content_type.partition(";")[0].strip().lower() not in h.CONTENT_TYPES:
        raise NotGrpcError(415, f"content-type {content_type!r} is neither {' nor '.join(sorted(h.CONTENT_TYPES))}")
