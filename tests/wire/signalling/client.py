"""A client of the tests: aiohttp's WebSocket, and messages instead of frames."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from betterproto2 import which_one_of

from roomwright import codec
from roomwright.app import Server
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.sfu.backend import Caller
from roomwright_proto import livekit as pb
from tests.serving import token

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
        frame = await self.ws.receive(timeout=LIMIT)
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


async def listed(server: Server) -> list[str]:
    answer = await server.backend.list_participants(pb.ListParticipantsRequest(room="room"), CALLER)
    return [info.identity for info in answer.participants]


async def has(server: Server, *identities: str) -> bool:
    return set(await listed(server)) == set(identities)


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT):
        while not await condition():  # noqa: ASYNC110 - the server is asked from outside
            await asyncio.sleep(0.01)
