"""One network, one server and at most one program of each client family, for all tests of this folder."""

import inspect
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from livekit import api

from tests.rtc.families import FAMILIES, PROGRAMS
from tests.rtc.guests import Guest, Program
from tests.rtc.network import Network, NetworkError
from tests.rtc.server import Server, join_token
from tests.support import skip_or_fail


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs real clients, and shares their programs on one event loop."""
    for item in items:
        if "tests/rtc/" in item.path.as_posix():
            item.add_marker(pytest.mark.suite)
            if inspect.iscoroutinefunction(getattr(item, "obj", None)):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    try:
        network = Network()
    except NetworkError as error:
        skip_or_fail(f"clients need a network of their own: {error}")
    yield network
    network.close()


@pytest.fixture(autouse=True)
def _in_the_network(network: Network) -> Iterator[None]:
    with network:
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(network: Network) -> AsyncIterator[Server]:
    with network:
        server = await Server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def programs(network: Network) -> AsyncIterator[Callable[[str], Awaitable[Program]]]:
    """The program of a family, started when it is first asked for."""
    running: dict[str, Program] = {}

    async def program(name: str) -> Program:
        if name not in running:
            family = FAMILIES[name]
            if family.missing:
                skip_or_fail(f"{name} clients need {' and '.join(family.missing)}")
            with network.outside():
                family.prepare()
            with network:
                running[name] = await Program.start(family.command, PROGRAMS)
        return running[name]

    yield program
    for each in running.values():
        await each.stop()


@pytest.fixture
def room() -> str:
    """A room name that no other test uses."""
    return f"room-{secrets.token_hex(4)}"


Invite = Callable[..., Awaitable[Guest]]


@pytest_asyncio.fixture(loop_scope="session")
async def invite(server: Server, programs: Callable[[str], Awaitable[Program]], room: str) -> AsyncIterator[Invite]:
    """Lets a participant of a family into the test's room; sends all away when the test is over."""
    guests: list[Guest] = []

    async def invite(family: str, identity: str, *, url: str = "", token: str = "", **options) -> Guest:
        guest = (await programs(family)).guest(identity)
        guests.append(guest)
        await guest.do("connect", url=url or server.socket_url, token=token or join_token(identity, room), **options)
        return guest

    yield invite
    for guest in guests:
        await guest.do("disconnect")


@pytest_asyncio.fixture(loop_scope="session")
async def livekit(server: Server) -> AsyncIterator[api.LiveKitAPI]:
    """The official client of the server's API."""
    async with server.api() as client:
        yield client
