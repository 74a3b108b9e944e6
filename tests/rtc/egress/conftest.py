"""One more server, which records, for the tests of this folder; the API's client is one of that server."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import api

from tests.rtc.network import Network
from tests.rtc.recording import recording_server
from tests.rtc.server import Server

PRESET = {"recorded": {"egress": {"participant": {"file_outputs": [{"filepath": "preset/{publisher_identity}"}]}}}}
"""Rooms of this configuration record their participants."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recorder(network: Network, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    with network:
        async with recording_server(tmp_path_factory.mktemp("egress"), room={"room_configurations": PRESET}) as server:
            yield server


@pytest_asyncio.fixture(loop_scope="session")
async def livekit(recorder: Server) -> AsyncIterator[api.LiveKitAPI]:
    async with recorder.api() as client:
        yield client
