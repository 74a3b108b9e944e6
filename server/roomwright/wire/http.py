"""HTTP/1.1 in front of Twirp and of the plain pages: sizes, cross-origin rules, tokens, paths, in that order.

Sits on aiohttp's low-level server: one handler and one dictionary instead of an application's middlewares, at two
thirds of their cost.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import structlog
from aiohttp import web
from aiohttp.http import HttpVersion11
from aiohttp.http_exceptions import BadHttpMethod
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import RequestHandler

from roomwright import logs
from roomwright.auth.claims import Claims
from roomwright.auth.tokens import TokenVerifier
from roomwright.errors import Code, ServiceError
from roomwright.sfu.backend import Caller
from roomwright.wire import cors, twirp
from roomwright.wire.answer import NOT_FOUND, Answer, text
from roomwright.wire.exchange import NOBODY, Exchange, Record, Watchers, code_of
from roomwright.wire.handling import bearer
from roomwright.wire.pages import PAGES, UPGRADES
from roomwright.wire.paths import clean, decoded, query_value, split_target
from roomwright.wire.response import respond, response

log = structlog.get_logger(__name__)

MAX_BODY = 10 * 1024 * 1024
"""Bytes of a request's body; the reference takes as many."""
MAX_HEAD = 1024 * 1024
"""Bytes of a request line or a header: a join request with its offer rides in the query."""
MAX_HEADS = 2 * 1024 * 1024
"""Bytes of a whole head, or of a body's trailers: aiohttp's own limits let a stranger fill 128 headers."""
BODY_TIMEOUT_S = 30.0
"""How long a client may take to send a body."""
LEAVE_S = 0.1
"""How long a call may still need, once it is cancelled because its time to end is over."""

Door = Callable[[web.BaseRequest, str, Claims | None], Awaitable[Answer | web.StreamResponse]]
"""What is behind a path that is neither Twirp's nor a plain page: given the request, its query and the token's claims.

It answers, or takes the connection over (a WebSocket) and returns when that has ended.
"""

PUBLIC = {"Access-Control-Allow-Origin": "*"}
"""For answers that a script of any origin may read, whether or not the browser said which."""
NO_DOORS: Mapping[str, Door] = {}
_REFUSED = 400
_FORM = "application/x-www-form-urlencoded"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\nVary: Origin\r\n\r\n"
)
_REQUEST_LINE = re.compile(r"b'([!-~]+) ([!-~]+) HTTP/1\.[01]")


