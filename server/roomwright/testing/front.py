"""The HTTP port of a test's server: the real one, behind faults, with a record of the last calls."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from roomwright.auth.claims import Claims
from roomwright.auth.tokens import TokenVerifier
from roomwright.errors import ServiceError
from roomwright.testing.faults import JOIN, Cut, Fate, Faults
from roomwright.wire import twirp
from roomwright.wire.answer import Answer, text
from roomwright.wire.http import PUBLIC, Door, Front
from roomwright.wire.paths import split_target
from roomwright.wire.response import respond

REMEMBERED = 30
"""How many calls a failure report may look back on."""
SOCKETS = {"/rtc": "/rtc/validate", "/rtc/v1": "/rtc/v1/validate"}
"""Where clients come in, and where they then ask why they may not."""
NO_CLIENTS = (
    "the memory backend takes no real clients; mark the test with @pytest.mark.livekit(backend='embedded'), "
    "or start the server with backend='embedded'"
)
_REFUSED = 400
_SERVICES = f"{twirp.PREFIX}/livekit."


@dataclass(slots=True)
class Call:
    """One request; `outcome` is empty while it is not answered."""

    name: str
    outcome: str = ""
    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def end(self, outcome: str) -> None:
        """It is over."""
        self.outcome, self.seconds = outcome, time.monotonic() - self.started


class Record:
    """What faults there are, which calls there were, and where clients come in; the front's memory."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.calls: deque[Call] = deque(maxlen=REMEMBERED)
        self.generation = 0
        self.refused_join: ServiceError | None = None

    def begin(self, name: str) -> Call:
        """A call came."""
        call = Call(name)
        self.calls.append(call)
        return call

    async def fate(self, name: str) -> Fate:
        """What becomes of a call, after its delay; a call of an earlier test is cut before it is handled."""
        fate, generation = self.faults.meet(name), self.generation
        if fate.delay:
            await asyncio.sleep(fate.delay)
        return fate if generation == self.generation else Fate(cut=Cut.UNHANDLED)

    def forget(self) -> None:
        """Begin anew; calls that still wait will not be handled."""
        self.generation += 1
        self.refused_join = None
        self.calls.clear()


async def _no_clients(_request: web.BaseRequest, _query: str, _claims: Claims | None) -> Answer:
    return text(501, NO_CLIENTS)


_NO_CLIENT_DOORS: Mapping[str, Door] = dict.fromkeys([*SOCKETS, *SOCKETS.values()], _no_clients)


class TestedFront(Front):
    """The real front, once a call's fate is known."""

    __test__ = False

    def __init__(self, record: Record, methods: twirp.Twirp, verifier: TokenVerifier, *others: Any) -> None:
        super().__init__(methods, verifier, *others)
        self._doors = {**_NO_CLIENT_DOORS, **self._doors}
        self._record = record

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Delay, refuse or cut a request as the test wants it, else answer it."""
        path = split_target(request.raw_path)[0]
        name = _name(path)
        if name is None or request.method == "OPTIONS":
            refusal = self._why_refused(path)
            return await super().__call__(request) if refusal is None else _plain(refusal, request)
        call = self._record.begin(name)
        try:
            response = await self._fated(request, name)
        except ConnectionError:
            call.end("connection cut")
            raise
        call.end(_outcome(response))
        return response

    def _why_refused(self, path: str) -> ServiceError | None:
        """What a client is told that asks why it could not come in, when a fault was the reason."""
        if path not in SOCKETS.values():
            return None
        refusal, self._record.refused_join = self._record.refused_join, None
        return refusal

    async def _fated(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        fate = await self._record.fate(name)
        if fate.cut is Cut.UNHANDLED or (fate.cut is not Cut.NO and name == JOIN):
            raise _cut(request)
        if fate.refusal is not None:
            return self._refused(request, name, fate.refusal)
        response = await super().__call__(request)
        if fate.cut is Cut.UNANSWERED:
            raise _cut(request)
        return response

    def _refused(self, request: web.BaseRequest, name: str, refusal: ServiceError) -> web.StreamResponse:
        if name != JOIN:
            return respond(twirp.error(refusal), request)
        self._record.refused_join = refusal
        return _plain(refusal, request)


def _name(path: str) -> str | None:
    """`/twirp/livekit.RoomService/CreateRoom` as `RoomService.CreateRoom`; None for what is no call."""
    if path in SOCKETS:
        return JOIN
    return path.removeprefix(_SERVICES).replace("/", ".") if path.startswith(_SERVICES) else None


def _plain(refusal: ServiceError, request: web.BaseRequest) -> web.StreamResponse:
    answer = text(twirp.STATUS[refusal.code], refusal.message)._replace(headers=PUBLIC)
    return respond(answer, request)


def _cut(request: web.BaseRequest) -> ConnectionError:
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()
    return ConnectionResetError("cut off by the test")


def _outcome(response: web.StreamResponse) -> str:
    """The status, with what an error says."""
    match response:
        case web.Response(body=bytes() as body) if response.status >= _REFUSED:
            return f"{response.status} {body.decode(errors='replace').strip()}"
        case web.Response():
            return str(response.status)
        case web.WebSocketResponse():
            return "ended"
        case _:
            return "200"
