"""Clients over real WebSockets: aiohttp's client speaks, the whole server answers."""

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from betterproto2 import which_one_of

from roomwright import codec
from roomwright.app import Server
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config import Config, LimitSettings, RoomSettings
from roomwright.sfu.backend import Caller
from roomwright.sfu.embedded.client import Client as EmbeddedClient
from roomwright.signalling import deadlines
from roomwright_proto import livekit as pb
from tests.serving import KEY, SECRET, token

CALLER = Caller()
LIMIT = 20.0


def bearer(identity: str = "alice", room: str = "room", **grant: Any) -> str:
    return token(Claims(identity=identity, video=VideoGrant(**{"room_join": True, "room": room, **grant})))


class Client:
    """One WebSocket."""

    def __init__(self, web_socket: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = web_socket

    async def next(self) -> tuple[str, Any]:
        """The next message, or ("closed", code)."""
        frame = await self.ws.receive(timeout=5)
        match frame.type:
            case aiohttp.WSMsgType.BINARY:
                return which_one_of(codec.decode(pb.SignalResponse, frame.data), "message")
            case aiohttp.WSMsgType.TEXT:
                return which_one_of(codec.from_json(pb.SignalResponse, frame.data), "message")
            case _:
                return "closed", self.ws.close_code

    async def until(self, kind: str) -> Any:
        async with asyncio.timeout(LIMIT):
            while True:
                name, content = await self.next()
                if name == kind:
                    return content
                assert name != "closed", f"closed with {content} before {kind}"

    async def end(self) -> int | None:
        async with asyncio.timeout(LIMIT):
            while True:
                name, content = await self.next()
                if name == "closed":
                    return content

    async def say(self, **request: Any) -> None:
        await self.ws.send_bytes(codec.encode(pb.SignalRequest(**request)))


Connect = Callable[..., Awaitable[Client]]


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


async def listed(server: Server) -> list[str]:
    answer = await server.backend.list_participants(pb.ListParticipantsRequest(room="room"), CALLER)
    return [info.identity for info in answer.participants]


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT):
        while not await condition():  # noqa: ASYNC110 - the server is asked from outside
            await asyncio.sleep(0.01)


class TestTheHandshake:
    @pytest.mark.parametrize("path", ["/rtc", "/rtc/v1?join_request=CAA%3D", "/rtc/v1?join_request=CAA="])
    async def test_is_answered_by_join(self, connect, path):
        client = await connect(path)
        assert (await client.next())[0] == "join"
        assert (await client.next())[0] == "refresh_token"

    async def test_takes_the_token_from_the_query(self, server, http):
        client = Client(await http.ws_connect(f"{server.url}/rtc?access_token={bearer()}"))
        assert (await client.until("join")).participant.identity == "alice"

    async def test_offers_neither_subprotocol_nor_compression(self, server, http):
        ws = await http.ws_connect(f"{server.url}/rtc?access_token={bearer()}", protocols=("foo",), compress=15)
        assert (ws.protocol, ws.compress) == (None, 0)

    @pytest.mark.parametrize(
        ("path", "claims", "status", "words"),
        [
            ("/rtc", {"room_join": False}, 401, "roomJoin"),
            ("/rtc", {"room": ""}, 400, "no room name"),
            ("/rtc", {"identity": ""}, 400, "identity"),
            ("/rtc", {"identity": "i" * 257}, 400, "identity length"),
            ("/rtc/v1", {}, 400, "join_request is required"),
            ("/rtc?attributes=!!", {}, 400, "attributes"),
        ],
    )
    async def test_is_refused_in_words(self, server, http, path, claims, status, words):
        headers = {"Authorization": f"Bearer {bearer(**claims)}", "Upgrade": "websocket", "Connection": "Upgrade"}
        async with http.get(server.url + path, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (status, "text/plain")
            assert words in await answer.text()
        assert len(server.backend.rooms) == 0

    async def test_without_a_key_names_the_version(self, server, http):
        headers = {"Authorization": f"Bearer {bearer()}", "Upgrade": "websocket", "Connection": "Upgrade"}
        async with http.get(f"{server.url}/rtc", headers=headers) as answer:
            assert (answer.status, answer.headers["Sec-WebSocket-Version"]) == (400, "13")
        assert await listed(server) == []

    @pytest.mark.parametrize("upgrade", [{}, {"Upgrade": "h2c", "Connection": "Upgrade"}])
    async def test_of_another_kind_is_not_found(self, server, http, upgrade):
        async with http.get(f"{server.url}/rtc", headers=upgrade) as answer:
            assert (answer.status, await answer.text()) == (404, "")

    async def test_into_a_full_room_is_forbidden(self, server, http, connect):
        await server.backend.create_room(pb.CreateRoomRequest(name="room", max_participants=1), CALLER)
        await connect()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await connect(identity="bob")
        assert refused.value.status == 403
        assert await listed(server) == ["alice"]

    async def test_where_rooms_are_not_created_needs_one(self, http):
        settings = RoomSettings(auto_create=False)
        config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, room=settings)
        async with Server(config) as server:
            headers = {"Authorization": f"Bearer {bearer()}"}
            async with http.get(f"{server.url}/rtc/validate", headers=headers) as answer:
                assert answer.status == 404
                assert "requested room does not exist" in await answer.text()
            creator = {"Authorization": f"Bearer {bearer(room_create=True)}"}
            async with http.get(f"{server.url}/rtc/validate", headers=creator) as answer:
                assert answer.status == 200


