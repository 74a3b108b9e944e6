"""The webhook inbox: a listener that gets every webhook of a test's server, and checks its signature.

Owns receiving; the server delivers over HTTP as it does to everybody. Webhooks of rooms of an earlier test are not
shown to the next one.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from roomwright.config.event_names import ALL_EVENTS, OPT_IN
from roomwright.config.event_readers import wrong_url
from roomwright.testing.bridge import LoopThread, both
from roomwright.testing.official import official_package
from roomwright.testing.tokens import KEY, SECRET
from roomwright.testing.waiting import PATIENCE_S, Arrivals

if TYPE_CHECKING:
    from livekit import api

_FORGOTTEN = 10_000
"""How many rooms of earlier tests are remembered."""
_LARGEST = 64 * 1024 * 1024
_CARRIED = ("Authorization", "Content-Type")


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook: `message` is the official `livekit.api.WebhookEvent`; `body` and `headers` are as they were sent."""

    message: "api.WebhookEvent"
    body: bytes
    headers: Mapping[str, str]

    @property
    def event(self) -> str:
        """The event's name, such as `room_started`."""
        return self.message.event

    @property
    def room(self) -> str:
        """The name of the room, or ""."""
        return self.message.room.name or self.message.egress_info.room_name

    @property
    def participant(self) -> str:
        """The identity of the participant, or ""."""
        return self.message.participant.identity

    def __str__(self) -> str:
        """For people."""
        return " ".join(filter(None, (self.event, self.room, self.participant)))


def _known(event: str) -> str:
    """The event, as those are told who waited for it in vain. Raises ValueError if there is none of that name."""
    if event not in ALL_EVENTS:
        names = ", ".join(sorted(ALL_EVENTS))
        raise ValueError(f"there is no event {event!r}; there are {names}")
    return f"{event} (sent only where webhook.filter_params.include_events names it)" if event in OPT_IN else event


class WebhookInbox:
    """Every webhook since the test began."""

    def __init__(self, thread: LoopThread) -> None:
        self.thread = thread
        self._arrivals = Arrivals[Webhook](str)
        self._forgotten: dict[str, None] = {}
        self._failures: int | None = 0
        self._status = 503
        self._relay = ""
        self._listener: asyncio.Server | None = None
        self._session: aiohttp.ClientSession | None = None
        self.rejected: list[str] = []
        self.owes = False
        self.url = ""

    def __repr__(self) -> str:
        return f"<WebhookInbox {self.url}: {', '.join(map(str, self.received)) or 'empty'}>"

    @property
    def received(self) -> list[Webhook]:
        """All that arrived, in order."""
        return list(self._arrivals.all)

    @both
    async def wait_for(
        self,
        event: str,
        *,
        room: str | None = None,
        participant: str | None = None,
        where: Callable[[Webhook], bool] | None = None,
        timeout: float = PATIENCE_S,  # noqa: ASYNC109 - the error says what came
    ) -> Webhook:
        """The next webhook of that event (of that room, of that identity, for which `where` is true).

        Each is handed out once. Raises `WaitedInVainError`, an AssertionError that says what did arrive; ValueError
        for a name that no event has.
        """
        known = _known(event)

        def wanted(webhook: Webhook) -> bool:
            return (
                webhook.event == event
                and room in {None, webhook.room}
                and participant in {None, webhook.participant}
                and (where is None or where(webhook))
            )

        what = " ".join(filter(None, (known, room and f"of room {room!r}", participant and f"of {participant!r}")))
        return await self._arrivals.take(wanted, what, timeout)

    def fail(self, times: int | None = None, status: int = 503) -> None:
        """Answer the next deliveries (all, without a number) with an error, so that the server tries again."""
        self._failures, self._status = times, status
        self.owes = True

    def relay_to(self, url: str) -> None:
        """Pass every webhook on to the tested program, as it came; its answer is what the server gets.

        A webhook is shown here once the program has answered. Raises ValueError for what is no URL.
        """
        if reason := wrong_url(url):
            raise ValueError(f"url {reason}")
        self._relay = url
        self.owes = True

    # for the server

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._session = aiohttp.ClientSession()
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(web.Server(self._receive, request_factory=_request), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}/webhooks"

    async def stop(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.close()
        if self._session is not None:
            await self._session.close()

    def forget(self, rooms: Iterable[str]) -> None:
        """Be empty, and stay so whatever still comes of the rooms with these sids."""
        self._forgotten |= dict.fromkeys(rooms)
        for sid in list(self._forgotten)[:-_FORGOTTEN]:
            del self._forgotten[sid]
        self._arrivals.clear()
        self.rejected.clear()
        self._failures, self._relay, self.owes = 0, "", False

    async def _receive(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        try:
            message = _verified(body, request.headers.get("Authorization", ""))
        except Exception as error:  # whatever the official receiver finds wrong
            self.rejected.append(f"{error!r}")
            return web.Response(status=401)
        if self._is_forgotten(message):
            return web.Response()
        if self._failures != 0:
            self._failures = None if self._failures is None else self._failures - 1
            return web.Response(status=self._status)
        headers = {name: request.headers.get(name, "") for name in _CARRIED}
        status = await self._relayed(body, headers) if self._relay else 200
        if not self._is_forgotten(message):
            self._arrivals.put(Webhook(message, body, headers))
        return web.Response(status=status)

    def _is_forgotten(self, message: "api.WebhookEvent") -> bool:
        return message.room.sid in self._forgotten or message.egress_info.room_id in self._forgotten

    async def _relayed(self, body: bytes, headers: Mapping[str, str]) -> int:
        if self._session is None:
            return 503
        try:
            async with self._session.post(self._relay, data=body, headers=headers) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 503


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """A request that may be large: a room's metadata may hold half a megabyte, and JSON six bytes for one of it."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LARGEST)


def _verified(body: bytes, token: str) -> Any:
    """The event, when the official receiver takes it."""
    api = official_package()
    return api.WebhookReceiver(api.TokenVerifier(KEY, SECRET)).receive(body.decode(), token)
