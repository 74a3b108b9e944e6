"""Two peer connections: the client offers what it sends, we offer what it receives (`/rtc`)."""

from typing import TYPE_CHECKING

from roomwright.media.sdp import Answerer, Offerer
from roomwright.sfu.embedded.plane import negotiation
from roomwright.sfu.embedded.plane.data import DATA_TRACK, LOSSY, RELIABLE
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.embedded.plane.client import ClientMedia


class Pair:
    """The negotiations of two connections. Attributes are those of `Single`."""

    def __init__(self, client: "ClientMedia") -> None:
        self._client = client
        self.publisher, self.subscriber = client.connect(), client.connect()
        self.primary = self.subscriber if client.setup.subscriber_primary else self.publisher
        hub = client.hub
        self._answerer = Answerer(client.codecs, hub.new_session_id(), hub.limits.max_media_sections)
        self._offerer = Offerer(client.codecs, hub.new_session_id(), self.subscriber.local)
        self._offering = False
        self._begun = False

    def __repr__(self) -> str:
        return f"<Pair {self.publisher!r}, {self.subscriber!r}, {self._offerer!r}>"

    def begin(self) -> None:
        """Offer at once if ours is the connection that comes first: with it the client is active."""
        if self._client.setup.subscriber_primary:
            self._offer()

    def on_offer(self, offer: pb.SessionDescription) -> None:
        """Answer for the publisher's connection. Raises ValueError."""
        client = self._client
        answer = negotiation.answer(self.publisher, self._answerer, offer.sdp, client.publications.announced, ())
        description = pb.SessionDescription(type="answer", sdp=answer.sdp, id=offer.id)
        client.peer.signal(pb.SignalResponse(answer=description))
        client.publications.apply(answer.published)

    def on_answer(self, answer: pb.SessionDescription) -> None:
        """The client has answered for the subscriber's connection. Raises ValueError."""
        try:
            accepted = self._offerer.accept(answer.sdp, answer.id)
            if accepted is not None:
                self.subscriber.describe(accepted.remote)
                self._client.subscriptions.apply(accepted.sent)
        finally:
            self._offer()

    def on_resume(self) -> None:
        """Find the way to the client anew, and repeat an offer that was lost."""
        if self._begun:
            self.subscriber.transport.restart_ice()
            self._offerer.restart(self.subscriber.local)
            self._offer()

    def renegotiate(self) -> None:
        """What the client shall receive has changed: offer, once for all changes of the moment."""
        if not self._offering:
            self._offering = True
            self._client.hub.loop.call_soon(self._on_changes)

    def move(self, room_sid: str) -> None:
        """The participant may be in another room now."""
        self.publisher.endpoint.room = self.subscriber.endpoint.room = room_sid

    def close(self) -> None:
        """End both connections."""
        self.publisher.close()
        self.subscriber.close()

    def _on_changes(self) -> None:
        self._offering = False
        if not self._client.closed:
            self._offer()

    def _offer(self) -> None:
        """Send the next offer, unless one is on its way or nothing is new."""
        if not self._begun:
            self._begun = True
            self.subscriber.transport.channel(RELIABLE)
            for label in (LOSSY, DATA_TRACK):
                self.subscriber.transport.channel(label, ordered=False, max_retransmits=0)
        self._offerer.want(self._client.subscriptions.wanted)
        offer = self._offerer.offer()
        if offer is not None:
            description = pb.SessionDescription(
                type="offer", sdp=offer.sdp, id=offer.id, mid_to_track_id=offer.mid_to_track_id
            )
            self._client.peer.signal(pb.SignalResponse(offer=description))
