"""One peer connection: its transport, and its endpoint in the router."""

from typing import TYPE_CHECKING, Protocol

from roomwright.media.sdp import TransportParameters
from roomwright.media.transport import RemoteParameters, Setup, TransportState

if TYPE_CHECKING:
    from roomwright.sfu.embedded.plane.hub import Hub


class Owner(Protocol):
    """Who has a connection."""

    def on_state(self, connection: "Connection", state: TransportState, reason: str) -> None:
        """The transport entered a state."""
        ...

    def on_channel_open(self, connection: "Connection", label: str) -> None:
        """A data channel can be written to."""
        ...

    def on_message(self, label: str, data: bytes) -> None:
        """A message came over a data channel."""
        ...


class Connection:
    """A transport and what is forwarded over it.

    Attributes:
        transport, endpoint: the two that it joins.
        on_rtp, on_rtcp: the endpoint's, without a detour: the path of every packet.
    """

    def __init__(self, hub: "Hub", owner: Owner, participant_sid: str, room_sid: str) -> None:
        self._hub = hub
        self._owner = owner
        self._ufrag = ""
        self.transport = hub.socket.open(self)
        self.endpoint = hub.router.open(participant_sid, room_sid, self.transport.sender, hub.now())
        self.on_rtp = self.endpoint.on_rtp
        self.on_rtcp = self.endpoint.on_rtcp

    def __repr__(self) -> str:
        return f"<Connection {self.transport!r}, {self.endpoint!r}>"

    @property
    def connected(self) -> bool:
        """Whether packets flow."""
        return self.transport.state is TransportState.CONNECTED

    @property
    def local(self) -> TransportParameters:
        """What a description says of us."""
        ours = self.transport.local
        return TransportParameters.of(ours.ufrag, ours.pwd, ours.fingerprint, ours.candidates)

    def meet(self, remote: TransportParameters) -> TransportParameters:
        """What an answer to a description with these parameters says of us; new credentials if theirs are new."""
        if self._ufrag and remote.ice.ufrag != self._ufrag:
            self.transport.restart_ice()
        return self.local

    def describe(self, remote: TransportParameters) -> None:
        """Take their description. Raises ValueError when it cannot be used."""
        self.transport.set_remote(
            RemoteParameters(
                ufrag=remote.ice.ufrag,
                fingerprint=remote.dtls.fingerprint,
                setup=Setup(remote.dtls.setup),
                max_message_bytes=remote.max_message_bytes,
            )
        )
        self._ufrag = remote.ice.ufrag

    def close(self) -> None:
        """End it. Idempotent."""
        self._hub.router.close(self.endpoint, self._hub.now())
        self.transport.close()

    # for the transport

    def on_state(self, state: TransportState, reason: str) -> None:
        """The transport entered a state."""
        self._owner.on_state(self, state, reason)

    def on_channel_open(self, label: str) -> None:
        """A data channel can be written to."""
        self._owner.on_channel_open(self, label)

    def on_channel_message(self, label: str, data: bytes, is_text: bool) -> None:
        """A message came."""
        self._owner.on_message(label, data)
