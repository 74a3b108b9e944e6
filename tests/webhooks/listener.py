"""A receiver of webhooks with a ledger of its own, checked by the official receiver of livekit-api."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web
from livekit import api

from tests.ports import free_port
from tests.serving import KEY, SECRET

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One POST, and what was answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    event: api.WebhookEvent
    answered: int

    @property
    def room(self) -> str:
        return self.event.room.name


Answer = Callable[[api.WebhookEvent, int], int]
"""Given an event and how often it has come before: the status to answer."""


@dataclass
class Listener:
    """`answer` decides the status; `gate`, when cleared, lets POSTs hang. `ledger` has what came, in order."""

    port: int = field(default_factory=free_port)
    answer: Answer = lambda _event, _before: 200
    keys: dict[str, str] = field(default_factory=lambda: {KEY: SECRET})
    headers: dict[str, str] = field(default_factory=dict)
    ledger: list[Arrival] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    counts: Counter[str] = field(default_factory=Counter)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _runner: web.AppRunner | None = None

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def start(self) -> None:
        self.gate.set()
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._hook)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_) -> None:
        await self.stop()

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        (key, secret), *_ = self.keys.items()
        receiver = api.WebhookReceiver(api.TokenVerifier(key, secret))
        event = receiver.receive(body.decode(), request.headers["Authorization"])
        await self.gate.wait()
        before = self.counts[event.id]
        self.counts[event.id] += 1
        status = self.answer(event, before)
        self.ledger.append(Arrival(request.path, dict(request.headers), body, event, status))
        async with self.came:
            self.came.notify_all()
        return web.Response(status=status, headers=self.headers)

    async def until(self, enough: Callable[[], bool], patience: float = PATIENCE_S) -> None:
        """Wait until the ledger is as wanted."""
        async with asyncio.timeout(patience), self.came:
            await self.came.wait_for(enough)

    async def until_named(self, *names: str) -> list[Arrival]:
        """Wait for events of these names, in this order and no others; answered well or not."""
        await self.until(lambda: len(self.ledger) >= len(names))
        assert tuple(arrival.event.event for arrival in self.ledger) == names
        return self.ledger

    def taken(self, path: str = "/hook") -> list[api.WebhookEvent]:
        """Events that were answered with 200, each once, in the order of their first arrival."""
        found = {a.event.id: a.event for a in self.ledger if a.answered == 200 and a.path == path}
        return list(found.values())