class _BodyError(Exception):
    """The body cannot be had; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class Front:
    """The one handler of the HTTP port.

    Everything below a Twirp service goes to `methods`, what has a door to it, the rest to the tables in `pages.py`.
    """

    def __init__(
        self,
        methods: twirp.Twirp,
        verifier: TokenVerifier,
        watchers: Watchers = NOBODY,
        doors: Mapping[str, Door] = NO_DOORS,
    ) -> None:
        self._doors = doors
        self._twirp = methods
        self._routes = methods.routes
        self._verifier = verifier
        self._watchers = watchers

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises for anything a client can send."""
        current, start = logs.Request(request.headers), time.perf_counter()
        logs.enter(current)
        answer = await self._guarded(request)
        current.answered = True
        if answer.status >= _REFUSED:
            self._tell(self._watchers.refused, request, answer, current, start)
            if isinstance(answer, Answer):
                answer = answer._replace(headers={**answer.headers, "X-Request-Id": current.id})
        if self._watchers.every:
            self._tell(self._watchers.every, request, answer, current, start)
        return respond(answer, request) if isinstance(answer, Answer) else answer

    def _tell(
        self,
        watchers: tuple[Record, ...],
        request: web.BaseRequest,
        answer: Answer | web.StreamResponse,
        current: logs.Request,
        start: float,
    ) -> None:
        seconds = time.perf_counter() - start
        exchange = Exchange(request.method, request.raw_path, answer.status, code_of(answer), seconds, current)
        for watcher in watchers:
            watcher(exchange)

    async def _guarded(self, request: web.BaseRequest) -> Answer | web.StreamResponse:
        try:
            return await self._answer(request)
        except _BodyError as exc:
            return exc.answer
        except ConnectionError:
            raise
        except Exception:
            log.exception("a request failed", verb=request.method, path=split_target(request.raw_path)[0][:200])
            return text(500, "internal error; the server's log says more")

    async def _answer(self, request: web.BaseRequest) -> Answer | web.StreamResponse:
        headers, target = request.headers, request.raw_path
        if (request.content_length or 0) > MAX_BODY:
            return self._too_large(target)
        if target in self._routes and request.method == "POST" and "Authorization" in headers:
            path, query, location = target, "", None  # nearly all requests; the rest take the long way
        elif cors.is_preflight(request.method, headers):
            return cors.preflight(headers)
        else:
            path, query = split_target(target)
            location = self._location(path)
        try:
            claims = await self._claims(request, query)
        except ServiceError as refusal:
            return twirp.error(refusal) if self._twirp.owns(path) else self._no_token(request, path, refusal)
        return await self._route(request, path, query, claims) if location is None else _redirect(location, query)

    def _no_token(self, request: web.BaseRequest, path: str, refusal: ServiceError) -> Answer:
        """A text, which clients show; scripts of any origin may read it where they may ask."""
        answer, may_ask = text(401, refusal.message), path in self._doors and "Upgrade" not in request.headers
        return answer._replace(headers=PUBLIC) if may_ask else answer

    def _location(self, path: str) -> str | None:
        """Where a path that is not clean, or lacks a service's final slash, should go; None when it is fine."""
        cleaned = clean(path)
        if self._twirp.needs_slash(cleaned):
            return cleaned + "/"
        return None if cleaned == path else cleaned

    async def _route(
        self, request: web.BaseRequest, path: str, query: str, claims: Claims | None
    ) -> Answer | web.StreamResponse:
        if "%" in path:
            path = decoded(path)
        if path in self._doors:
            return await self._doors[path](request, query, claims)
        if not self._twirp.owns(path):
            return (UPGRADES if "Upgrade" in request.headers else PAGES).get(path, NOT_FOUND)
        found = self._twirp.find(request.method, path, request.headers.get("Content-Type", ""))
        if isinstance(found, Answer):
            return found
        route, media = found
        return await self._twirp.call(route, media, await _body(request), Caller(claims))

    async def _claims(self, request: web.BaseRequest, query: str) -> Claims | None:
        """The token's claims: from the header, else from a form, else from the query; None when there is no token.

        Raises ServiceError for a token that cannot be used.
        """
        header = request.headers.get("Authorization")
        if header:
            return self._verifier.verify(bearer(header, "Authorization header"))
        token = ""
        if request.method == "POST" and twirp.media_type(request.headers.get("Content-Type", "")) == _FORM:
            token = query_value((await _body(request)).decode("latin-1"), "access_token")
        token = token or query_value(query, "access_token")
        return self._verifier.verify(token) if token else None

    def unknown_verb(self, verb: str, target: str) -> Answer:
        """The answer to a verb that is not one of HTTP's."""
        path = split_target(target)[0]
        found = self._twirp.find(verb, path, "") if self._twirp.owns(path) else NOT_FOUND
        return found if isinstance(found, Answer) else NOT_FOUND

    def _too_large(self, target: str) -> Answer:
        message = f"the request's body is larger than {MAX_BODY} bytes"
        if not self._twirp.owns(split_target(target)[0]):
            return text(413, message)._replace(headers={"Connection": "close"})
        refusal = twirp.error(ServiceError(Code.RESOURCE_EXHAUSTED, message), 413)
        return refusal._replace(headers={"Connection": "close"})


async def _body(request: web.BaseRequest) -> bytes:
    """The whole body, once; raises _BodyError when it is too large, too slow or broken."""
    try:
        if request.content.is_eof():  # most bodies arrive with their head
            return request.content.read_nowait()
        async with asyncio.timeout(BODY_TIMEOUT_S):
            await _invite(request)
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        reason = f"the request's body is larger than {MAX_BODY} bytes"
    except TimeoutError:
        refusal = ServiceError(Code.DEADLINE_EXCEEDED, f"the body did not arrive within {BODY_TIMEOUT_S:.0f} s")
        raise _BodyError(twirp.error(refusal)) from None
    except (web.RequestPayloadError, ValueError) as exc:
        reason = f"the request's body cannot be read: {exc}"
    raise _BodyError(twirp.error(ServiceError(Code.MALFORMED, reason)))


