"""A client's side of the embedded backend without a network: a socket and media transports that only take notes."""

from typing import Any

from betterproto2 import which_one_of

from roomwright import codec
from roomwright.clock import CountedIds, ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms import commands as c
from roomwright.rooms.instant import Instant
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.media import Load, MediaPlane, Peer, PeerMedia, Setup, Source
from roomwright.signalling.frames import Frame
from roomwright_proto import livekit as pb


class FakeSocket:
    """Keeps what was sent; `ended` says how it was closed."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any]] = []
        self.pings = 0
        self.ended = ""

    def send(self, frame: Frame) -> None:
        kind = codec.decode if isinstance(frame, bytes) else codec.from_json
        self.messages.append(which_one_of(kind(pb.SignalResponse, frame), "message"))

    def ping(self) -> None:
        self.pings += 1

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = self.ended or "aborted"

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.messages]

    def all(self, kind: str) -> list[Any]:
        return [content for name, content in self.messages if name == kind]


def _ignore(_: pb.DataPacket) -> None:
    pass


class FakeMedia:
    """One client's transports. `calls` are those of the port, in order."""

    last_sequence = 5

    def __init__(self, peer: Peer, setup: Setup) -> None:
        self.peer, self.setup = peer, setup
        self.calls: list[tuple[str, Any]] = []
        self.sources: dict[str, Source] = {}
        self.packets: list[pb.DataPacket] = []
        self.on_packet = _ignore
        self.broken = False

    def on_offer(self, offer: pb.SessionDescription) -> None:
        self._note("on_offer", offer)
        if self.broken:
            raise RuntimeError("a bug")
        self.peer.signal(pb.SignalResponse(answer=pb.SessionDescription(type="answer", sdp="answered", id=offer.id)))

    def on_answer(self, answer: pb.SessionDescription) -> None:
        self._note("on_answer", answer)

    def on_trickle(self, candidate: pb.TrickleRequest) -> None:
        self._note("on_trickle", candidate)

    def on_track_setting(self, settings: pb.UpdateTrackSettings) -> None:
        self._note("on_track_setting", settings)

    def on_resume(self) -> None:
        self._note("on_resume", None)

    def on_sync_state(self, state: pb.SyncState) -> None:
        self._note("on_sync_state", state)

    def announce(self, cid: str, track: pb.TrackInfo) -> None:
        self._note("announce", (cid, track.sid))

    def withdraw(self, track_sid: str) -> None:
        self._note("withdraw", track_sid)

    def subscribe(self, source: Source) -> None:
        self._note("subscribe", source)
        self.sources[source.track_sid] = source

    def unsubscribe(self, track_sid: str) -> None:
        self._note("unsubscribe", track_sid)
        self.sources.pop(track_sid, None)

    def deliver(self, packet: pb.DataPacket) -> None:
        self.packets.append(packet)
        self.on_packet(packet)

    def refresh(self) -> None:
        pass

    def close(self) -> None:
        self._note("close", None)

    def start(self, track_sid: str) -> None:
        """Media of an announced track arrives."""
        self.peer.tell(c.StartTrack(track_sid=track_sid, mime_type="audio/opus"))

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def _note(self, name: str, content: Any) -> None:
        self.calls.append((name, content))


class FakePlane:
    """Gives every client `FakeMedia`, in `opened`."""

    load = Load()

    def __init__(self) -> None:
        self.opened: list[FakeMedia] = []
        self.life: list[str] = []

    async def start(self) -> None:
        self.life.append("started")

    async def prepare(self) -> None:
        pass

    def open(self, peer: Peer, setup: Setup) -> PeerMedia:
        self.opened.append(FakeMedia(peer, setup))
        return self.opened[-1]

    async def close(self) -> None:
        self.life.append("closed")


class ManualBackend(EmbeddedBackend):
    """An embedded backend whose time passes in `advance`: that of rooms, and that of the clients' signalling."""

    def __init__(self, clock: ManualClock, plane: MediaPlane, settings: RoomSettings, limits: LimitSettings) -> None:
        super().__init__(
            settings,
            limits,
            clock,
            CountedIds(),
            media=plane,
            mint=lambda claims: f"token of {claims.name}",
            timer=False,
        )
        self._manual = clock

    def advance(self, seconds: float) -> None:
        end = self._manual.monotonic() + seconds
        while (due := self._next()) is not None and due <= end:
            self._manual.advance(max(0.0, due - self._manual.monotonic()))
            self.rooms.on_timeout(Instant.of(self._manual))
            self._drain()
            for client in list(self.clients.values()):
                client.on_timer()
        self._manual.advance(max(0.0, end - self._manual.monotonic()))

    def _next(self) -> float | None:
        dues = [self.rooms.next_timeout(), *(client.session.next_timeout() for client in self.clients.values())]
        return min((due for due in dues if due is not None), default=None)
