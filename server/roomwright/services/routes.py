"""From a generated service base and an object with handlers to the calls that both wire adapters serve.

The generated `__mapping__()` says which methods a service has and which types they take; a handler is the object's
attribute of the method's snake_case name. A service without an object answers `unimplemented`, method by method.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import betterproto2

from roomwright.auth.grants import authorise
from roomwright.errors import unimplemented
from roomwright.sfu.backend import Caller

MessageType = type[betterproto2.Message]
Handler = Callable[[Any, Caller], Awaitable[betterproto2.Message]]

_WORD = re.compile(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")


class _Entry(Protocol):
    """What a generated base says of one method (a grpclib.const.Handler)."""

    @property
    def request_type(self) -> MessageType: ...

    @property
    def reply_type(self) -> MessageType: ...


class GeneratedBase(Protocol):
    """A service base as betterproto2's compiler writes it."""

    def __mapping__(self) -> Mapping[str, _Entry]:
        """Every method by its gRPC path."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """One method: `path` is `/livekit.RoomService/CreateRoom`, as gRPC spells it; Twirp puts `/twirp` before it."""

    path: str
    request_type: MessageType
    reply_type: MessageType
    handler: Handler

    @property
    def service(self) -> str:
        """The service's full name, such as `livekit.RoomService`."""
        return self.path.split("/")[1]


def snake_case(name: str) -> str:
    """`CreateSIPTrunk` → `create_sip_trunk`, as the generated stubs spell it."""
    return _WORD.sub("_", name).lower()


def _missing(path: str) -> Handler:
    """A handler that lets in whom the method would let in, and says that the method is not there."""

    async def handler(request: Any, caller: Caller) -> betterproto2.Message:
        authorise(path, request, caller.claims)
        raise unimplemented(path.removeprefix("/livekit.").replace("/", "."))

    return handler


def routes(base: type[GeneratedBase], service: object | None) -> Iterator[Route]:
    """The routes of one service; `service` None means that the whole service is not implemented.

    Raises AttributeError when `service` lacks a handler: at start, not at a call.
    """
    for path, entry in base().__mapping__().items():
        handler: Handler = _missing(path) if service is None else getattr(service, snake_case(path.split("/")[2]))
        yield Route(path, entry.request_type, entry.reply_type, handler)


def settled(routes: dict[str, Route], settle: Sequence[Callable[[], Awaitable[None]]]) -> dict[str, Route]:
    """The same routes, whose answers wait until every `settle` has returned; also the answer that a call failed."""
    if not settle:
        return routes

    def behind(handler: Handler) -> Handler:
        async def settled_handler(request: Any, caller: Caller) -> betterproto2.Message:
            try:
                return await handler(request, caller)
            finally:
                for step in settle:
                    await step()

        return settled_handler

    return {path: replace(route, handler=behind(route.handler)) for path, route in routes.items()}


def table(services: Iterable[tuple[type[GeneratedBase], object | None]]) -> dict[str, Route]:
    """All routes of several services by path."""
    return {route.path: route for base, service in services for route in routes(base, service)}
