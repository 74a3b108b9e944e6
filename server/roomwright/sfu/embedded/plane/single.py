"""One peer connection, on which only the client offers (`/rtc/v1`)."""

from typing import TYPE_CHECKING

from roomwright.media.sdp import Answerer, Requirement
from roomwright.sfu.embedded.plane import negotiation
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.embedded.plane.client import ClientMedia

_ROUNDS = 3
"""How often in a row the client is asked to offer although its offers change nothing."""


class Single:
    """The negotiations of a single connection.

    Attributes:
        primary, publisher, subscriber: the connection that makes the client active, the one on which it sends, the one
            on which it receives: here always the same.
    """

    def __init__(self, client: "ClientMedia") -> None:
        self._client = client
        self.primary = self.publisher = self.subscriber = client.connect()
        self._answerer = Answerer(client.codecs, client.hub.new_session_id(), client.hub.limits.max_media_sections)
        self._asking = False
        self._rounds = 0

    def __repr__(self) -> str:
        return f"<Single {self.primary!r}, {self._answerer!r}>"

    def begin(self) -> None:
        """The client begins."""

    def on_offer(self, offer: pb.SessionDescription) -> None:
        """Answer it. Raises ValueError."""
        client, placed = self._client, len(self.subscriber.endpoint.downs)
        wanted = client.subscriptions.wanted
        answer = negotiation.answer(self.primary, self._answerer, offer.sdp, client.publications.announced, wanted)
        client.peer.signal(
            pb.SignalResponse(
                answer=pb.SessionDescription(
                    type="answer", sdp=answer.sdp, id=offer.id, mid_to_track_id=answer.mid_to_track_id
                )
            )
        )
        client.subscriptions.apply(answer.sent)
        client.publications.apply(answer.published)
        self._rounds = 0 if len(self.subscriber.endpoint.downs) != placed else self._rounds + 1
        if self._rounds <= _ROUNDS:
            self._ask(self._answerer.requirement(client.subscriptions.wanted))

    def on_answer(self, answer: pb.SessionDescription) -> None:
        """Nothing was offered."""

    def on_resume(self) -> None:
        """The client offers again."""

    def renegotiate(self) -> None:
        """What the client shall receive has changed: ask it, once for all changes of the moment, to offer."""
        self._rounds = 0
        if not self._asking:
            self._asking = True
            self._client.hub.loop.call_soon(self._on_changes)

    def move(self, room_sid: str) -> None:
        """The participant may be in another room now."""
        self.primary.endpoint.room = room_sid

    def close(self) -> None:
        """End the connection."""
        self._asking = True
        self.primary.close()

    def _on_changes(self) -> None:
        if not self._client.closed:
            self._asking = False
            self._ask(self._answerer.requirement(self._client.subscriptions.wanted))

    def _ask(self, requirement: Requirement | None) -> None:
        if requirement is not None:
            needed = pb.MediaSectionsRequirement(num_audios=requirement.audios, num_videos=requirement.videos)
            self._client.peer.signal(pb.SignalResponse(media_sections_requirement=needed))
