"""Clients that do not read, that flood, that meet a fault of ours: each loses only itself."""

import asyncio
import contextlib
import select
import socket
import threading

from roomwright.app import Server
from roomwright.config import Config, LimitSettings
from roomwright.sfu.embedded.client import Client as EmbeddedClient
from roomwright_proto import livekit as pb
from tests.serving import KEY, SECRET
from tests.wire.signalling.client import CALLER, LIMIT, Client, bearer, eventually, has


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
            assert asyncio.get_running_loop().time() - start < LIMIT
    finally:
        stop.set()
        await flooding


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
