"""Clients for benchmarks that cost little themselves: a WebSocket on `/rtc/v1`, one connectivity check, DTLS, SCTP.

Their connections are those of `roomwright load-test`. No media is sent.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from benchlib import CannotMeasureError
from betterproto2 import which_one_of
from light_offer import offer, token

from roomwright import codec
from roomwright.load.connection import Connection
from roomwright.load.offers import PASSWORD, AnswerError, Server, join_request
from roomwright.media.transport.certificate import Certificate
from roomwright_proto import livekit as pb

PATIENCE_S = 30.0
_LEAVE = pb.LeaveRequest(reason=pb.DisconnectReason.CLIENT_INITIATED)


@dataclass(slots=True)
class Times:
    """Seconds from opening the WebSocket; None for what has not happened.

    Attributes:
        join: the join message was there.
        answer: the answer to the offer was there.
        dtls: the handshake was done.
        active: signalling said that the participant is ACTIVE.
        data: the two data channels were open.
    """

    join: float | None = None
    answer: float | None = None
    dtls: float | None = None
    active: float | None = None
    data: float | None = None


class Client:
    """A participant. `times` says when it got how far; `problem` why it will get no further."""

    def __init__(self, identity: str, room: str, certificate: Certificate, *, media: bool) -> None:
        self.identity = identity
        self.times = Times()
        self.problem = ""
        self._media = media
        self._token = token(identity, room)
        self._connection = Connection(certificate, self._fail, self._reach)
        self._request = join_request(
            offer(self._connection.ufrag, PASSWORD, certificate.fingerprint) if media else None
        )
        self._done = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._begin = 0.0

    async def join(self, session: aiohttp.ClientSession, port: int) -> Times:
        """Come in, and go on until media and data could flow; without media until the join message."""
        self._begin = time.perf_counter()
        url = f"http://127.0.0.1:{port}/rtc/v1?join_request={self._request}&access_token={self._token}"
        self._socket = await session.ws_connect(url, max_msg_size=0)
        self._listening = asyncio.create_task(self._listen())
        try:
            await asyncio.wait_for(self._done.wait(), PATIENCE_S)
        except TimeoutError:
            self._fail(f"after {PATIENCE_S:.0f} s it was no further than {self.times}")
        if self.problem:
            raise CannotMeasureError(f"{self.identity} could not join: {self.problem}")
        return self.times

    async def leave(self) -> None:
        """Say good-bye and be gone."""
        await self._socket.send_bytes(codec.encode(pb.SignalRequest(leave=_LEAVE)))
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._connection.close()
        await self._socket.close()

    async def _listen(self) -> None:
        try:
            async for frame in self._socket:
                if frame.type is aiohttp.WSMsgType.BINARY:
                    await self._hear(*which_one_of(codec.decode(pb.SignalResponse, frame.data), "message"))
            self._fail("the server closed the WebSocket")
        except (AnswerError, ValueError, OSError) as error:
            self._fail(str(error))

    async def _hear(self, name: str, content: Any) -> None:
        match name:
            case "join":
                self._reach("join")
            case "answer":
                self._reach("answer")
                await self._connection.connect(Server.of(content.sdp))
            case "update" if self.times.active is None:
                infos = [info for info in content.participants if info.identity == self.identity]
                if any(info.state is pb.ParticipantInfoState.ACTIVE for info in infos):
                    self._reach("active")
            case "leave":
                self._fail(f"the server said good-bye: {content.reason.name}")
            case _:
                pass

    def _reach(self, mark: str) -> None:
        if getattr(self.times, mark) is None:
            setattr(self.times, mark, time.perf_counter() - self._begin)
        if self.times.join is not None and (not self._media or _is_complete(self.times)):
            self._done.set()

    def _fail(self, problem: str) -> None:
        """What goes wrong first is why the client does not get in, or is not there any more."""
        self.problem = self.problem or problem
        self._done.set()


def _is_complete(times: Times) -> bool:
    return None not in (times.join, times.answer, times.dtls, times.active, times.data)


class Crowd:
    """Clients of one server. `async with Crowd(port) as crowd:` sends them away at its end."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._certificate = Certificate(time.time_ns())
        self._inside: list[Client] = []

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.leave() for client in self._inside), return_exceptions=True)
        await self._session.close()

    def require_all(self) -> None:
        """Raise CannotMeasureError if somebody who came in is not there any more."""
        for client in self._inside:
            if client.problem:
                raise CannotMeasureError(f"{client.identity} was lost: {client.problem}")

    async def join(self, room: str, count: int, *, media: bool = True, together: bool = False) -> Sequence[Times]:
        """So many more join a room, all at once or one after another. Raises CannotMeasureError if one cannot."""
        clients = [Client(f"{room}-{number}", room, self._certificate, media=media) for number in range(count)]
        self._inside += clients
        session, port = self._session, self._port
        try:
            if together:
                return await asyncio.gather(*(client.join(session, port) for client in clients))
            return [await client.join(session, port) for client in clients]
        except aiohttp.ClientError as error:
            raise CannotMeasureError(f"a client could not join: {error}") from error
