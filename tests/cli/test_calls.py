"""Commands that call a server: what it does, what is printed for people and for programs, and what goes wrong."""

import asyncio
import http.client
import http.server
import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from roomwright import codec
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.cli.connection import Connection
from roomwright.cli.parser import make_parser
from roomwright.cli.tables import fields, moment, table
from roomwright_proto import livekit as pb
from tests.cli.conftest import Run
from tests.serving import KEY, SECRET, Running, token


class Guest:
    """Somebody in a room, who tells what it hears."""

    def __init__(self, server: Running, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._server = server
        self._socket = socket

    async def ask(self, **request: Any) -> None:
        await self._socket.send_bytes(codec.encode(pb.SignalRequest(**request)))

    async def hear(self, kind: str) -> Any:
        while True:
            message = codec.decode(pb.SignalResponse, await self._socket.receive_bytes(timeout=60))
            if (found := getattr(message, kind)) is not None:
                return found


@pytest.fixture
def visit(server: Running) -> Callable[..., Any]:
    """Run a coroutine with a guest in a room, in a thread and loop of its own, until what it returns is called."""

    def run_with(identity: str, do: Callable[[Guest], Awaitable[Any]], room: str = "r") -> Callable[[], Any]:
        ready, result = threading.Event(), []

        async def visiting() -> None:
            grant = VideoGrant(room_join=True, room=room, can_update_own_metadata=True)
            url = f"http://127.0.0.1:{server.port}/rtc?access_token={token(Claims(identity=identity, video=grant))}"
            async with aiohttp.ClientSession() as http_client, http_client.ws_connect(url) as web_socket:
                guest = Guest(server, web_socket)
                await guest.hear("join")
                ready.set()
                result.append(await do(guest))

        thread = threading.Thread(target=lambda: asyncio.run(visiting()), daemon=True)
        thread.start()
        assert ready.wait(20)

        def end() -> Any:
            thread.join(30)
            return result[0]

        return end

    return run_with


async def until_removed(guest: Guest) -> pb.LeaveRequest:
    return await guest.hear("leave")


@pytest.fixture(autouse=True)
def empty(server: Running) -> Iterator[None]:
    yield
    url = ("--url", f"http://127.0.0.1:{server.port}", "--api-key", KEY, "--api-secret", SECRET)
    connection = Connection.of(make_parser().parse_args(["room", "list", *url]))
    for room in connection.call("RoomService", "ListRooms", {}, room_list=True)["rooms"]:
        connection.call("RoomService", "DeleteRoom", {"room": room["name"]}, room_create=True)


class TestRooms:
    def test_are_created_listed_changed_and_deleted(self, run: Run) -> None:
        assert run("room", "list").out == "no rooms\n"
        created = run("room", "create", "standup", "--max-participants", "8", "--empty-timeout", "60")
        assert (created.code, created.err) == (0, "")
        assert "max participants   8\n" in created.out
        assert "empty timeout      60 s\n" in created.out
        head, row = run("room", "list").rows
        assert head[:3] == ["NAME", "SID", "PARTICIPANTS"]
        assert (row[0], row[2], row[3]) == ("standup", "0", "0")
        assert "metadata           hello\n" in run("room", "update", "standup", "--metadata", "hello").out
        assert run("room", "delete", "standup").out == "deleted room 'standup'\n"
        assert run("room", "list").out == "no rooms\n"

    def test_are_printed_as_twirp_says_them(self, run: Run) -> None:
        created = run("room", "create", "a", "--metadata", "m", "--json").json
        assert (created["name"], created["metadata"], created["num_participants"]) == ("a", "m", 0)
        assert created["creation_time"].isdigit()
        listed = run("room", "list", "--json").json["rooms"]
        assert [room["sid"] for room in listed] == [created["sid"]]
        assert run("room", "delete", "a", "--json").json == {}

    def test_can_be_asked_for_by_name(self, run: Run) -> None:
        for name in ("a", "b", "c"):
            run("room", "create", name)
        assert [row[0] for row in run("room", "list", "c", "a", "nobody").rows[1:]] == ["a", "c"]

    def test_with_agents(self, run: Run) -> None:
        run("room", "create", "a", "--agent", "waiter", "--agent", "cook")
        assert {"waiter", "cook"} <= {row[2] for row in run("dispatch", "list", "a").rows}

    def test_names_that_would_break_the_table_are_escaped(self, run: Run) -> None:
        run("room", "create", "a\n\x1b[31mb")
        assert run("room", "list").out.splitlines()[1].startswith(r"a\n\x1b[31mb")


class TestParticipants:
    def test_are_listed_shown_changed_and_removed(self, run: Run, visit: Any) -> None:
        left = visit("alice", until_removed)
        head, row = run("room", "participants", "list", "r").rows
        assert (head[0], row[0], row[2]) == ("IDENTITY", "alice", "JOINED")
        changed = run(
            "room", "participants", "update", "--room", "r", "alice", "--name", "Alice", "--attribute", "a=b",
            "--permissions", '{"canPublish": false}',
        ).out  # fmt: skip
        assert "name          Alice\n" in changed
        assert "attributes    a=b\n" in changed
        shown = run("room", "participants", "get", "--room", "r", "alice", "--json").json
        assert (shown["name"], shown["permission"]["can_publish"], shown["permission"]["can_subscribe"]) == (
            "Alice", False, True,
        )  # fmt: skip
        removed = run("room", "participants", "remove", "--room", "r", "alice")
        assert removed.out == "removed 'alice' from room 'r'\n"
        assert left().reason is pb.DisconnectReason.PARTICIPANT_REMOVED

    def test_go_to_another_room(self, run: Run, visit: Any) -> None:
        left = visit("alice", until_removed)
        run("room", "create", "other")
        moved = run("room", "participants", "move", "--room", "r", "alice", "--destination-room", "other")
        assert moved.out == "moved 'alice' to room 'other'\n"
        assert run("room", "participants", "list", "other").rows[1][0] == "alice"
        run("room", "participants", "remove", "--room", "other", "alice")
        left()

    def test_are_refused_with_their_older_tokens(self, run: Run, visit: Any, server: Running) -> None:
        left = visit("alice", until_removed)
        run("room", "participants", "remove", "--room", "r", "alice", "--revoke-tokens")
        left()
        grant = VideoGrant(room_join=True, room="r")
        old = token(Claims(identity="alice", video=grant, not_before=1.0))
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", f"/rtc/validate?access_token={old}")
        assert connection.getresponse().status == 401

    def test_of_an_empty_room(self, run: Run) -> None:
        assert run("room", "participants", "list", "nowhere").out == "nobody is in room 'nowhere'\n"


class TestData:
    def test_reaches_everybody_or_those_who_are_named(self, run: Run) -> None:
        run("room", "create", "r")
        sent = run("room", "send-data", "--room", "r", "hello")
        assert sent.out == "sent 5 bytes to everybody in room 'r'\n"
        sent = run("room", "send-data", "--room", "r", "ü", "--identity", "a", "--identity", "b", "--topic", "t")
        assert sent.out == "sent 2 bytes to 'a', 'b'\n"

    def test_comes_from_a_file_or_standard_input(self, run: Run, tmp_path: Any, monkeypatch: Any) -> None:
        run("room", "create", "r")
        file = tmp_path / "data"
        file.write_bytes(bytes(range(256)))
        assert run("room", "send-data", "--room", "r", "--file", str(file)).out.startswith("sent 256 bytes")
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
        assert run("room", "send-data", "--room", "r", "-").out.startswith("sent 3 bytes")

    def test_that_cannot_be_read(self, run: Run) -> None:
        failed = run("room", "send-data", "--room", "r", "--file", "/nope")
        assert (failed.code, failed.err) == (2, "roomwright: error: cannot read /nope: No such file or directory\n")


def test_dispatches_are_made_listed_and_withdrawn(run: Run) -> None:
    run("room", "create", "r", "--agent", "first")
    made = run("dispatch", "create", "--room", "r", "--agent-name", "cook", "--metadata", "m", "--json").json
    assert (made["agent_name"], made["metadata"]) == ("cook", "m")
    assert [row[2] for row in run("dispatch", "list", "r", made["id"]).rows] == ["AGENT", "cook"]
    assert run("dispatch", "delete", "r", made["id"]).out == f"deleted dispatch {made['id']!r}\n"
    assert "cook" not in run("dispatch", "list", "r").out


class Silent(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        ("arguments", "code", "part"),
        [
            (["room", "participants", "get", "--room", "r", "bob"], 1, "not_found: "),
            (["room", "delete", "nowhere"], 1, "not_found: requested room does not exist: 'nowhere'"),
            (["room", "create", "x" * 300], 1, "invalid_argument: "),
            (["room", "perform-rpc", "--room", "r", "--identity", "bob", "method"], 1, "not_found: "),
            (["room", "mute-track", "--room", "r", "--identity", "bob", "TR_x"], 1, "not_found: "),
            (["room", "list", "--api-secret", "w" * 32], 1, "unauthenticated: the token's signature"),
            (["room", "list", "--url", "ftp://x"], 2, "--url must be an address such as http://"),
            (["room", "list", "--url", "http://x:port"], 2, "--url must be an address"),
            (["room", "list", "--url", "http://127.0.0.1:1"], 1, "cannot reach http://127.0.0.1:1: Connection refused"),
            (["room", "list", "--url", "http://no-such-host.invalid"], 1, "cannot reach http://no-such-host.invalid: "),
            (["room"], 2, "required: command (try roomwright room --help)"),
            (["room", "participants", "get", "bob"], 2, "required: --room"),
            (["room", "participants", "update", "--room", "r", "b", "--permissions", "x"], 2, "must be a JSON object"),
            (["room", "participants", "update", "--room", "r", "b", "--attribute", "x"], 2, "must be KEY=VALUE"),
            (["room", "send-data", "--room", "r"], 2, "required"),
        ],
    )
    def test_is_one_line(self, run: Run, arguments: list[str], code: int, part: str) -> None:
        said = run(*arguments)
        assert (said.code, said.out) == (code, "")
        assert said.err.startswith("roomwright: error: ")
        assert part in said.err
        assert said.err.count("\n") == 1

    def test_without_a_server_or_a_key(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LIVEKIT_API_SECRET")
        assert "no API key: give --api-key and --api-secret" in run("room", "list").err
        monkeypatch.delenv("LIVEKIT_URL")
        assert "no server: give --url or LIVEKIT_URL, or --dev" in run("room", "list").err

    def test_a_server_that_is_none(self, run: Run) -> None:
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            failed = run("room", "list", "--url", f"http://127.0.0.1:{other.server_port}")
            other.shutdown()
        assert failed.code == 1
        assert failed.err.startswith("roomwright: error: the server answered 501")

    def test_a_server_that_hangs_up(self, run: Run) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
            failed = run("room", "list", "--url", f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert failed.code == 1
        assert failed.err.count("\n") == 1


def test_dev_means_the_development_servers_key_wherever_it_runs(run: Run) -> None:
    said = run("room", "list", "--dev")  # another secret than this server's
    assert "unauthenticated: the token's signature was not made with the secret of API key 'devkey'" in said.err
    assert run("room", "list", "--dev", "--api-key", KEY, "--api-secret", SECRET).code == 0
    assert run("--dev", "room", "list").code == 1


def test_a_whole_process_answers_programs(run: Run) -> None:
    run("room", "create", "r")
    command = [sys.executable, "-m", "roomwright", "room", "list", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert [room["name"] for room in json.loads(done.stdout)["rooms"]] == ["r"]


class TestTables:
    def test_are_aligned_without_trailing_space(self) -> None:
        rows = [("long name", 1, True), ("b", None, False)]
        assert table(("A", "NUMBER", "C"), rows, "nothing") == ("A          NUMBER  C\nlong name  1       yes\nb")

    def test_cut_what_is_too_wide(self) -> None:
        first, second = table(("A", "B"), [("x" * 100, 1), ("y" * 101, 2)], "nothing").splitlines()[1:]
        assert (first, second) == (f"{'x' * 100}  1", f"{'y' * 99}…  2")

    def test_without_rows_say_so(self) -> None:
        assert table(("A",), [], "nothing") == "nothing"

    def test_fields_without_a_value_are_left_out(self) -> None:
        assert fields([("name", "a"), ("metadata", ""), ("other", None)]) == "name  a"

    @pytest.mark.parametrize(("seconds", "text"), [("0", ""), (None, ""), ("1795379840", "2026-11-22 20:37:20")])
    def test_moments(self, seconds: object, text: str) -> None:
        assert moment(seconds) == text
