"""The port to the media plane: what signalling and the engine tell one client's transports, and what those say back.

All calls return at once and come from the event loop; none is awaited, and none may raise for anything that a client
can send: what a client got wrong fails its own negotiation only. A call may be answered within itself (an offer by
`peer.signal(answer)`) or later.

Order, for each client: `MediaPlane.open` once, when `join` and the first `refresh_token` are on their way; then
anything; `close` last, exactly once. Nothing is called after `close`, and a media plane says nothing after it.

    client ── offer, answer, trickle, … ──▶ PeerMedia ── Peer.signal ──▶ client (answer, offer, trickle, …)
    engine ── announce, subscribe, … ─────▶ PeerMedia ── Peer.tell ────▶ engine (Activate, StartTrack, SendPacket, …)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from roomwright.rooms.commands import Command
from roomwright.rooms.participant import Participant
from roomwright.rooms.track import Track
from roomwright.sfu.embedded.vitals import Vitals
from roomwright.sfu.taps import Tap, TapListener
from roomwright_proto import livekit as pb

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a client wants its media.

    `single_connection`: one peer connection, in which only the client offers (`/rtc/v1`); otherwise two, in which each
    side offers what it sends (`/rtc`). `subscriber_primary`: of two, the server's is made first: send an offer with the
    data channels at once. `allow_pause` None: the client did not say.
    """

    single_connection: bool
    subscriber_primary: bool = False
    adaptive_stream: bool = False
    allow_pause: bool | None = None
    disable_ice_lite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A published track as one subscriber is given it.

    `media` is the publisher's transport; `track` what its engine knows of it: look, do not change; `track.info` is
    replaced whenever mute, size or codecs change. `track_sid` and `publisher_sid` are the ids under which the
    subscriber knows both: those of a forwarded participant differ from the origin's.
    """

    media: "PeerMedia"
    track: Track
    track_sid: str
    publisher_sid: str

    @property
    def stream_id(self) -> str:
        """The stream of the subscriber's `a=msid`: how SDKs find the publication that media belongs to."""
        return f"{self.publisher_sid}|{self.track_sid}"


class Peer(Protocol):
    """The client that a `PeerMedia` serves: how it reaches the client and the engine."""

    @property
    def participant(self) -> Participant:
        """The engine's participant: look, but do not change it. It may be in another room after a move."""
        ...

    def signal(self, message: pb.SignalResponse) -> None:
        """Send a message over signalling. While the socket is cut it is kept for the resume, in order.

        Media's own are `answer`, `offer`, `trickle`, `media_sections_requirement`, `subscription_response`,
        `subscribed_quality_update`, `stream_state_update`, `speakers_changed`, `connection_quality`. Of a refused
        offer nothing is sent: the client's negotiation times out.
        """
        ...

    def tell(self, command: Command) -> None:
        """Report to the engine what the transport saw.

        `Activate` when it is connected for the first time; `StartTrack` when an announced track is negotiated and its
        media may flow; `UnpublishTrack` when an offer ends it; `SendPacket` for each data packet received.
        """
        ...

    def give_up(self, reason: pb.DisconnectReason = pb.DisconnectReason.CONNECTION_TIMEOUT) -> None:
        """The transport is lost for good: the participant leaves, and its client, if it listens, is told to rejoin."""
        ...


class PeerMedia(Protocol):
    """The media transports of one client."""

    @property
    def last_sequence(self) -> int:
        """The last reliable data packet that came from the client (`DataPacket.sequence`), 0 before the first."""
        ...

    # what the client says

    def on_offer(self, offer: pb.SessionDescription) -> None:
        """The client offers: on the publisher connection, or on the only one. Answer by `peer.signal`, same `id`."""
        ...

    def on_answer(self, answer: pb.SessionDescription) -> None:
        """The client answers an offer of ours (two connections only); `id` is that of the offer."""
        ...

    def on_trickle(self, candidate: pb.TrickleRequest) -> None:
        """A candidate of the client's; `target` says for which connection."""
        ...

    def on_track_setting(self, settings: pb.UpdateTrackSettings) -> None:
        """In what size and quality the client wants subscribed tracks, or whether to hold them back."""
        ...

    def on_resume(self) -> None:
        """Signalling was cut and is back; `sync_state` and, usually, an offer that restarts ICE follow."""
        ...

    def on_sync_state(self, state: pb.SyncState) -> None:
        """What the client believes after a resume. Subscriptions in it are the engine's and already dealt with."""
        ...

    # what the engine says

    def announce(self, cid: str, track: pb.TrackInfo) -> None:
        """The client may publish this: an offer will name `cid`. Its `codecs` hold further cids, for backup codecs.

        Comes before the offer, also when both came in one join request. The same `cid` may be announced twice.
        """
        ...

    def withdraw(self, track_sid: str) -> None:
        """The engine took a track of the client's away; what still arrives of it is dropped."""
        ...

    def subscribe(self, source: Source) -> None:
        """The client shall receive this track from now on."""
        ...

    def unsubscribe(self, track_sid: str) -> None:
        """The client shall not receive this track (the subscriber's sid for it) any more. It may be gone already."""
        ...

    def tap(self, track_sid: str, listener: TapListener) -> Tap | None:
        """Listen to a track of the client's as it arrives; None: there is no media of it."""
        ...

    def deliver(self, packet: pb.DataPacket) -> None:
        """Send a data packet to the client, over the channel of its `kind`. Shared with others: do not change it."""
        ...

    def refresh(self) -> None:
        """What the engine knows of the participant changed: a track was muted, say, or it is in another room."""
        ...

    def close(self) -> None:
        """The client is gone: release everything."""
        ...


