"""What pytest loads wherever Roomwright is installed: the fixtures, the marker, the server's state in a failure report.

It must cost next to nothing to import, and do nothing to tests that ask for none of the fixtures: no logging, no event
loop, no environment. Servers live for the session, one for each backend and configuration; a test gets a clean one.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from livekit import api

    from roomwright.testing.bridge import Bound
    from roomwright.testing.clock import ServerClock
    from roomwright.testing.faults import Faults
    from roomwright.testing.participant import Participant
    from roomwright.testing.real import RealParticipant
    from roomwright.testing.server import ThreadedServer
    from roomwright.testing.webhooks import WebhookInbox

KEPT = 4
"""How many servers are kept running; a session with more configurations stops the one that was not used for longest."""
_MARKER = "livekit(backend='memory', config={}): the server's backend, memory or embedded, and its configuration"
_SERVER = pytest.StashKey["ThreadedServer"]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """Show what the server looked like when a test failed."""
    report = yield
    server = item.stash.get(_SERVER, None)
    if report.failed and server is not None:
        report.sections.append(("LiveKit server", _state(server)))
    return report


def _state(server: "ThreadedServer") -> str:
    try:
        return server.report()
    except Exception as error:  # the report of a failed test comes first
        return f"the server cannot say how it is: {error!r}"


class _Servers:
    """Servers by what they are, the one used last at the end."""

    def __init__(self) -> None:
        self._running: dict[str, ThreadedServer] = {}

    def get(self, backend: str, config: Mapping[str, Any]) -> "ThreadedServer":
        """A running server of that kind; raises what `ThreadedServer` does."""
        from roomwright.testing.server import ThreadedServer

        kind = json.dumps([backend, config], sort_keys=True)
        server = self._running.pop(kind, None) or ThreadedServer(backend, config).__enter__()
        self._running[kind] = server
        if len(self._running) > KEPT:
            self._running.pop(next(iter(self._running))).__exit__()
        return server

    def stop(self) -> None:
        """Stop them all."""
        while self._running:
            self._running.popitem()[1].__exit__()


@pytest.fixture(scope="session")
def livekit_config() -> dict[str, Any]:
    """Settings of all servers, in the shape of LiveKit's configuration file; override it in a conftest.py."""
    return {}


@pytest.fixture(scope="session")
def _livekit_servers() -> Iterator[_Servers]:
    servers = _Servers()
    yield servers
    servers.stop()


@pytest.fixture
def livekit_server(
    request: pytest.FixtureRequest,
    _livekit_servers: _Servers,
    livekit_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> "Iterator[ThreadedServer]":
    """A running server with nothing in it, which LiveKit's clients find by the environment."""
    backend, config = _wanted(request.node, livekit_config)
    server = _livekit_servers.get(backend, config)
    server.reset()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LIVEKIT_TOKEN", raising=False)
    request.node.stash[_SERVER] = server
    yield server
    del request.node.stash[_SERVER]
    server.reset()


def _wanted(node: pytest.Item, config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The backend and the configuration that the markers ask for, the nearest one last."""
    backend = "memory"
    for marker in reversed(list(node.iter_markers("livekit"))):
        unknown = marker.kwargs.keys() - {"backend", "config"}
        if marker.args or unknown:
            pytest.fail(f"the marker is {_MARKER}; not {', '.join([*map(repr, marker.args), *unknown])}", pytrace=False)
        backend = marker.kwargs.get("backend", backend)
        config = _merged(config, marker.kwargs.get("config", {}))
    return backend, config


def _merged(config: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Section by section."""
    merged = dict(config)
    for key, value in more.items():
        section = merged.get(key)
        merged[key] = {**section, **value} if isinstance(section, dict) and isinstance(value, dict) else value
    return merged


@pytest.fixture
def livekit_api(livekit_server: "ThreadedServer") -> "api.LiveKitAPI":
    """LiveKit's own API client, connected to the server; for any event loop."""
    return livekit_server.api


@pytest.fixture
def livekit_clock(livekit_server: "ThreadedServer") -> "ServerClock":
    """The server's clock, which can be put forward."""
    return livekit_server.clock


@pytest.fixture
def livekit_faults(livekit_server: "ThreadedServer") -> "Faults":
    """What goes wrong with the server."""
    return livekit_server.faults


@pytest.fixture
def webhook_inbox(livekit_server: "ThreadedServer") -> "WebhookInbox":
    """The webhooks that the server sends: `webhook_inbox.wait_for("room_started")`."""
    return livekit_server.webhooks


@pytest.fixture
def livekit_participant(livekit_server: "ThreadedServer") -> "Bound[..., Participant]":
    """Lets a scripted participant into a room: `livekit_participant("alice", "standup", can_publish=False)`."""
    return livekit_server.join


@pytest.fixture
def livekit_real_participant(livekit_server: "ThreadedServer") -> "Bound[..., RealParticipant]":
    """Lets LiveKit's SDK for Python into a room of the embedded backend; arguments as of `livekit_participant`."""
    return livekit_server.connect
