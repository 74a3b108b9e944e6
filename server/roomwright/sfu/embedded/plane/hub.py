"""What all clients share: the socket, the router of packets and its timer, encoded data, what rooms are told."""

import asyncio
import random
import socket
from collections.abc import Sequence

from roomwright import codec
from roomwright.clock import Clock, Ids
from roomwright.config import LimitSettings, RtcSettings
from roomwright.media.forward.events import MediaStarted, QualityChanged, SpeakersChanged
from roomwright.media.forward.up import UpTrack
from roomwright.media.transport import MediaSocket, TransportSettings
from roomwright.sfu.embedded.media import Load, Peer, Setup, Source, Traffic
from roomwright.sfu.embedded.plane.client import ClientMedia
from roomwright.sfu.embedded.plane.notices import Notices, demand
from roomwright.sfu.embedded.plane.router import WakingRouter
from roomwright.sfu.embedded.plane.settings import forward_settings
from roomwright.sfu.embedded.plane.speakers import SpeakersTaps
from roomwright.sfu.embedded.plane.vitals import qualities_of, streams_of
from roomwright.sfu.embedded.vitals import Vitals
from roomwright_proto import livekit as pb

_DEMAND_S = 0.1
"""Changes of what subscribers want are gathered for that long."""


class Hub:
    """The clients' media. Must be made on the event loop; `socks` are bound, to one port.

    Attributes:
        socket: the transports.
        router: the endpoints.
        clients: by the sids of their participants.
        notices: what they are told of each other.
        speakers: who listens to speakers besides them.
        epoch_ns: added to `now()` in nanoseconds it gives nanoseconds since 1970; the same for all tracks.
        rtc, limits: what one client may cost.
    """

    def __init__(
        self,
        settings: TransportSettings,
        rtc: RtcSettings,
        limits: LimitSettings,
        clock: Clock,
        ids: Ids,
        socks: Sequence[socket.socket],
    ) -> None:
        self.rtc = rtc
        self.limits = limits
        self.socket = MediaSocket(settings, clock, ids, socks)
        self.router = WakingRouter(self.socket.burst, forward_settings(rtc), self._on_event, self._on_due)
        self.clients: dict[str, ClientMedia] = {}
        self.notices = Notices(self.clients)
        self.speakers = SpeakersTaps()
        self.epoch_ns = clock.now_ns() - int(clock.monotonic() * 1e9)
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(ids.secret())  # noqa: S311 - names streams and sessions, keeps no secret
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._taking = False
        self._demanded: dict[UpTrack, None] = {}
        self._encoded: tuple[pb.DataPacket, bytes] | None = None

    def __repr__(self) -> str:
        return f"<Hub {len(self.clients)} clients, {self.socket!r}, {self.router!r}>"

    def open(self, peer: Peer, setup: Setup) -> ClientMedia:
        """Serve one more client."""
        media = ClientMedia(self, peer, setup)
        self.clients[peer.participant.sid] = media
        media.begin()
        self._rearm()
        return media

    def forget(self, participant_sid: str) -> None:
        """A client is gone."""
        self.clients.pop(participant_sid, None)
        self.notices.forget(participant_sid)

    def close(self) -> None:
        """Close the socket."""
        if self._timer is not None:
            self._timer.cancel()
        self.socket.close()

    @property
    def load(self) -> Load:
        """What is carried now."""
        endpoints = self.router.endpoints
        tracks = sum(len(endpoint.tracks) + len(endpoint.downs) for endpoint in endpoints)
        return Load(tracks, self.socket.bytes_per_second)

    @property
    def traffic(self) -> Traffic:
        """What was carried."""
        counters, counts = self.socket.counters, self.router.counts
        return Traffic(
            transports=len(self.router.endpoints),
            packets_received=counters.packets_received,
            bytes_received=counters.octets_received,
            packets_sent=counters.packets_sent,
            bytes_sent=counters.octets_sent,
            repeated=counts.repeated,
            repeated_bytes=counts.repeated_octets,
            nacks_received=counts.nacks_received,
            nacks_sent=counts.nacks_sent,
            plis_received=counts.plis_received,
            plis_sent=counts.plis_sent,
            firs_received=counts.firs_received,
            firs_sent=counts.firs_sent,
            dropped=self.socket.burst.dropped,
            strangers=self.socket.strangers,
            lost_messages=counters.messages_dropped,
            repairs_received=counts.repairs,
            repairs_bytes_received=counts.repairs_octets,
            subscriptions=counts.started,
            unsupported=counts.unsupported,
        )

    @property
    def vitals(self) -> Vitals:
        """How well it arrives."""
        return Vitals(
            streams=streams_of(self.router.endpoints, self.clients, self.now()),
            qualities=qualities_of(self.clients.values(), self.router.quality),
            passed=self.socket.transits.passed,
        )

    # for the clients

    def now(self) -> float:
        """The time, in seconds on the monotonic scale."""
        return self._clock.monotonic()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where everything runs."""
        return self._loop

    def new_ssrc(self) -> int:
        """A random SSRC; never 0, and never our own reports' 1."""
        return self._random.randrange(2, 2**32)

    def new_session_id(self) -> int:
        """A random number for a description's origin."""
        return self._random.randrange(1, 2**63)

    def encode(self, packet: pb.DataPacket) -> bytes:
        """The bytes of a data packet; one that goes to many is encoded once."""
        if self._encoded is None or self._encoded[0] is not packet:
            self._encoded = (packet, codec.encode(packet))
        return self._encoded[1]

    def find(self, source: Source) -> UpTrack | None:
        """What arrives of a track that somebody receives."""
        return source.media.publications.find(source.track.sid) if isinstance(source.media, ClientMedia) else None

    def renew(self, publisher: ClientMedia, track_sids: set[str]) -> None:
        """Tracks arrive on other sections than before: their subscribers begin anew."""
        for media in self.clients.values():
            media.renew(publisher, track_sids)

    def demand(self, up: UpTrack) -> None:
        """What subscribers want of a track may have changed: its publisher is told soon."""
        if up.kind == "video":
            if not self._demanded:
                self._loop.call_later(_DEMAND_S, self._tell_demand)
            self._demanded[up] = None

    # time and events

    def _on_event(self) -> None:
        if not self._taking:
            self._taking = True
            self._loop.call_soon(self._take)

    def _take(self) -> None:
        self._taking = False
        for event in self.router.take_events():
            match event:
                case MediaStarted():
                    if media := self.clients.get(event.participant_sid):
                        media.publications.on_media(event)
                case SpeakersChanged():
                    self.notices.on_speakers(event)
                    self.speakers.on_speakers(event)
                case QualityChanged():
                    self.notices.on_quality(event)

    def _tell_demand(self) -> None:
        demanded, self._demanded = self._demanded, {}
        for up in demanded:
            media = self.clients.get(up.endpoint.participant_sid)
            if media is not None and media.publications.find(up.track_sid) is up:
                media.peer.signal(demand(up))

    def _on_due(self, due: float) -> None:
        if self._timer is None or due < self._due:
            self._rearm()

    def _rearm(self) -> None:
        due = self.router.next_timeout()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if due is not None:
            self._due = due
            self._timer = self._loop.call_later(max(0.0, due - self.now()), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.router.tick(self.now())
        self._take()
        self._rearm()
