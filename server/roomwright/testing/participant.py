"""Scripted participants: their clients are the test, their server is real, and nothing takes time."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from roomwright.sfu.memory import RpcError, ScriptedParticipant
from roomwright.testing.bridge import LoopThread, both
from roomwright.testing.handlers import Handler, aside
from roomwright.testing.waiting import PATIENCE_S, Arrivals
from roomwright_proto import livekit as pb


@dataclass(frozen=True, slots=True)
class Data:
    """A data packet that a participant received; `sender` is an identity, empty for the server's API."""

    payload: bytes
    topic: str
    sender: str

    @property
    def text(self) -> str:
        """The payload as text."""
        return self.payload.decode()

    def __str__(self) -> str:
        """For people."""
        about = f" on {self.topic!r}" if self.topic else ""
        return f"{self.payload[:40]!r}{about} from {self.sender or 'the API'}"


def source_named(source: "pb.TrackSource | str") -> pb.TrackSource:
    """`camera`, `microphone`, `screen_share` or `screen_share_audio`; raises ValueError."""
    if isinstance(source, pb.TrackSource):
        return source
    try:
        return pb.TrackSource[source.upper()]
    except KeyError:
        known = ", ".join(each.name.lower() for each in pb.TrackSource if each.name)
        raise ValueError(f"there is no track source {source!r}; there are {known}") from None


class Participant:
    """A participant in a room. What it does has happened, with all it means to others, when the method returns."""

    def __init__(self, thread: LoopThread, scripted: ScriptedParticipant) -> None:
        self.thread = thread
        self._scripted = scripted
        self._data = Arrivals[Data](str)
        self._answers = Arrivals[pb.RpcResponse](lambda answer: answer.request_id)
        scripted.inbox.on_message = self._hear

    def __repr__(self) -> str:
        return f"<Participant {self.identity} in {self.room}: {'present' if self.present else 'gone'}>"

    @property
    def identity(self) -> str:
        """Its identity."""
        return self._scripted.identity

    @property
    def sid(self) -> str:
        """Its sid, `PA_…`."""
        return self._scripted.sid

    @property
    def room(self) -> str:
        """The name of the room where it is, or was last."""
        return self._scripted.room

    @property
    def present(self) -> bool:
        """Whether it is in its room."""
        return self._scripted.present

    @property
    def info(self) -> pb.ParticipantInfo:
        """As the API shows it: state, permission, metadata, tracks."""
        return self.thread.look(lambda: self._scripted.info)

    @property
    def others(self) -> dict[str, pb.ParticipantInfo]:
        """Whom its client knows of, by identity."""
        seen = self.thread.look(self._scripted.inbox.seen)
        return {identity: info for identity, info in seen.items() if identity != self.identity}

    @property
    def subscribed(self) -> list[str]:
        """The sids of the tracks that it receives."""
        return self.thread.look(lambda: self._scripted.subscribed)

    @property
    def received(self) -> list[Data]:
        """All data that it received, in order."""
        return list(self._data.all)

    @property
    def farewell(self) -> pb.DisconnectReason | None:
        """Why the server sent it away; None when it did not."""
        leaves = [leave for leave in self._scripted.inbox.signals("leave") if isinstance(leave, pb.LeaveRequest)]
        return leaves[-1].reason if leaves else None

    @both
    async def publish(
        self, name: str = "", *, source: "pb.TrackSource | str" = "microphone", muted: bool = False
    ) -> pb.TrackInfo:
        """Publish a track; raises `PublishRefusedError` when its permission forbids that."""
        return await self._scripted.publish(name, source=source_named(source), muted=muted)

    @both
    async def unpublish(self, track_sid: str) -> None:
        """End a track of its own."""
        await self._scripted.unpublish(track_sid)

    @both
    async def mute(self, track_sid: str, muted: bool = True) -> None:
        """Mute a track of its own, or unmute it."""
        await self._scripted.mute(track_sid, muted)

    @both
    async def subscribe(self, *track_sids: str) -> None:
        """Ask for tracks; needed only after `unsubscribe`, or when it joined without `auto_subscribe`."""
        await self._scripted.subscribe(*track_sids)

    @both
    async def unsubscribe(self, *track_sids: str) -> None:
        """Give tracks up."""
        await self._scripted.unsubscribe(*track_sids)

    @both
    async def update(
        self, *, name: str = "", metadata: str = "", attributes: dict[str, str] | None = None
    ) -> pb.RequestResponse:
        """Change its own profile; the answer's reason is OK, or says why not."""
        return await self._scripted.update(name=name, metadata=metadata, attributes=attributes)

    @both
    async def say(
        self, payload: str | bytes, *, topic: str = "", to: Iterable[str] = (), reliable: bool = True
    ) -> None:
        """Send data to everybody, or to some identities."""
        data = payload.encode() if isinstance(payload, str) else payload
        await self._scripted.send_data(data, reliable=reliable, topic=topic or None, to=to)

    @both
    async def receive(self, *, topic: str | None = None, timeout: float = PATIENCE_S) -> Data:  # noqa: ASYNC109 - says what came
        """The next data (on that topic) that was not received yet; waits for it, else raises `WaitedInVainError`."""
        what = "data" if topic is None else f"data on topic {topic!r}"
        return await self._data.take(lambda data: topic in {None, data.topic}, f"{what} for {self.identity}", timeout)

    def on_rpc(self, method: str, handler: Handler) -> None:
        """Answer calls of `method` with what the handler returns.

        A handler that raises `RpcError(code, message)` answers with that. A function runs in a thread of its own; a
        coroutine function on the event loop from within which it is given, else on the server's.
        """
        self._scripted.on_rpc(method, aside(handler))

    @both
    async def call_rpc(
        self,
        identity: str,
        method: str,
        payload: str = "",
        *,
        timeout: float = PATIENCE_S,  # noqa: ASYNC109 - says what came
    ) -> str:
        """Call a method of another participant; raises `RpcError`."""
        request = pb.RpcRequest(
            id=str(uuid.uuid4()), method=method, payload=payload, version=1, response_timeout_ms=round(timeout * 1000)
        )
        await self._scripted.send_packet(pb.DataPacket(destination_identities=[identity], rpc_request=request))
        answer = await self._answers.take(
            lambda answer: answer.request_id == request.id, f"answer of {identity} to {method!r}", timeout
        )
        if answer.error is not None:
            raise RpcError(answer.error.code, answer.error.message)
        return answer.payload or ""

    @both
    async def leave(self) -> None:
        """Say good-bye."""
        await self._scripted.leave()

    @both
    async def vanish(self) -> None:
        """Lose the connection without a word."""
        await self._scripted.drop()

    def _hear(self, message: pb.SignalResponse | pb.DataPacket) -> None:
        match message:
            case pb.DataPacket(user=pb.UserPacket() as user):
                self._data.put(Data(user.payload, user.topic or "", message.participant_identity))
            case pb.DataPacket(rpc_response=pb.RpcResponse() as response):
                self._answers.put(response)
            case _:
                pass
