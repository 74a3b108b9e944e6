"""How each stream of the clients arrives, read from what forwarding counts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from roomwright.media.forward.down import DownTrack
from roomwright.media.forward.endpoint import Endpoint
from roomwright.media.forward.quality import QualityMeter, quality_of
from roomwright.media.forward.stream import Stream
from roomwright.media.forward.up import UpTrack
from roomwright.sfu.embedded.vitals import StreamVitals
from roomwright.sfu.sorts import Sort
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.embedded.plane.client import ClientMedia

LOST = (int(pb.ConnectionQuality.LOST), 1.0)
"""The rating and the score of a connection over which nothing comes."""
FRESH_S = 10.0
"""How old a subscriber's report may be: those on sound come every five seconds."""


def streams_of(endpoints: Iterable[Endpoint], clients: Mapping[str, "ClientMedia"], now: float) -> list[StreamVitals]:
    """Every stream that arrives, and every one that is sent; of tracks that are still published."""
    sorts: dict[UpTrack, Sort] = {}
    everybody = list(endpoints)
    for endpoint in everybody:
        media = clients.get(endpoint.participant_sid)
        for up in endpoint.tracks.values():
            track = media.peer.participant.track(up.track_sid) if media is not None else None
            if track is not None:
                sorts[up] = Sort.of(track.info)
    return [vitals for endpoint in everybody for vitals in _of(endpoint, sorts, now)]


def qualities_of(clients: Iterable["ClientMedia"], meter: QualityMeter) -> list[tuple[int, float]]:
    """Rating and score of everybody who is active and has been measured."""
    found = (_quality(media, meter) for media in clients if media.peer.participant.active)
    return [quality for quality in found if quality is not None]


def _quality(media: "ClientMedia", meter: QualityMeter) -> tuple[int, float] | None:
    if not media.negotiation.primary.connected:
        return LOST
    participant = media.peer.participant
    score = meter.score(participant.room.sid, participant.sid)
    return None if score is None else (int(pb.ConnectionQuality[quality_of(score).name]), score)


def _of(endpoint: Endpoint, sorts: Mapping[UpTrack, Sort], now: float) -> Iterator[StreamVitals]:
    for stream in endpoint.streams:
        sort = sorts.get(stream.track)
        if sort is not None and stream.seen:
            yield _incoming(stream, sort)
    for down in endpoint.downs.values():
        sort = sorts.get(down.up)
        if sort is not None and down.report is not None:
            yield _outgoing(down, sort, now)


def _incoming(stream: Stream, sort: Sort) -> StreamVitals:
    reception = stream.reception
    return StreamVitals(
        stream=stream,
        direction="incoming",
        sort=sort,
        packets=reception.received + max(0, reception.lost),
        lost=max(0, reception.lost),
        reordered=stream.reordered,
        jitter=reception.jitter / reception.clock_rate,
    )


def _outgoing(down: DownTrack, sort: Sort, now: float) -> StreamVitals:
    report, fresh = down.report, now - down.reported <= FRESH_S
    jitter = report.jitter / down.up.clock_rate if report is not None and fresh else None
    return StreamVitals(
        stream=down,
        direction="outgoing",
        sort=sort,
        packets=down.sent,
        lost=max(0, report.lost) if report is not None else 0,
        jitter=jitter,
        round_trip=down.round_trip if fresh else None,
    )
