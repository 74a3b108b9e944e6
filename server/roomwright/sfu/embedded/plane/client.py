"""The media of one client: it joins negotiation, publications, subscriptions and data, and reports to the engine."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from roomwright.media.sdp import Codecs
from roomwright.media.transport import TransportState
from roomwright.rooms.commands import Activate, SendPacket
from roomwright.sfu.embedded.media import Peer, Setup, Source
from roomwright.sfu.embedded.plane.connection import Connection
from roomwright.sfu.embedded.plane.data import (
    DATA_TRACK,
    LOSSY,
    RELIABLE,
    Copies,
    Inbound,
    Outbound,
    data_track_number,
    renumbered,
)
from roomwright.sfu.embedded.plane.pair import Pair
from roomwright.sfu.embedded.plane.publications import Publications
from roomwright.sfu.embedded.plane.single import Single
from roomwright.sfu.embedded.plane.subscriptions import Subscriptions
from roomwright.sfu.embedded.plane.taps import Taps
from roomwright.sfu.taps import Tap, TapListener
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    import asyncio

    from roomwright.sfu.embedded.plane.hub import Hub

log = structlog.get_logger(__name__)

_LINGER_S = 2.0
"""How long a client whose transport has failed may still say good-bye over signalling."""


class ClientMedia:
    """One client's transports (`PeerMedia`)."""

    def __init__(self, hub: "Hub", peer: Peer, setup: Setup) -> None:
        self.hub = hub
        self.peer = peer
        self.setup = setup
        self.codecs = Codecs(codec.mime for codec in peer.participant.room.codecs)
        self.publications = Publications(self)
        self.subscriptions = Subscriptions(self)
        self.taps = Taps(self)
        self.negotiation: Single | Pair = Single(self) if setup.single_connection else Pair(self)
        self._inbound = Inbound()
        self._copies = Copies(hub.rtc.max_data_track_copies, hub.now())
        backlog = hub.rtc.data_channel_max_buffered_amount
        self._outbound = Outbound(self.negotiation.primary.transport, hub.loop, backlog)
        self._lingering: asyncio.TimerHandle | None = None
        self._active = False
        self.closed = False

    def __repr__(self) -> str:
        return f"<ClientMedia {self.peer.participant.sid}: {self.negotiation!r}>"

    def connect(self) -> Connection:
        """A new connection to the client."""
        participant = self.peer.participant
        return Connection(self.hub, self, participant.sid, participant.room.sid)

    def begin(self) -> None:
        """Offer, where we do so first."""
        self.negotiation.begin()

    @property
    def last_sequence(self) -> int:
        """The last reliable data packet that came from the client."""
        return self._inbound.last_sequence

    # what the client says

    def on_offer(self, offer: pb.SessionDescription) -> None:
        """The client offers."""
        self._attempt("an offer", lambda: self.negotiation.on_offer(offer))

    def on_answer(self, answer: pb.SessionDescription) -> None:
        """The client answers an offer of ours."""
        self._attempt("an answer", lambda: self.negotiation.on_answer(answer))

    def on_trickle(self, candidate: pb.TrickleRequest) -> None:
        """We send no checks: the client's candidates need not be known."""

    def on_track_setting(self, settings: pb.UpdateTrackSettings) -> None:
        """In what size and quality the client wants subscribed tracks."""
        self.subscriptions.configure(settings)

    def on_resume(self) -> None:
        """Signalling is back."""
        self.negotiation.on_resume()

    def on_sync_state(self, state: pb.SyncState) -> None:
        """What the client believes. Its descriptions are repeated by the negotiation that follows."""

    # what the engine says

    def announce(self, cid: str, track: pb.TrackInfo) -> None:
        """The client may publish this."""
        self.publications.announce(cid, track)

    def withdraw(self, track_sid: str) -> None:
        """The engine took a track of the client's away."""
        self.publications.withdraw(track_sid)

    def subscribe(self, source: Source) -> None:
        """The client shall receive this track."""
        if self.subscriptions.add(source):
            self.negotiation.renegotiate()

    def unsubscribe(self, track_sid: str) -> None:
        """The client shall not receive this track any more."""
        if self.subscriptions.remove(track_sid):
            self.negotiation.renegotiate()

    def renew(self, publisher: "ClientMedia", track_sids: set[str]) -> None:
        """Tracks of a publisher arrive on other sections: receive them as if they were new."""
        if self.subscriptions.renew(publisher, track_sids):
            self.negotiation.renegotiate()

    def tap(self, track_sid: str, listener: TapListener) -> Tap | None:
        """Listen to a track of the client's."""
        return self.taps.open(track_sid, listener)

    def deliver(self, packet: pb.DataPacket) -> None:
        """Send a data packet to the client."""
        label = RELIABLE if packet.kind is pb.DataPacketKind.RELIABLE else LOSSY
        self._outbound.send(label, self.hub.encode(packet))

    def refresh(self) -> None:
        """What the engine knows of the participant has changed."""
        self.publications.refresh()
        self.negotiation.move(self.peer.participant.room.sid)

    def close(self) -> None:
        """The client is gone."""
        self.closed = True
        if self._lingering is not None:
            self._lingering.cancel()
        self._outbound.close()
        self.subscriptions.close()
        self.taps.close()
        self.negotiation.close()
        self.hub.forget(self.peer.participant.sid)

    # for the connections

    def on_state(self, connection: Connection, state: TransportState, reason: str) -> None:
        """A transport entered a state."""
        if self.closed:
            return
        match state:
            case TransportState.CONNECTED if connection is self.negotiation.primary and not self._active:
                self._active = True
                self.peer.tell(Activate())
                self.hub.notices.welcome(self)
            case TransportState.CONNECTED if connection is self.negotiation.primary:
                self.hub.notices.on_return(self)
            case TransportState.DISCONNECTED if connection is self.negotiation.primary:
                self.hub.notices.on_silence(self)
            case TransportState.FAILED if self._lingering is None:
                self._lingering = self.hub.loop.call_later(_LINGER_S, self._give_up, reason)
            case _:
                pass

    def on_channel_open(self, connection: Connection, label: str) -> None:
        """A data channel can be written to."""
        if connection is self.negotiation.primary:
            self._outbound.on_open(label)

    def on_message(self, label: str, data: bytes) -> None:
        """A message came over a data channel."""
        if label == DATA_TRACK:
            self._relay(data)
            return
        packet = self._inbound.read(label, data)
        if packet is not None and not self.closed:
            self.peer.tell(SendPacket(packet))

    def deliver_of_data_track(self, packet: bytes) -> None:
        """Send the client a packet of a data track, or lose it."""
        self._outbound.send(DATA_TRACK, packet)

    # inside

    def _relay(self, packet: bytes) -> None:
        """Pass a packet of a data track on to those who receive it."""
        track = self.peer.participant.data_tracks.get(data_track_number(packet))
        if track is not None and not self.closed and self._copies.take(len(track.subscribers), self.hub.now()):
            for sid, number in track.subscribers.items():
                if media := self.hub.clients.get(sid):
                    media.deliver_of_data_track(renumbered(packet, number))

    def _attempt(self, what: str, negotiate: Callable[[], None]) -> None:
        """What a client gets wrong fails its own negotiation only."""
        try:
            negotiate()
        except ValueError as error:
            log.info(f"{what} cannot be used", **self.peer.participant.names, problem=str(error))

    def _give_up(self, reason: str) -> None:
        if not self.closed:
            log.info("a client is lost", **self.peer.participant.names, reason=reason)
            self.peer.give_up()
