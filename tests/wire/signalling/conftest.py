"""A whole server, and connections to it."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from roomwright.app import Server
from roomwright.config import Config
from tests.serving import KEY, SECRET
from tests.wire.signalling.client import Client, Connect, bearer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET})) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def connect(server: Server, http: aiohttp.ClientSession) -> Connect:
    async def connected(path: str = "/rtc?protocol=16", **claims: Any) -> Client:
        headers = {"Authorization": f"Bearer {bearer(**claims)}"}
        return Client(await http.ws_connect(server.url + path, headers=headers, max_msg_size=0))

    return connected
