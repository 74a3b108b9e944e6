"""Which track an unknown SSRC belongs to: by mid, rid and repaired rid in its first packets, else by payload type."""

from collections.abc import Iterable
from dataclasses import dataclass

from roomwright.media.forward.stream import Stream
from roomwright.media.forward.up import UpTrack
from roomwright.media.rtp.header import extension_text, payload_end, payload_start
from roomwright.media.sdp.extensions import MID, REPAIRED_RID, RID


@dataclass(frozen=True, slots=True)
class Repair:
    """Retransmissions of a stream (RFC 4588): made into the packets they repair, which then take the usual way."""

    stream: Stream
    repaired: dict[int, int]

    @classmethod
    def of(cls, stream: Stream) -> "Repair":
        """With the payload types that the track negotiated."""
        codecs = stream.track.published.codecs
        return cls(stream, {codec.payload_type: codec.repairs for codec in codecs if codec.repairs is not None})

    def on_packet(self, packet: bytes, now: float) -> None:
        """Take a retransmission; padding, and what comes before the stream itself, is dropped."""
        start = payload_start(packet)
        if start < 0 or self.stream.reception.extended < 0:
            return
        end = payload_end(packet, start)
        target = self.repaired.get(packet[1] & 0x7F)
        if target is None or end - start < 2:
            return
        self._count(packet)
        head = bytes((packet[0] & 0xDF, packet[1] & 0x80 | target))
        fixed = head + packet[start : start + 2] + packet[4:8] + self.stream.ssrc.to_bytes(4, "big")
        self.stream.on_packet(fixed + packet[12:start] + packet[start + 2 : end], now)

    def _count(self, packet: bytes) -> None:
        counts = self.stream.track.endpoint.router.counts
        counts.repairs += 1
        counts.repairs_octets += len(packet)


def learn(packet: bytes, tracks: Iterable[UpTrack]) -> Stream | Repair | None:
    """The new stream that a packet belongs to, or the stream that it repairs; None: it cannot be known yet."""
    payload_type = packet[1] & 0x7F
    ssrc = int.from_bytes(packet[8:12], "big")
    for track in tracks:
        if not track.codec_name(payload_type):
            continue
        ids = {extension.uri: extension.id for extension in track.published.extensions}
        mid = extension_text(packet, ids.get(MID, 0))
        if mid == track.mid or (not mid and not track.published.ssrcs):
            repaired = track.codec_name(payload_type).lower() == "rtx"
            rid = extension_text(packet, ids.get(REPAIRED_RID if repaired else RID, 0))
            return _repair(track, rid) if repaired else _stream(track, ssrc, rid)
    return None


def _stream(track: UpTrack, ssrc: int, rid: str) -> Stream | None:
    if track.published.rids and rid not in track.published.rids:
        return None
    return track.add_stream(ssrc, rid)


def _repair(track: UpTrack, rid: str) -> Repair | None:
    if rid:
        stream = track.stream_of_rid(rid)
    else:
        stream = next(iter(track.streams.values())) if len(track.streams) == 1 else None
    return Repair.of(stream) if stream else None