class TestValidate:
    @pytest.mark.parametrize("path", ["/rtc/validate", "/rtc/v1/validate?join_request=CAA="])
    async def test_says_success_and_lets_any_origin_read_it(self, server, http, path):
        headers = {"Authorization": f"Bearer {bearer()}", "Origin": "https://app.example"}
        async with http.get(server.url + path, headers=headers) as answer:
            assert (answer.status, await answer.text()) == (200, "success")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert len(server.backend.rooms) == 0

    @pytest.mark.parametrize("authorization", ["", "Bearer nonsense"])
    async def test_lets_any_origin_read_why_not(self, server, http, authorization):
        headers = {"Authorization": authorization} if authorization else {}
        async with http.get(f"{server.url}/rtc/validate", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (401, "text/plain")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"

    async def test_refuses_a_revoked_token(self, server, http, connect):
        client = await connect()
        await client.until("join")
        request = pb.RoomParticipantIdentity(room="room", identity="alice", revoke_token_ts=2**40)
        await server.backend.remove_participant(request, CALLER)
        assert (await client.until("leave")).reason is pb.DisconnectReason.PARTICIPANT_REMOVED
        assert await client.end() == 1000
        async with http.get(f"{server.url}/rtc/validate", headers={"Authorization": f"Bearer {bearer()}"}) as answer:
            assert answer.status == 401
            assert "revoked" in await answer.text()

    async def test_with_too_many_parameters_is_refused(self, server, http):
        query = "&".join(f"p{number}=1" for number in range(101))
        headers = {"Authorization": f"Bearer {bearer()}"}
        async with http.get(f"{server.url}/rtc/validate?{query}", headers=headers) as answer:
            assert answer.status == 400


class TestAConnection:
    async def test_ends_with_the_leave_that_was_sent(self, server, connect):
        client = await connect()
        await client.say(leave=pb.LeaveRequest(reason=pb.DisconnectReason.CLIENT_INITIATED))
        assert (await client.until("leave")).reason is pb.DisconnectReason.CLIENT_INITIATED
        assert await client.end() == 1000
        assert await listed(server) == []

    async def test_is_answered_in_the_frames_it_speaks(self, connect):
        client = await connect()
        await client.until("offer")
        await client.ws.send_str('{"ping_req":{"timestamp":"5"}}')
        frame = await client.ws.receive(timeout=5)
        assert frame.type is aiohttp.WSMsgType.TEXT
        assert '"pongResp":{"lastPingTimestamp":"5"' in frame.data
        await client.say(ping=1)
        assert (await client.ws.receive(timeout=5)).type is aiohttp.WSMsgType.BINARY

    @pytest.mark.parametrize("frame", ["{nope", b"\xff\xff\xff"])
    async def test_that_makes_no_sense_is_closed(self, server, connect, frame):
        client = await connect()
        await (client.ws.send_str(frame) if isinstance(frame, str) else client.ws.send_bytes(frame))
        assert await client.end() == 1000
        assert await listed(server) == []

    async def test_may_send_nothing_in_a_frame(self, connect):
        client = await connect()
        await client.ws.send_bytes(b"")
        await client.ws.send_str("")
        await client.ws.ping(b"hello")
        await client.say(ping=1)
        await client.until("pong")

    async def test_with_a_message_that_is_too_large_loses_only_itself(self, server, connect):
        alice, bob = await connect(), await connect(identity="bob")
        await alice.ws.send_bytes(bytes(LimitSettings().max_signal_size + 1))
        assert await alice.end() == 1009
        await bob.say(ping=1)
        await bob.until("pong")

    async def test_that_is_cut_is_resumed(self, server, connect):
        client = await connect()
        sid = (await client.until("join")).participant.sid
        transport = client.ws._writer.transport
        transport.abort()
        again = await connect(f"/rtc?reconnect=1&sid={sid}")
        assert [(await again.next())[0] for _ in range(4)] == ["reconnect", "update", "room_update", "refresh_token"]
        assert await listed(server) == ["alice"]

    async def test_that_is_not_known_to_be_dead_is_closed_by_the_resume(self, server, connect):
        old = await connect()
        sid = (await old.until("join")).participant.sid
        new = await connect(f"/rtc?reconnect=1&sid={sid}")
        assert (await new.next())[0] == "reconnect"
        assert await old.end() == 1000
        await new.say(ping=1)
        await new.until("pong")
        assert await listed(server) == ["alice"]

    async def test_that_resumes_nothing_is_told_to_rejoin(self, connect):
        client = await connect("/rtc?reconnect=1&sid=PA_nope")
        leave = await client.until("leave")
        assert (leave.reason.name, leave.action.name) == ("STATE_MISMATCH", "RECONNECT")
        assert await client.end() == 1000

    async def test_is_taken_over_by_the_same_identity(self, connect):
        old = await connect()
        await old.until("join")
        new = await connect()
        assert (await old.until("leave")).reason is pb.DisconnectReason.DUPLICATE_IDENTITY
        assert await old.end() == 1000
        await new.until("join")

    async def test_hears_of_others_at_once(self, connect):
        alice = await connect()
        await alice.until("join")
        await connect(identity="bob")
        assert (await alice.until("update")).participants[0].identity == "bob"
        assert (await alice.until("room_update")).room.num_participants == 2


async def test_one_who_does_not_read_loses_only_itself(http):
    """Everybody is sent much; the one whose socket is never read is cut off, and nobody waits for it."""
    limit = LimitSettings(max_signal_backlog=200_000)
    async with Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, limit=limit)) as server:
        with raw_client(server, "deaf"):
            headers = {"Authorization": f"Bearer {bearer('bob')}"}
            bob = Client(await http.ws_connect(f"{server.url}/rtc", headers=headers, max_msg_size=0))
            await eventually(lambda: has(server, "deaf", "bob"))
            for number in range(200):
                metadata = f"{number}".ljust(50_000, ".")
                request = pb.UpdateRoomMetadataRequest(room="room", metadata=metadata)
                await server.backend.update_room_metadata(request, CALLER)
                while (await bob.until("room_update")).room.metadata != metadata:
                    pass
            await eventually(lambda: has(server, "bob"))
            await bob.say(ping=1)
            await bob.until("pong")