@dataclass(frozen=True, slots=True)
class Load:
    """What a media plane carries: tracks that it receives and sends, bytes of media in a second, both ways."""

    tracks: int = 0
    bytes_per_second: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a media plane has carried since the start. Bytes are of UDP payload, feedback is RTCP's.

    `repeated` packets were sent again, and are among those sent. `dropped` ones the kernel did not take; `strangers`
    came from nobody who was known; `lost_messages` are of data channels. `repairs_received` packets came again on a
    stream of their own, and are among those received. `subscriptions` were negotiated, `unsupported` ones were not.
    """

    transports: int = 0
    packets_received: int = 0
    bytes_received: int = 0
    packets_sent: int = 0
    bytes_sent: int = 0
    repeated: int = 0
    repeated_bytes: int = 0
    nacks_received: int = 0
    nacks_sent: int = 0
    plis_received: int = 0
    plis_sent: int = 0
    firs_received: int = 0
    firs_sent: int = 0
    dropped: int = 0
    strangers: int = 0
    lost_messages: int = 0
    repairs_received: int = 0
    repairs_bytes_received: int = 0
    subscriptions: int = 0
    unsupported: int = 0


class MediaPlane(Protocol):
    """All transports of a server: its sockets, its certificate, its timers."""

    @property
    def load(self) -> Load:
        """What is carried now."""
        ...

    @property
    def traffic(self) -> Traffic:
        """What was carried."""
        ...

    @property
    def vitals(self) -> Vitals:
        """How well it arrives."""
        ...

    async def start(self) -> None:
        """Open the sockets. Raises OSError when that fails."""
        ...

    async def prepare(self) -> None:
        """Do what takes long before the first `open`, so that the loop goes on meanwhile."""
        ...

    def open(self, peer: Peer, setup: Setup) -> PeerMedia:
        """Serve one more client. May already `signal` (the first offer of two connections), but not `tell` yet."""
        ...

    def listen_to_speakers(self, room_sid: str, listener: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        """Have `listener` called with the sids of a room's speakers, loudest first; what this returns ends it."""
        ...

    async def close(self) -> None:
        """Close the sockets; every `PeerMedia` is closed before. Idempotent."""
        ...


class NoMedia:
    """A media plane that carries nothing: clients do their signalling and stay JOINED."""

    load = Load()
    traffic = Traffic()
    vitals = Vitals()

    def __init__(self) -> None:
        self._told = False

    async def start(self) -> None:
        """Nothing to open."""

    async def prepare(self) -> None:
        """Nothing takes long."""

    def open(self, peer: Peer, setup: Setup) -> PeerMedia:
        """Serve one more client."""
        return NoPeerMedia(self)

    def listen_to_speakers(self, room_sid: str, listener: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        """Nobody is heard."""
        return lambda: None

    async def close(self) -> None:
        """Nothing to close."""

    def refuse(self) -> None:
        """An offer cannot be answered; the log says so once."""
        if not self._told:
            self._told = True
            log.warning("this server carries no media: offers are not answered, and clients that need one time out")


class NoPeerMedia:
    """Transports that never connect. An offer is not answered, because nothing true could be said."""

    last_sequence = 0

    def __init__(self, plane: NoMedia) -> None:
        self._plane = plane

    def on_offer(self, offer: pb.SessionDescription) -> None:
        """Leave it unanswered."""
        self._plane.refuse()

    def on_answer(self, answer: pb.SessionDescription) -> None:
        """Nothing was offered."""

    def on_trickle(self, candidate: pb.TrickleRequest) -> None:
        """Nothing is connected."""

    def on_track_setting(self, settings: pb.UpdateTrackSettings) -> None:
        """Nothing is sent."""

    def on_resume(self) -> None:
        """Nothing was interrupted."""

    def on_sync_state(self, state: pb.SyncState) -> None:
        """There is no state."""

    def announce(self, cid: str, track: pb.TrackInfo) -> None:
        """It will not arrive."""

    def withdraw(self, track_sid: str) -> None:
        """It never arrived."""

    def subscribe(self, source: Source) -> None:
        """Only an ACTIVE participant subscribes, and none is."""

    def unsubscribe(self, track_sid: str) -> None:
        """Nothing is sent."""

    def tap(self, track_sid: str, listener: TapListener) -> Tap | None:
        """There is no media."""
        return None

    def deliver(self, packet: pb.DataPacket) -> None:
        """Only an ACTIVE participant receives data, and none is."""

    def refresh(self) -> None:
        """It makes no difference."""

    def close(self) -> None:
        """Nothing to release."""
