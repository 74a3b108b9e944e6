"""The signalling's doors: `/rtc` and `/rtc/v1` for WebSockets, and their `/validate`, where SDKs ask for the reason.

Refusals are plain text, because that is what SDKs show; a room that is not there is a 404 that says so in the words
that SDKs look for (any other 404 makes them try older signalling).
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import structlog
from aiohttp import web

from roomwright import logs
from roomwright.auth.claims import Claims
from roomwright.config import LimitSettings
from roomwright.errors import Code, ServiceError
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.signalling.wish import Wish, from_join_request, from_query
from roomwright.wire.answer import Answer, text
from roomwright.wire.http import PUBLIC, Door
from roomwright.wire.twirp import STATUS
from roomwright.wire.websocket import WebSocket

log = structlog.get_logger(__name__)

_NO_HANDSHAKE = {"Sec-WebSocket-Version": "13", "X-Content-Type-Options": "nosniff"}
_MAX_PARAMETERS = 100

_Read = Callable[[Mapping[str, str], Claims | None], Wish]


class Signalling:
    """Lets clients in to a backend. `doors` are its handlers by path, for the HTTP port."""

    def __init__(self, backend: EmbeddedBackend, limits: LimitSettings) -> None:
        self._backend = backend
        self._limits = limits
        self.doors: Mapping[str, Door] = {
            "/rtc": self._socket(from_query),
            "/rtc/v1": self._socket(self._from_join_request),
            "/rtc/validate": self._validation(from_query),
            "/rtc/v1/validate": self._validation(self._from_join_request),
        }

    async def start(self) -> None:
        """Open what the media needs. Raises OSError."""
        await self._backend.start()

    def stop(self) -> None:
        """Send everybody away and let nobody in any more."""
        self._backend.dismiss()

    def _from_join_request(self, query: Mapping[str, str], claims: Claims | None) -> Wish:
        return from_join_request(query.get("join_request", ""), claims, self._limits.max_join_request)

    def _validation(self, read: _Read) -> Door:
        async def validate(_request: web.BaseRequest, query: str, claims: Claims | None) -> Answer:
            try:
                self._backend.admit(read(_parameters(query), claims))
            except ServiceError as refusal:
                return _refused(refusal)._replace(headers=PUBLIC)
            return text(200, "success")._replace(headers=PUBLIC)

        return validate

    def _socket(self, read: _Read) -> Door:
        async def connect(request: web.BaseRequest, query: str, claims: Claims | None) -> Answer | web.StreamResponse:
            if request.headers.get("Upgrade", "").lower() != "websocket":
                return Answer(404)
            request_id = logs.request_id()
            with logs.outside_of_requests():
                return await self._connect(request, query, claims, read, request_id)

        return connect

    async def _connect(
        self, request: web.BaseRequest, query: str, claims: Claims | None, read: _Read, request_id: str | None
    ) -> Answer | web.StreamResponse:
        socket = WebSocket(self._limits.max_signal_size, self._limits.max_signal_backlog)
        try:
            wish = read(_parameters(query), claims)
            if not socket.welcomes(request):
                self._backend.admit(wish)
                return text(400, "this is not a WebSocket handshake of version 13")._replace(headers=_NO_HANDSHAKE)
            await self._backend.prepare(wish)
            if request.transport is None:
                raise ConnectionResetError("the client hung up before it was let in")
            client = self._backend.connect(wish, socket)
        except ServiceError as refusal:
            self._backend.tally.refused += 1
            log.info("a client is refused", **_whom(claims), reason=refusal.message, request_id=request_id)
            return _refused(refusal)
        if client is None:
            log.info("a client has nothing to resume", **_whom(claims), request_id=request_id)
        else:
            socket.names = {**_whom(claims), "participant": client.participant.sid}
            event = "a client is back" if wish.reconnect else "a client comes"
            log.info(event, **socket.names, request_id=request_id)
        return await socket.run(request, client)


def _parameters(query: str) -> Mapping[str, str]:
    """The first value of each parameter."""
    try:
        given = parse_qs(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError as error:
        raise ServiceError(Code.INVALID_ARGUMENT, f"the query has more than {_MAX_PARAMETERS} parameters") from error
    return {name: values[0] for name, values in given.items()}


def _whom(claims: Claims | None) -> dict[str, str]:
    """A token's room and identity, for the log."""
    video = claims.video if claims else None
    return {"room": video.room if video else "", "identity": claims.identity} if claims else {}


def _refused(refusal: ServiceError) -> Answer:
    return text(STATUS[refusal.code], refusal.message)
