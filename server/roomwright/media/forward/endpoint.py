"""One peer connection as forwarding sees it: what it publishes, what it receives, and the RTCP of both."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from roomwright.media.forward.down import DownTrack
from roomwright.media.forward.learning import Repair, learn
from roomwright.media.forward.sink import Sender
from roomwright.media.forward.stream import Stream
from roomwright.media.forward.up import UpTrack
from roomwright.media.forward.uplink import Uplink
from roomwright.media.rtp import rtcp, rtcp_write
from roomwright.media.sdp.tracks import Published, Sent

if TYPE_CHECKING:
    from roomwright.media.forward.router import Router

_Handler: TypeAlias = Callable[[bytes, float], None]

OUR_SSRC = 1
"""Who sends our receiver reports and requests; subscribers' streams have random SSRCs."""


class Endpoint:
    """A peer connection. `tracks` are what it publishes, by mid; `downs` what it receives, by SSRC.

    `room` may be set when the participant moves. `estimate` is the client's REMB in bits per second, 0: none yet.
    `unknown` counts packets that belong to no track.
    """

    def __init__(self, router: "Router", participant_sid: str, room: str, sender: Sender) -> None:
        self.router = router
        self.participant_sid = participant_sid
        self.room = room
        self.sender = sender
        self.tracks: dict[str, UpTrack] = {}
        self.downs: dict[int, DownTrack] = {}
        self.estimate = 0
        self.unknown = 0
        self._handlers: dict[bytes, _Handler] = {}
        self._streams: dict[int, Stream] = {}
        self._used: set[int] = set()
        self._uplink = Uplink(router.settings.first_bitrate, router.settings.highest_bitrate)

    def __repr__(self) -> str:
        return f"<Endpoint {self.participant_sid}: {len(self.tracks)} up, {len(self.downs)} down>"

    @property
    def streams(self) -> list[Stream]:
        """All streams that it sends."""
        return list(self._streams.values())

    # publishing

    def publish(self, published: Published, now: float) -> UpTrack:
        """A section carries a track. Called again after each negotiation; another track ends the one before."""
        track = self.tracks.get(published.mid)
        if track is not None and track.track_sid != published.track_sid:
            self.unpublish(published.mid, now)
            track = None
        if track is None:
            track = self.tracks[published.mid] = UpTrack(self, published, self.router.settings)
        else:
            track.update(published)
        for ssrc in published.ssrcs:
            if ssrc not in self._streams:
                self._add(track.add_stream(ssrc, ""))
        for ssrc, repaired in published.retransmissions.items():
            if stream := self._streams.get(repaired):
                self._handlers[_key(ssrc)] = Repair.of(stream).on_packet
        return track

    def unpublish(self, mid: str, now: float) -> list[int]:
        """A section carries nothing any more. Returns the SSRCs that have ended, retransmissions too."""
        track = self.tracks.pop(mid, None)
        if track is None:
            return []
        gone = set(track.streams.values())
        ended = [key for key, handler in self._handlers.items() if _stream_of(handler) in gone]
        track.close(now)
        for key in ended:
            del self._handlers[key]
            self._streams.pop(int.from_bytes(key, "big"), None)
        return [int.from_bytes(key, "big") for key in ended]

    # subscribing

    def subscribe(self, up: UpTrack, sent: Sent, now: float) -> DownTrack:
        """Begin to send a track. The same subscription again, after another negotiation, changes nothing.

        Raises ValueError for an SSRC that was used before: two packets of one SSRC and number reveal AES-GCM's key.
        """
        known = self.downs.get(sent.wanted.ssrc)
        if known is not None and known.up is up:
            return known
        if sent.wanted.ssrc in self._used:
            raise ValueError(f"SSRC {sent.wanted.ssrc} was used for another subscription")
        self._used.add(sent.wanted.ssrc)
        down = self.downs[sent.wanted.ssrc] = DownTrack(self, up, sent)
        up.downs[down] = None
        down.settle(now)
        return down

    def unsubscribe(self, down: DownTrack, now: float) -> None:
        """Stop sending a track; idempotent."""
        down.detach(now)
        down.up.downs.pop(down, None)
        if self.downs.get(down.ssrc) is down:
            del self.downs[down.ssrc]

    def close(self, now: float) -> None:
        """The connection is gone."""
        for mid in list(self.tracks):
            self.unpublish(mid, now)
        for down in list(self.downs.values()):
            self.unsubscribe(down, now)

    # what arrives

    def on_rtp(self, packet: bytes, now: float) -> None:
        """Take a decrypted RTP packet of at least 12 bytes; `packet` is kept and must not change afterwards."""
        handler = self._handlers.get(packet[8:12]) or self._learn(packet)
        if handler is not None:
            handler(packet, now)

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take a decrypted RTCP packet."""
        for message in rtcp.parse(packet):
            match message:
                case rtcp.SenderReport():
                    if stream := self._streams.get(message.ssrc):
                        stream.on_report(message, now)
                case rtcp.Reports():
                    for block in message.blocks:
                        if down := self.downs.get(block.ssrc):
                            down.on_report_block(block, now)
                case rtcp.Nack():
                    self.router.counts.nacks_received += 1
                    if down := self.downs.get(message.ssrc):
                        down.on_nack(message.numbers)
                case rtcp.KeyFrameRequest():
                    self._count(message)
                    if down := self.downs.get(message.ssrc):
                        down.on_key_frame_request(now)
                case rtcp.Remb():
                    self.estimate = message.bitrate
                case rtcp.Bye():
                    pass  # a stream that is silent is not chosen any more

    def _count(self, request: rtcp.KeyFrameRequest) -> None:
        if request.full_intra:
            self.router.counts.firs_received += 1
        else:
            self.router.counts.plis_received += 1

    # what is sent

    def send_rtp(self, header: bytes, payload: bytes) -> None:
        """Send one RTP packet."""
        self.router.sink.queue_rtp(self.sender, header, payload)

    def send_rtcp(self, packet: bytes) -> None:
        """Send one RTCP packet."""
        self.router.sink.queue_rtcp(self.sender, packet)

    def send_nack(self, ssrc: int, numbers: list[int]) -> None:
        """Ask the client for packets of its stream again."""
        self.router.counts.nacks_sent += 1
        self.send_rtcp(rtcp_write.nack(OUR_SSRC, ssrc, numbers))

    def send_key_frame_request(self, ssrc: int, *, pli: bool) -> None:
        """Ask the client for a key frame of its stream, in the way that was negotiated."""
        counts = self.router.counts
        if pli:
            counts.plis_sent += 1
            self.send_rtcp(rtcp_write.picture_loss(OUR_SSRC, ssrc))
        else:
            counts.firs_sent += 1
            self.send_rtcp(rtcp_write.full_intra(OUR_SSRC, ssrc, counts.firs_sent))

    def send_reports(self, now: float) -> None:
        """Tell the client how its streams arrive, and how much it may send."""
        live = [stream for stream in self._streams.values() if stream.reception.extended >= 0]
        for first in range(0, len(live), rtcp_write.MAX_BLOCKS):
            blocks = [s.reception.block(s.ssrc, now) for s in live[first : first + rtcp_write.MAX_BLOCKS]]
            self.send_rtcp(rtcp_write.receiver_report(OUR_SSRC, blocks))
        videos = [stream.ssrc for stream in live if stream.track.kind == "video"]
        if videos:
            self.send_rtcp(rtcp_write.estimate(OUR_SSRC, self._bound(live, now), videos))

    # inside

    def _bound(self, live: list[Stream], now: float) -> int:
        receptions = [stream.reception for stream in live]
        received = sum(reception.received for reception in receptions)
        lost = sum(reception.lost for reception in receptions)
        return self._uplink.update(received, lost, sum(reception.octets for reception in receptions), now)

    def _add(self, stream: Stream) -> _Handler:
        self._streams[stream.ssrc] = stream
        handler = self._handlers[_key(stream.ssrc)] = stream.on_packet
        return handler

    def _learn(self, packet: bytes) -> _Handler | None:
        found = None
        if len(self._handlers) < self.router.settings.max_streams:
            found = learn(packet, self.tracks.values())
        if found is None:
            self.unknown += 1
            return None
        if isinstance(found, Stream):
            return self._add(found)
        handler = self._handlers[packet[8:12]] = found.on_packet
        return handler


def _key(ssrc: int) -> bytes:
    return ssrc.to_bytes(4, "big")


def _stream_of(handler: _Handler) -> Stream:
    owner: Stream | Repair = getattr(handler, "__self__")  # noqa: B009  # handlers are bound methods of these two
    return owner.stream if isinstance(owner, Repair) else owner
