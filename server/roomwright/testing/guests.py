"""The participants that a test lets in, scripted and real."""

import asyncio
from typing import TYPE_CHECKING

from roomwright.auth.claims import Claims
from roomwright.auth.tokens import TokenVerifier
from roomwright.signalling.wish import from_query
from roomwright.testing.backends import TestedBackend, TestedEmbedded, TestedMemory
from roomwright.testing.bridge import LoopThread
from roomwright.testing.errors import NotPossibleError
from roomwright.testing.faults import Cut, Fate
from roomwright.testing.participant import Participant

if TYPE_CHECKING:
    from roomwright.sfu.memory import ScriptedParticipant
    from roomwright.testing.real import RealParticipant

_SCRIPTED = (
    "scripted participants need the memory backend, this server has the embedded one: "
    "use livekit_real_participant, or ThreadedServer.connect"
)
_REAL = (
    "real participants need the embedded backend: mark the test with @pytest.mark.livekit(backend='embedded'), "
    "or start ThreadedServer(backend='embedded')"
)


class Guests:
    """Lets participants in, and sends them away when the test is over."""

    def __init__(self, thread: LoopThread, backend: TestedBackend, verifier: TokenVerifier) -> None:
        self._thread = thread
        self._backend = backend
        self._verifier = verifier
        self._scripted: list[ScriptedParticipant] = []
        self._real: list[RealParticipant] = []

    def claims_of(self, token: str) -> Claims:
        """What a token allows its bearer; raises `ServiceError` as a join would."""
        return from_query({}, self._verifier.verify(token)).claims

    async def join(self, claims: Claims, fate: Fate, *, auto_subscribe: bool) -> Participant:
        """Let a scripted participant in; raises `ServiceError`."""
        if not isinstance(self._backend, TestedMemory):
            raise NotPossibleError(_SCRIPTED)
        await _undergo(fate, claims.identity)
        room = claims.video.room if claims.video else ""
        scripted = await self._backend.join(room, claims, auto_subscribe=auto_subscribe)
        self._scripted.append(scripted)
        return Participant(self._thread, scripted)

    async def connect(self, url: str, token: str, timeout: float) -> "RealParticipant":  # noqa: ASYNC109 - the SDK's own is longer
        """Let a real client in."""
        if not isinstance(self._backend, TestedEmbedded):
            raise NotPossibleError(_REAL)
        from roomwright.testing.real import RealParticipant

        participant = RealParticipant(self._thread)
        self._real.append(participant)
        await participant.enter(url, token, timeout)
        return participant

    def cut(self, identity: str | None) -> int:
        """Cut connections; returns how many."""
        scripted = [each for each in self._scripted if each.present and identity in {None, each.identity}]
        for each in scripted:
            each.lose()
        return len(scripted) + self._cut_real(identity)

    async def leave(self) -> None:
        """Everybody is gone."""
        real, self._real = self._real, []
        self._scripted.clear()
        await asyncio.gather(*(each.go() for each in real), return_exceptions=True)

    def _cut_real(self, identity: str | None) -> int:
        if not isinstance(self._backend, TestedEmbedded):
            return 0
        clients = [each for each in self._backend.clients.values() if identity in {None, each.participant.identity}]
        sockets = [client.socket for client in clients if client.socket is not None]
        for socket in sockets:
            socket.abort()
        return len(sockets)


async def _undergo(fate: Fate, identity: str) -> None:
    await asyncio.sleep(fate.delay)
    if fate.refusal is not None:
        raise fate.refusal
    if fate.cut is not Cut.NO:
        raise ConnectionResetError(f"the connection of {identity!r} was cut off by the test")
