"""Participants without a network: a test says what their clients do and looks at what they receive."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from roomwright.auth.claims import Claims
from roomwright.rooms import commands as c
from roomwright.rooms.participant import Message, Participant, SubscriptionChanged, TokenOutdated
from roomwright.sfu.memory.inbox import Inbox
from roomwright.sfu.memory.methods import Methods, RpcHandler
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.memory.backend import MemoryBackend


class PublishRefusedError(Exception):
    """The engine did not let a participant publish; its permission says why."""


class ScriptedParticipant:
    """A participant whose client is the test.

    Every method has happened when it returns, with all its consequences for others. `inbox` holds what the client
    received; `token` is what its token would say, renewed as a server does. `deaf` stops it from answering RPCs.
    """

    def __init__(self, backend: "MemoryBackend", claims: Claims) -> None:
        self._backend = backend
        self._methods = Methods(lambda packet: self._tell(c.SendPacket(packet)))
        self._participant: Participant | None = None
        self.inbox = Inbox()
        self.token = claims
        self.deaf = False

    def attach(self, participant: Participant) -> None:
        """For the backend: this is whom it drives."""
        self._participant = participant

    @property
    def participant(self) -> Participant:
        """The engine's participant: look, but do not change it."""
        if self._participant is None:
            raise RuntimeError("this participant has not joined")
        return self._participant

    @property
    def sid(self) -> str:
        """Its sid."""
        return self.participant.sid

    @property
    def identity(self) -> str:
        """Its identity."""
        return self.participant.identity

    @property
    def info(self) -> pb.ParticipantInfo:
        """How it looks from outside now, or looked when it left."""
        return self.participant.info()

    @property
    def room(self) -> str:
        """The name of the room it is in, or was in last."""
        return self.participant.room.name

    @property
    def present(self) -> bool:
        """Whether it is in its room."""
        return self.participant.present

    @property
    def subscribed(self) -> list[str]:
        """The sids of the tracks it receives."""
        everybody = self.participant.room.participants.values()
        return [track.sid for other in everybody for track in other.tracks.values() if self.sid in track.subscribers]

    async def activate(self) -> None:
        """Connect the media transport."""
        self._tell(c.Activate())

    async def publish(
        self,
        name: str = "",
        *,
        source: pb.TrackSource = pb.TrackSource.MICROPHONE,
        muted: bool = False,
        width: int = 0,
        height: int = 0,
        mime_type: str = "",
    ) -> pb.TrackInfo:
        """Announce a track and send media at once. Raises `PublishRefusedError`."""
        track = await self.announce(name, source=source, muted=muted, width=width, height=height)
        video = track.type is pb.TrackType.VIDEO
        self._tell(c.StartTrack(track_sid=track.sid, mime_type=mime_type or ("video/VP8" if video else "audio/opus")))
        return self.participant.tracks[track.sid].info

    async def announce(
        self,
        name: str = "",
        *,
        source: pb.TrackSource = pb.TrackSource.MICROPHONE,
        muted: bool = False,
        width: int = 0,
        height: int = 0,
    ) -> pb.TrackInfo:
        """Announce a track without sending media: only its publisher knows of it. Raises `PublishRefusedError`."""
        video = source in (pb.TrackSource.CAMERA, pb.TrackSource.SCREEN_SHARE)
        before = set(self.participant.pending)
        request = pb.AddTrackRequest(
            name=name,
            type=pb.TrackType.VIDEO if video else pb.TrackType.AUDIO,
            source=source,
            muted=muted,
            width=width,
            height=height,
        )
        self._tell(c.AddTrack(request))
        for sid in self.participant.pending.keys() - before:
            return self.participant.pending[sid].info
        raise PublishRefusedError(f"{self.identity} may not publish {source} in {self.room}")

    async def unpublish(self, track_sid: str) -> None:
        """End a track."""
        self._tell(c.UnpublishTrack(track_sid))

    async def mute(self, track_sid: str, muted: bool = True) -> None:
        """Mute a track, or unmute it."""
        self._tell(c.MuteTrack(track_sid, muted))

    async def subscribe(self, *track_sids: str) -> None:
        """Ask for tracks."""
        self._tell(c.SetSubscriptions(track_sids, subscribe=True))

    async def unsubscribe(self, *track_sids: str) -> None:
        """Give tracks up."""
        self._tell(c.SetSubscriptions(track_sids, subscribe=False))

    async def allow_subscribers(self, permission: pb.SubscriptionPermission) -> None:
        """Say who may subscribe to its tracks."""
        self._tell(c.SetSubscriptionPermission(permission))

    async def update(
        self, *, name: str = "", metadata: str = "", attributes: Mapping[str, str] | None = None
    ) -> pb.RequestResponse:
        """Change its own profile; returns the server's answer, whose reason is OK or why not."""
        request = pb.UpdateParticipantMetadata(
            name=name, metadata=metadata, attributes=dict(attributes or {}), request_id=len(self.inbox.messages) + 1
        )
        self._tell(c.UpdateSelf(request))
        answer = self.inbox.signals("request_response")[-1]
        if not isinstance(answer, pb.RequestResponse):
            raise TypeError(f"expected a RequestResponse, not {answer!r}")
        return answer

    async def send_data(
        self, payload: bytes, *, reliable: bool = True, topic: str | None = None, to: Iterable[str] = ()
    ) -> None:
        """Send a data packet to everybody, or to those identities."""
        packet = pb.DataPacket(destination_identities=list(to), user=pb.UserPacket(payload=payload, topic=topic))
        packet.kind = pb.DataPacketKind.RELIABLE if reliable else pb.DataPacketKind.LOSSY
        self._tell(c.SendPacket(packet))

    async def send_packet(self, packet: pb.DataPacket) -> None:
        """Send a packet of any kind."""
        self._tell(c.SendPacket(packet))

    def on_rpc(self, method: str, handler: RpcHandler) -> None:
        """Answer calls of `method` with what the handler returns, at once or awaited."""
        self._methods.register(method, handler)

    async def leave(self) -> None:
        """Say good-bye."""
        self._tell(c.Leave())

    async def drop(self, reason: pb.DisconnectReason = pb.DisconnectReason.CONNECTION_TIMEOUT) -> None:
        """Lose the connection."""
        self.lose(reason)

    def lose(self, reason: pb.DisconnectReason = pb.DisconnectReason.CONNECTION_TIMEOUT) -> None:
        """The same, at once."""
        self._tell(c.Disconnect(reason))

    def receive(self, messages: list[Message]) -> None:
        """For the backend: these arrived."""
        for message in messages:
            if isinstance(message, TokenOutdated):
                self.token = message.claims
                continue
            if isinstance(message, SubscriptionChanged):
                continue
            self.inbox.put(message)
            if isinstance(message, pb.DataPacket) and message.rpc_request is not None and not self.deaf:
                self._methods.call(message.participant_identity, message.rpc_request)

    def _tell(self, command: c.Command) -> None:
        self._backend.tell(self.participant, command)

    def __repr__(self) -> str:
        return f"<ScriptedParticipant {self.participant!r}, {len(self.inbox.messages)} messages>"
