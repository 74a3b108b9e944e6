"""What one client publishes: announced, negotiated, sent."""

from typing import TYPE_CHECKING

from roomwright.media.forward.endpoint import Endpoint
from roomwright.media.forward.events import MediaStarted
from roomwright.media.forward.up import UpTrack
from roomwright.media.sdp import Announced, Published
from roomwright.rooms.commands import StartTrack, UnpublishTrack
from roomwright.sfu.embedded.plane import infos
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.embedded.plane.client import ClientMedia


class Publications:
    """The tracks that a client announced, and those that it sends."""

    def __init__(self, client: "ClientMedia") -> None:
        self._client = client
        self._announced: dict[str, Announced] = {}

    def __repr__(self) -> str:
        return f"<Publications {', '.join(self._announced) or 'none'}>"

    @property
    def announced(self) -> list[Announced]:
        """What offers may name."""
        return list(self._announced.values())

    @property
    def tracks(self) -> list[UpTrack]:
        """What arrives."""
        return list(self._tracks.values())

    def announce(self, cid: str, info: pb.TrackInfo) -> None:
        """The client may publish this."""
        track = self._client.peer.participant.track(info.sid)
        self._announced[info.sid] = infos.announced(cid, info, track.wishes if track is not None else {})

    def withdraw(self, track_sid: str) -> None:
        """The client may not publish this any more: what still arrives of it is dropped."""
        self._announced.pop(track_sid, None)
        for mid, track in list(self._tracks.items()):
            if track.track_sid == track_sid:
                self._end(mid)

    def find(self, track_sid: str) -> UpTrack | None:
        """What arrives of a track; of several codecs the first."""
        return next((track for track in self._tracks.values() if track.track_sid == track_sid), None)

    def apply(self, published: tuple[Published, ...]) -> None:
        """Take what a negotiation led to."""
        before = {track.track_sid: self.find(track.track_sid) for track in self._tracks.values()}
        now = {one.mid: one.track_sid for one in published}
        for mid, track in list(self._tracks.items()):
            if now.get(mid) != track.track_sid:
                self._end(mid)
        for one in published:
            self._endpoint.publish(one, self._client.hub.now())
        self.refresh()
        for track_sid in before.keys() - now.values():
            self._announced.pop(track_sid, None)
            self._client.peer.tell(UnpublishTrack(track_sid))
        moved = {track_sid for track_sid, up in before.items() if self.find(track_sid) not in (None, up)}
        if moved:
            self._client.hub.renew(self._client, moved)
        self._client.taps.refresh()
        for one in published:
            self._start(one)

    def on_media(self, event: MediaStarted) -> None:
        """Media arrives, perhaps in another codec than the one that the answer preferred."""
        up, track = self._tracks.get(event.mid), self._client.peer.participant.track(event.track_sid)
        if up is not None and track is not None and self.find(event.track_sid) is up:
            self._tell(up.published, track.info, event.mime)

    def refresh(self) -> None:
        """Take over what the engine says of the tracks: muted or not, sizes."""
        participant, now = self._client.peer.participant, self._client.hub.now()
        for up in self._tracks.values():
            track = participant.track(up.track_sid)
            if track is None:
                continue
            up.sizes = infos.sizes(track.info)
            if up.muted != track.info.muted:
                up.set_muted(track.info.muted, now)

    @property
    def _endpoint(self) -> Endpoint:
        return self._client.negotiation.publisher.endpoint

    @property
    def _tracks(self) -> dict[str, UpTrack]:
        return self._endpoint.tracks

    def _start(self, published: Published) -> None:
        """The track is there for the others, whether or not it is muted."""
        track = self._client.peer.participant.pending.get(published.track_sid)
        if track is not None:
            self._tell(published, track.info, infos.mime(published))

    def _tell(self, published: Published, info: pb.TrackInfo, mime: str) -> None:
        if (info.mime_type, info.mid) != (mime, published.mid):
            codecs = infos.codecs(info, published, mime)
            self._client.peer.tell(
                StartTrack(track_sid=published.track_sid, mime_type=mime, mid=published.mid, codecs=codecs)
            )

    def _end(self, mid: str) -> None:
        ssrcs = list(self._tracks[mid].streams)
        self._endpoint.unpublish(mid, self._client.hub.now())
        for ssrc in ssrcs:
            self._client.negotiation.publisher.transport.forget_inbound(ssrc)
