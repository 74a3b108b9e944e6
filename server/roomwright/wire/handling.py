"""What both adapters do between bytes and bytes: whose token it is, decode, handle, encode; and what went wrong."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from betterproto2 import Message

from roomwright.codec import CodecError
from roomwright.errors import Code, ServiceError, unauthenticated
from roomwright.services.routes import Route
from roomwright.sfu.backend import Caller
from roomwright.wire.large import LARGE, decode_large

log = structlog.get_logger(__name__)

Decode = Callable[[type[Message], bytes], Any]
Encode = Callable[[Message], bytes]

_BEARER = "Bearer "


def bearer(value: str, where: str) -> str:
    """The token in an authorization value; `where` names it in the refusal."""
    if not value.startswith(_BEARER):
        raise unauthenticated(f'the {where} must start with "{_BEARER}"')
    return value[len(_BEARER) :]


async def handle(route: Route, body: bytes, caller: Caller, decode: Decode, encode: Encode, what: str) -> bytes:
    """The encoded reply; ServiceError for every failure, ours too (which is logged).

    `what` names the body in errors.
    """
    kind = route.request_type
    try:
        request = decode(kind, body) if len(body) <= LARGE else await decode_large(decode, kind, body, caller)
    except CodecError as exc:
        raise ServiceError(Code.MALFORMED, f"{what} is no {kind.__name__}: {exc}") from exc
    try:
        return encode(await route.handler(request, caller))
    except ServiceError:
        raise
    except (Exception, asyncio.CancelledError) as exc:
        if isinstance(exc, asyncio.CancelledError) and _cancelled():
            raise
        log.exception("a handler failed", method=route.path)
        raise ServiceError(Code.INTERNAL, "internal error; the server's log says more") from exc


def _cancelled() -> bool:
    """Whether this call was cancelled, and not merely something that its handler waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
