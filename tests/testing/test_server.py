"""The server itself: for unittest, for scripts, for frameworks with fixtures of their own."""

import asyncio
import gc
import os
import subprocess
import sys
import threading

import aiohttp
import pytest
import structlog
from livekit import api

from roomwright.config import ConfigError
from roomwright.testing import NotPossibleError, ThreadedServer, running_server


def rooms(server) -> list[str]:
    return [room.name for room in server.run(server.api.room.list_rooms(api.ListRoomsRequest())).rooms]


class TestEnvironment:
    def test_clients_find_the_server_by_it_until_the_end(self, monkeypatch):
        monkeypatch.setenv("LIVEKIT_URL", "wss://production.example")
        monkeypatch.setenv("LIVEKIT_TOKEN", "of production")
        monkeypatch.delenv("LIVEKIT_API_KEY", raising=False)

        async def create():
            async with api.LiveKitAPI() as client:
                await client.room.create_room(api.CreateRoomRequest(name="standup"))

        with running_server() as server:
            assert os.environ["LIVEKIT_URL"] == server.url
            assert "LIVEKIT_TOKEN" not in os.environ
            asyncio.run(create())
            assert rooms(server) == ["standup"]
        assert os.environ["LIVEKIT_URL"] == "wss://production.example"
        assert os.environ["LIVEKIT_TOKEN"] == "of production"
        assert "LIVEKIT_API_KEY" not in os.environ

    def test_a_threaded_server_leaves_it_alone(self, monkeypatch):
        monkeypatch.delenv("LIVEKIT_URL", raising=False)
        with ThreadedServer() as server:
            assert "LIVEKIT_URL" not in os.environ
            assert server.environment["LIVEKIT_URL"].startswith("ws://127.0.0.1:")


class TestClient:
    def test_one_client_serves_any_number_of_loops(self):
        with ThreadedServer() as server:
            for name in ("first", "second"):
                asyncio.run(server.api.room.create_room(api.CreateRoomRequest(name=name)))
            assert rooms(server) == ["first", "second"]

    def test_its_errors_are_the_official_ones(self):
        with ThreadedServer() as server, pytest.raises(api.TwirpError, match="not_found"):
            server.run(server.api.room.delete_room(api.DeleteRoomRequest(room="nowhere")))

    def test_a_client_with_the_wrong_secret_is_refused(self):
        async def list_rooms(url):
            async with api.LiveKitAPI(url, "devkey", "x" * 32) as client:
                await client.room.list_rooms(api.ListRoomsRequest())

        with ThreadedServer() as server, pytest.raises(api.TwirpError, match="signature"):
            asyncio.run(list_rooms(server.url))


class TestItsLife:
    def test_nothing_is_left_of_it(self):
        before = threading.active_count()
        with ThreadedServer() as server:
            port = server.http_url.rpartition(":")[2]
        assert not server.running
        assert repr(server) == "<ThreadedServer memory: stopped>"
        gc.collect()
        assert threading.active_count() <= before + 2  # pools of the server's libraries may keep theirs

        async def connect():
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/"):
                pass

        with pytest.raises(aiohttp.ClientConnectorError):
            asyncio.run(connect())

    def test_what_it_cannot_do_any_more_it_says(self):
        with ThreadedServer() as server:
            pass
        with pytest.raises(RuntimeError, match="not running"):
            rooms(server)

    def test_two_do_not_know_of_each_other(self):
        with ThreadedServer() as one, ThreadedServer() as other:
            one.join("alice", "standup")
            assert (rooms(one), rooms(other)) == (["standup"], [])

    def test_it_starts_again(self):
        server = ThreadedServer()
        for _ in range(2):
            with server:
                assert rooms(server) == []
                server.join("alice", "standup")

    def test_its_log_is_not_printed(self, capsys):
        with ThreadedServer() as server:
            rooms(server)
        assert capsys.readouterr() == ("", "")

    def test_its_log_goes_to_logging(self, caplog):
        with caplog.at_level("INFO"), ThreadedServer() as server:
            assert f"url={server.http_url}" in caplog.text

    def test_the_log_of_one_is_not_printed_when_another_stops(self, capsys):
        with ThreadedServer() as server:
            with ThreadedServer():
                pass
            server.webhooks.fail()
            server.reset()
        assert capsys.readouterr() == ("", "")

    def test_structlog_is_as_it_was(self):
        program = (
            "import structlog\n"
            "from roomwright.testing import ThreadedServer\n"
            "with ThreadedServer():\n"
            "    structlog.get_logger('somebody').info('hello')\n"
            "assert not structlog.is_configured()\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert (done.stdout.count("\n"), "hello" in done.stdout, done.stderr) == (1, True, "")

    def test_who_configured_structlog_keeps_it(self):
        entries = []

        def take(_logger, _name, entry):
            entries.append(entry)
            raise structlog.DropEvent

        structlog.configure(processors=[take])
        with ThreadedServer():
            pass
        assert structlog.is_configured()
        assert "listening" in [entry["event"] for entry in entries]


class TestConfiguration:
    def test_it_has_the_shape_of_livekits_file(self):
        with ThreadedServer(config={"room": {"empty_timeout": 10}}) as server:
            assert server.run(server.api.room.create_room(api.CreateRoomRequest(name="a"))).empty_timeout == 10

    def test_what_is_wrong_with_it_is_named(self):
        with pytest.raises(ConfigError, match=r"room\.empty_timeout"):
            ThreadedServer(config={"room": {"empty_timeout": "soon"}})
        with pytest.raises(ValueError, match="rooom"):
            ThreadedServer(config={"rooom": {}})
        with pytest.raises(ValueError, match="port: a test's server decides that itself"):
            ThreadedServer(config={"port": 7880})

    def test_a_backend_that_there_is_not_is_named(self):
        with pytest.raises(ValueError, match="'redis'; there are memory, embedded"):
            ThreadedServer("redis")


def test_importing_the_plugin_loads_nothing_of_the_server():
    program = (
        "import pytest, sys; before = set(sys.modules); import roomwright.testing.plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(["roomwright", "roomwright.testing", "roomwright.testing.plugin"])


class TestMissingPackages:
    def test_the_api_client_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "livekit.api", None)
        monkeypatch.delattr("livekit.api")
        with ThreadedServer() as server, pytest.raises(NotPossibleError, match=r"pip install 'roomwright\[testing\]'"):
            _ = server.api

    def test_the_sdk_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "livekit.rtc", None)
        monkeypatch.delattr("livekit.rtc", raising=False)
        monkeypatch.delitem(sys.modules, "roomwright.testing.real", raising=False)
        with ThreadedServer("embedded") as server, pytest.raises(NotPossibleError, match="pip install livekit"):
            server.connect("alice", "standup")


def test_methods_say_what_they_do():
    with ThreadedServer() as server:
        assert "scripted participant" in (ThreadedServer.join.__doc__ or "")
        assert server.join.__doc__ == ThreadedServer.join.__doc__
