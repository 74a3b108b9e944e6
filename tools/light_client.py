"""Clients for benchmarks that cost little themselves: a WebSocket on `/rtc/v1`, one connectivity check, DTLS, SCTP.

The encrypted side is the server's own `Link` in the other role, because what is measured is the server. No media is
sent.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from aioice import stun
from benchlib import CannotMeasureError
from betterproto2 import which_one_of
from light_offer import Server, join_request, offer, token

from roomwright import codec
from roomwright.media.transport import RemoteParameters, Setup, TransportSettings
from roomwright.media.transport.certificate import Certificate
from roomwright.media.transport.channels import ChannelSpec
from roomwright.media.transport.errors import PeerError
from roomwright.media.transport.link import Link
from roomwright_proto import livekit as pb

PATIENCE_S = 30.0
CHANNELS = (ChannelSpec("_reliable"), ChannelSpec("_lossy", ordered=False, max_retransmits=0))
_REPEAT_S, _CONSENT_S = 0.5, 4.0
_FIRST_DTLS, _LAST_DTLS = 20, 63
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


class Client(asyncio.DatagramProtocol):
    """A participant. `times` says when it got how far; `problem` why it will get no further."""

    def __init__(self, identity: str, room: str, certificate: Certificate, *, media: bool) -> None:
        self.identity = identity
        self.times = Times()
        self.problem = ""
        self._media = media
        self._token = token(identity, room)
        self._ufrag = stun.random_transaction_id().hex()[:8]
        self._request = join_request(self._offer(certificate) if media else None)
        self._link = Link(certificate, self._transmit, self, TransportSettings())  # type: ignore[arg-type]
        self._open: set[str] = set()
        self._done = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._begin = 0.0
        self._server: Server | None = None
        self._udp: asyncio.DatagramTransport | None = None

    def _offer(self, certificate: Certificate) -> str:
        return offer(self._ufrag, "a-password-of-twenty-four", certificate.fingerprint)

    async def join(self, session: aiohttp.ClientSession, port: int) -> Times:
        """Come in, and go on until media and data could flow; without media until the join message."""
        if self._media:
            loop = asyncio.get_running_loop()
            self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._begin = time.perf_counter()
        url = f"http://127.0.0.1:{port}/rtc/v1?join_request={self._request}&access_token={self._token}"
        self._socket = await session.ws_connect(url, max_msg_size=0)
        self._tasks.append(asyncio.create_task(self._listen()))
        try:
            await asyncio.wait_for(self._done.wait(), PATIENCE_S)
        except TimeoutError:
            self.problem = self.problem or f"after {PATIENCE_S:.0f} s it was no further than {self.times}"
        if self.problem:
            raise CannotMeasureError(f"{self.identity} could not join: {self.problem}")
        return self.times

    async def leave(self) -> None:
        """Say good-bye and be gone."""
        await self._socket.send_bytes(codec.encode(pb.SignalRequest(leave=_LEAVE)))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._link.close()
        if self._udp is not None:
            self._udp.close()
        await self._socket.close()

    # signalling

    async def _listen(self) -> None:
        with self._blaming():
            async for frame in self._socket:
                if frame.type is aiohttp.WSMsgType.BINARY:
                    self._hear(*which_one_of(codec.decode(pb.SignalResponse, frame.data), "message"))
            raise CannotMeasureError("the server closed the WebSocket")

    def _hear(self, name: str, content: Any) -> None:
        match name:
            case "join":
                self._reach("join")
            case "answer":
                self._reach("answer")
                self._connect(Server.of(content.sdp))
            case "update" if self.times.active is None:
                infos = [info for info in content.participants if info.identity == self.identity]
                if any(info.state is pb.ParticipantInfoState.ACTIVE for info in infos):
                    self._reach("active")
            case "leave":
                raise CannotMeasureError(f"the server said good-bye: {content.reason.name}")
            case _:
                pass

    # media

    def _connect(self, server: Server) -> None:
        self._server = server
        self._link.describe(RemoteParameters(server.ufrag, server.fingerprint, Setup.PASSIVE))
        for channel in CHANNELS:
            self._link.open_channel(channel)
        self._check(server)
        self._link.start()
        self._tasks.append(asyncio.create_task(self._keep(server)))

    def _check(self, server: Server) -> None:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{server.ufrag}:{self._ufrag}"
        message.attributes["PRIORITY"] = 1_000_000
        message.attributes["ICE-CONTROLLING"] = 42
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(server.pwd.encode())
        self._transmit(bytes(message))

    async def _keep(self, server: Server) -> None:
        """Repeat what may be lost until connected, then consent."""
        with self._blaming():
            while True:
                await asyncio.sleep(_CONSENT_S if self._link.is_secure else _REPEAT_S)
                self._check(server)
                self._link.on_time()

    def _transmit(self, datagram: bytes) -> None:
        if self._udp is not None and self._server is not None:
            self._udp.sendto(datagram, self._server.address)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """A datagram of the server's."""
        if not _FIRST_DTLS <= data[0] <= _LAST_DTLS:
            return
        with self._blaming():
            now = time.monotonic()
            messages = self._link.receive(data, now)
            if self._link.is_secure:
                self._reach("dtls")
            self._link.deliver(messages, now)

    def on_channel_open(self, label: str) -> None:
        """A data channel is open."""
        self._open.add(label)
        if len(self._open) == len(CHANNELS):
            self._reach("data")

    def on_channel_message(self, label: str, data: bytes, is_text: bool) -> None:
        """What comes over data channels is not looked at."""

    # inside

    def _reach(self, mark: str) -> None:
        if getattr(self.times, mark) is None:
            setattr(self.times, mark, time.perf_counter() - self._begin)
        if self.times.join is not None and (not self._media or _is_complete(self.times)):
            self._done.set()

    @contextmanager
    def _blaming(self) -> Iterator[None]:
        """What goes wrong is why the client does not get in."""
        try:
            yield
        except (CannotMeasureError, PeerError, ValueError, OSError) as error:
            self.problem = self.problem or str(error)
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