async def _invite(request: web.BaseRequest) -> None:
    """Tell a client that waits to be told (curl does, with a large body) that its body is wanted."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version == HttpVersion11:
        await request.writer.write(_CONTINUE)


def _redirect(path: str, query: str) -> Answer:
    return Answer(307, headers={"Location": f"{path}?{query}" if query else path})


class _Protocol(RequestHandler):
    """aiohttp's connection, with answers of ours to what its parser refuses, and no traceback for it.

    Its head is bounded as a whole, and when the server stops, a call that is still arriving may arrive.
    """

    __slots__ = ("_arrived", "_draining", "_front", "_fruitless", "_payload")

    def __init__(self, front: Front, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._front = front
        self._payload: StreamReader = EMPTY_PAYLOAD
        self._arrived = self._fruitless = 0
        self._draining = False

    def data_received(self, data: bytes) -> None:
        """Parse. A client is left that sends and sends without a head or a piece of a body coming of it."""
        requests = self._request_count
        if self._draining:
            self._close = False  # otherwise aiohttp drops what arrives
            super().data_received(data)
            self._close = True
        else:
            super().data_received(data)
        if self._request_count != requests:
            self._payload = self._messages[-1][1]
            self._fruitless = 0
        else:
            self._count_fruitless(len(data))

    def _count_fruitless(self, received: int) -> None:
        if self._payload.total_bytes != self._arrived or self._websocket:
            self._arrived, received = self._payload.total_bytes, 0
            self._fruitless = 0
        self._fruitless += received
        if self._fruitless > MAX_HEADS:
            self._refuse_head()

    @property
    def _websocket(self) -> bool:
        return bool(self._upgraded)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - an untyped parser says it

    def _refuse_head(self) -> None:
        log.debug("a request's head is too large", bytes=self._fruitless)
        if self.transport is not None and not self._request_in_progress:
            self.transport.write(_HEAD_TOO_LARGE)
        self.force_close()

    @property
    def busy(self) -> asyncio.Task[None] | None:
        """The connection's task while a request is answered; None while it waits for one."""
        return self._task_handler if self._request_in_progress else None

    def drain(self) -> None:
        """Take no more requests; close at once, or when the running one is answered."""
        self._draining = True
        self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is not HTTP/1.1; a verb that the parser does not know is a route that does not exist."""
        event = "a client hung up" if isinstance(exc, ConnectionError) else "a request is not HTTP/1.1"
        log.debug(event, peer=request.remote, reason=str(exc)[:300])
        answer = text(status, (message or "this is not an HTTP/1.1 request").splitlines()[0])
        line = _REQUEST_LINE.search(str(exc)) if isinstance(exc, BadHttpMethod) else None
        if line:
            answer = self._front.unknown_verb(*line.groups())
        refusal = response(answer)
        refusal.force_close()
        return refusal


class HttpServer(web.Server):
    """The HTTP port: aiohttp's server with our handler, our limits and no access log on the hot path."""

    def __init__(self, front: Front, **kwargs: Any) -> None:
        self._front = front
        super().__init__(
            front,
            request_factory=self._request,
            access_log=None,
            auto_decompress=False,
            max_line_size=MAX_HEAD,
            max_field_size=MAX_HEAD,
            keepalive_timeout=75.0,
            **kwargs,
        )

    def __call__(self) -> RequestHandler:
        """A protocol for one more connection."""
        return _Protocol(self._front, self, loop=self._loop, **self._kwargs)

    def pre_shutdown(self) -> None:
        """Close connections where nothing is going on; the others after their answer."""
        for connection in self.connections:
            cast("_Protocol", connection).drain()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aiohttp's signature
        """Wait at most `timeout` seconds for running calls, then cut them short.

        aiohttp's own waits twice as long, and lets no body arrive meanwhile.
        """
        busy = [task for each in self.connections if (task := cast("_Protocol", each).busy) is not None]
        if busy and timeout != 0:
            await asyncio.wait(busy, timeout=timeout)
        await super().shutdown(LEAVE_S)

    def _request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop, client_max_size=MAX_BODY)
