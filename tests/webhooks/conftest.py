"""A listener, and servers whose webhooks go to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from livekit import api

from roomwright.app import Server
from roomwright.config import Config, WebhookSettings, WebhookUrl
from tests.serving import KEY, SECRET
from tests.webhooks.listener import Listener


@dataclass(frozen=True)
class Host:
    """A server that runs, and a client for its API."""

    server: Server
    lk: api.LiveKitAPI

    async def create(self, name: str, **fields) -> None:
        await self.lk.room.create_room(api.CreateRoomRequest(name=name, **fields))

    async def delete(self, name: str) -> None:
        await self.lk.room.delete_room(api.DeleteRoomRequest(room=name))


Hosting = Callable[..., AbstractAsyncContextManager[Host]]


@pytest_asyncio.fixture
async def listener() -> AsyncIterator[Listener]:
    async with Listener() as listener:
        yield listener


@pytest.fixture
def hosting(tmp_path: Path) -> Hosting:
    """Starts servers whose outbox is the test's directory."""

    @asynccontextmanager
    async def host(*urls: str | WebhookUrl, keys: dict[str, str] | None = None, **settings) -> AsyncIterator[Host]:
        targets = tuple(WebhookUrl(url=url) if isinstance(url, str) else url for url in urls)
        webhook = WebhookSettings(urls=targets, **{"outbox_directory": str(tmp_path / "outbox"), **settings})
        keys = {KEY: SECRET, **(keys or {})}
        config = Config(port=0, bind_addresses=("127.0.0.1",), keys=keys, webhook=webhook)
        async with Server(config) as server, api.LiveKitAPI(server.url, KEY, SECRET) as lk:
            yield Host(server, lk)

    return host