def raw_client(server: Server, identity: str) -> socket.socket:
    """A socket on which a WebSocket is asked for and nothing read; the system keeps little for it."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", server.port))
    lines = [
        f"GET /rtc?access_token={bearer(identity)} HTTP/1.1",
        "Host: x",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    raw.sendall("\r\n".join([*lines, "", ""]).encode())
    return raw


async def has(server: Server, *identities: str) -> bool:
    return set(await listed(server)) == set(identities)


async def test_one_who_floods_does_not_keep_others_waiting(server, connect):
    bob = await connect(identity="bob")
    await bob.until("refresh_token")
    pings = b"\x82\x82\0\0\0\0\x70\x01" * 10_000  # masked with zeros: SignalRequest(ping=1)

    def flood(stop: threading.Event) -> None:
        with raw_client(server, "flooder") as flooder, contextlib.suppress(OSError):
            while not stop.is_set():
                flooder.sendall(pings)
                while flooder in select.select([flooder], [], [], 0)[0] and flooder.recv(2**20):
                    pass

    stop = threading.Event()
    flooding = asyncio.get_running_loop().run_in_executor(None, flood, stop)
    try:
        await eventually(lambda: has(server, "bob", "flooder"))
        for _ in range(20):
            start = asyncio.get_running_loop().time()
            await bob.say(ping=1)
            await bob.until("pong")
            assert asyncio.get_running_loop().time() - start < 1.0
    finally:
        stop.set()
        await flooding


async def test_a_client_that_only_answers_pings_stays(server, connect, monkeypatch):
    monkeypatch.setattr(deadlines, "PING_EVERY", 0.05)
    monkeypatch.setattr(deadlines, "SILENCE", 0.3)
    client = await connect()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.until("leave"), 0.8)
    assert await listed(server) == ["alice"]


async def test_a_fault_of_ours_ends_one_connection_and_is_logged(server, connect, monkeypatch, capsys):
    alice, bob = await connect(), await connect(identity="bob")
    await alice.until("refresh_token")
    with monkeypatch.context() as broken:
        broken.setattr(EmbeddedClient, "on_frame", lambda *_: 1 / 0)
        await alice.say(ping=1)
        assert await alice.end() == 1000
    assert "a client's connection failed" in capsys.readouterr().out
    await bob.say(ping=1)
    await bob.until("pong")


async def test_a_server_that_stops_tells_everybody_and_does_not_wait(server, connect):
    client = await connect()
    await client.until("join")
    start = asyncio.get_running_loop().time()
    stopping = asyncio.create_task(server.stop())
    assert (await client.until("leave")).reason is pb.DisconnectReason.SERVER_SHUTDOWN
    assert await client.end() == 1000
    await stopping
    assert asyncio.get_running_loop().time() - start < 2.0
