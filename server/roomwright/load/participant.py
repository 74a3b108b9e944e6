"""A light participant: its signalling and negotiation, what it publishes, how long it took to come in."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from betterproto2 import which_one_of

from roomwright import codec
from roomwright.load.connection import Connection
from roomwright.load.offers import AnswerError, Section, Server, join_request, offer
from roomwright.load.streams import Outgoing
from roomwright.media.transport.certificate import Certificate
from roomwright_proto import livekit as pb

PATIENCE_S = 30.0
_LONGEST = 200
"""Characters of a refusal that are told."""
_LEAVE = pb.LeaveRequest(reason=pb.DisconnectReason.CLIENT_INITIATED)
_TYPES = {"audio": pb.TrackType.AUDIO, "video": pb.TrackType.VIDEO}
_SOURCES = {"audio": pb.TrackSource.MICROPHONE, "video": pb.TrackSource.CAMERA}


class JoinError(Exception):
    """A participant could not come in; the message says why."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """How a participant gets in: the server's URL (http), its identity and its token."""

    url: str
    identity: str
    token: str


class Participant:
    """`join` it, let it be, `leave`. `problem` says why it was lost; `joined_s` and `active_s` how long that took."""

    def __init__(self, ticket: Ticket, certificate: Certificate, outgoing: Sequence[Outgoing]) -> None:
        self.ticket = ticket
        self.connection = Connection(certificate, self._lose)
        self.problem = ""
        self.joined_s = self.active_s = 0.0
        self._fingerprint = certificate.fingerprint
        self._outgoing = outgoing
        self._sections = [Section(each.kind, f"{each.kind}-{each.ssrc}", each.ssrc) for each in outgoing]
        self._version = 1
        self._negotiating = True
        self._outdated = False
        self._settled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    def __repr__(self) -> str:
        return f"<Participant {self.ticket.identity}: {self.problem or f'{self.active_s:.3f} s'}>"

    @property
    def streams(self) -> int:
        """How many it publishes."""
        return len(self._outgoing)

    async def join(self, http: aiohttp.ClientSession) -> None:
        """Come in, and begin to send. Raises JoinError."""
        self._begin = time.perf_counter()
        try:
            self._socket = await http.ws_connect(self._url("/rtc/v1"), max_msg_size=0)
        except aiohttp.WSServerHandshakeError as error:  # as a text it repeats the URL, in which the token is
            raise JoinError(await self._refusal(http, error.status)) from None
        except (aiohttp.ClientError, OSError) as error:
            raise JoinError(str(error)) from error
        self._tasks.append(asyncio.create_task(self._listen(self._socket)))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._settled.wait()
        except TimeoutError:
            self._lose(f"it was not active after {PATIENCE_S:.0f} s")
        if self.problem:
            raise JoinError(self.problem)
        self._tasks += [asyncio.create_task(self._send(each)) for each in self._outgoing]

    async def leave(self) -> None:
        """Say good-bye and be gone. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None and not self._socket.closed:
            with suppress(ConnectionError):  # the server was quicker
                await self._socket.send_bytes(codec.encode(pb.SignalRequest(leave=_LEAVE)))
            await self._socket.close()
        await self.connection.close()

    async def _refusal(self, http: aiohttp.ClientSession, status: int) -> str:
        """Why the WebSocket was refused: it is given a status alone, so the door beside it is asked."""
        with suppress(aiohttp.ClientError, OSError, ValueError):
            async with http.get(self._url("/rtc/v1/validate")) as answer:
                if answer.status == status:
                    return f"{status}: {(await answer.text())[:_LONGEST].strip()}"
        return f"the server answered {status}"

    def _url(self, path: str) -> str:
        tracks = [_announcement(section) for section in self._sections if section.ssrc]
        request = join_request(self._offer(), tracks)
        return f"{self.ticket.url}{path}?join_request={request}&access_token={quote(self.ticket.token)}"

    def _offer(self) -> str:
        return offer(self.connection.ufrag, self._fingerprint, self._sections, self._version)

    # signalling

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.BINARY:
                    await self._hear(*which_one_of(codec.decode(pb.SignalResponse, frame.data), "message"))
            self._lose("the server closed the WebSocket")
        except (AnswerError, ValueError, OSError) as error:
            self._lose(str(error))

    async def _hear(self, name: str, content: Any) -> None:
        match name:
            case "join":
                self.joined_s = time.perf_counter() - self._begin
            case "answer":
                await self._on_answer(content)
            case "media_sections_requirement":
                self._sections += [Section("audio")] * content.num_audios + [Section("video")] * content.num_videos
                await self._negotiate()
            case "update":
                self._look_at(content.participants)
            case "leave":
                self._lose(f"the server said good-bye: {content.reason.name}")
            case _:
                pass

    async def _on_answer(self, answer: pb.SessionDescription) -> None:
        self._negotiating = False
        if self._version == 1:
            await self.connection.connect(Server.of(answer.sdp))
        if self._outdated:
            self._outdated = False
            await self._negotiate()

    async def _negotiate(self) -> None:
        """Offer again; one offer at a time."""
        if self._negotiating or self._socket is None:
            self._outdated = True
            return
        self._negotiating = True
        self._version += 1
        description = pb.SessionDescription(type="offer", sdp=self._offer(), id=self._version)
        await self._socket.send_bytes(codec.encode(pb.SignalRequest(offer=description)))

    def _look_at(self, infos: Sequence[pb.ParticipantInfo]) -> None:
        active = pb.ParticipantInfoState.ACTIVE
        if not self.active_s and any(i.identity == self.ticket.identity and i.state is active for i in infos):
            self.active_s = time.perf_counter() - self._begin
            self._settled.set()

    # media

    async def _send(self, stream: Outgoing) -> None:
        """Send at the stream's pace; what was slept too long is made up for."""
        loop = asyncio.get_running_loop()
        due = loop.time() + random.random() * stream.interval  # noqa: S311 - so that not all send at once
        while True:
            await asyncio.sleep(max(0.0, due - loop.time()))
            for packet in stream.next():
                self.connection.send(packet)
            due = max(due + stream.interval, loop.time() - 1.0)

    def _lose(self, problem: str) -> None:
        self.problem = self.problem or problem
        self._settled.set()


def _announcement(section: Section) -> pb.AddTrackRequest:
    width, height = (1280, 720) if section.kind == "video" else (0, 0)
    return pb.AddTrackRequest(
        cid=section.cid,
        name=section.kind,
        type=_TYPES[section.kind],
        source=_SOURCES[section.kind],
        width=width,
        height=height,
    )
