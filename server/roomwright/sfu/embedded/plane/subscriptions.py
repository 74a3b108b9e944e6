"""What one client receives: wanted, negotiated, sent."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomwright.media.forward.down import DownTrack
from roomwright.media.forward.settings import DownSettings
from roomwright.media.sdp import Sent, Wanted
from roomwright.sfu.embedded.media import Source
from roomwright.sfu.embedded.plane import infos
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.embedded.plane.client import ClientMedia


@dataclass(slots=True)
class Subscription:
    """A track that the client shall receive. `down` is None until it is negotiated, `counted` whether it ever was."""

    source: Source
    wanted: Wanted
    settings: DownSettings
    down: DownTrack | None = None
    counted: bool = False


class Subscriptions:
    """The tracks that a client receives, by the sids under which it knows them."""

    def __init__(self, client: "ClientMedia") -> None:
        self._client = client
        self._by_sid: dict[str, Subscription] = {}

    def __repr__(self) -> str:
        return f"<Subscriptions {', '.join(self._by_sid) or 'none'}>"

    @property
    def wanted(self) -> list[Wanted]:
        """What shall be negotiated."""
        return [subscription.wanted for subscription in self._by_sid.values()]

    def names(self, publisher: object) -> set[str]:
        """The sids under which the client knows a publisher from whom it receives."""
        return {one.source.publisher_sid for one in self._by_sid.values() if one.source.media is publisher}

    def add(self, source: Source) -> bool:
        """The client shall receive a track. Returns whether that is new."""
        kind = infos.KINDS.get(source.track.info.type)
        if kind is None or source.track_sid in self._by_sid:
            return False
        self._by_sid[source.track_sid] = Subscription(source, self._wanted(source, kind), DownSettings())
        return True

    def remove(self, track_sid: str) -> bool:
        """The client shall not receive a track any more. Returns whether it did."""
        subscription = self._by_sid.pop(track_sid, None)
        if subscription is None:
            return False
        self._stop(subscription)
        return True

    def renew(self, publisher: object, track_sids: set[str]) -> bool:
        """Begin anew with tracks of a publisher: with new SSRCs, because numbers begin anew too. Returns if any was."""
        renewed = False
        for sid, old in self._by_sid.items():
            if old.source.media is publisher and old.source.track.sid in track_sids:
                self._stop(old)
                wanted = self._wanted(old.source, old.wanted.kind)
                self._by_sid[sid] = Subscription(old.source, wanted, old.settings, counted=old.counted)
                renewed = True
        return renewed

    def apply(self, sent: tuple[Sent, ...]) -> None:
        """Take what a negotiation led to."""
        negotiated = {one.wanted.ssrc: one for one in sent}
        for subscription in self._by_sid.values():
            one = negotiated.get(subscription.wanted.ssrc)
            if one is None:
                self._stop(subscription)
            elif subscription.down is None:
                self._start(subscription, one)

    def configure(self, update: pb.UpdateTrackSettings) -> None:
        """Take the client's wishes; of tracks that it does not receive they mean nothing."""
        wishes = infos.settings(update)
        for sid in update.track_sids:
            if subscription := self._by_sid.get(sid):
                subscription.settings = wishes
                if subscription.down is not None:
                    subscription.down.configure(wishes, self._client.hub.now())
                    self._client.hub.demand(subscription.down.up)

    def close(self) -> None:
        """The client is gone."""
        for sid in list(self._by_sid):
            self.remove(sid)

    def _wanted(self, source: Source, kind: str) -> Wanted:
        hub = self._client.hub
        room = self._client.peer.participant.room
        return Wanted(
            track_sid=source.track_sid,
            participant_sid=source.publisher_sid,
            kind=kind,
            ssrc=hub.new_ssrc(),
            rtx_ssrc=hub.new_ssrc() if kind == "video" else 0,
            sync=source.track.info.stream if room.configuration.sync_streams else "",
        )

    def _start(self, subscription: Subscription, sent: Sent) -> None:
        up = self._client.hub.find(subscription.source)
        if up is not None:
            now = self._client.hub.now()
            subscription.down = self._client.negotiation.subscriber.endpoint.subscribe(up, sent, now)
            subscription.down.configure(subscription.settings, now)
            self._client.hub.demand(up)
            self._count(subscription, supported=subscription.down.supported)
            if not subscription.down.supported:
                self._client.peer.signal(_unsupported(subscription.source.track_sid))

    def _count(self, subscription: Subscription, *, supported: bool) -> None:
        if not subscription.counted:
            subscription.counted = True
            counts = self._client.hub.router.counts
            counts.started += supported
            counts.unsupported += not supported

    def _stop(self, subscription: Subscription) -> None:
        down, subscription.down = subscription.down, None
        if down is None:
            return
        connection = self._client.negotiation.subscriber
        connection.endpoint.unsubscribe(down, self._client.hub.now())
        for ssrc in (subscription.wanted.ssrc, subscription.wanted.rtx_ssrc):
            connection.transport.forget_outbound(ssrc)
        self._client.hub.demand(down.up)


def _unsupported(track_sid: str) -> pb.SignalResponse:
    response = pb.SubscriptionResponse(track_sid=track_sid, err=pb.SubscriptionError.SE_CODEC_UNSUPPORTED)
    return pb.SignalResponse(subscription_response=response)
