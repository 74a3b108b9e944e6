"""The embedded backend: rooms in this process, clients over WebSockets, media through a media plane."""

import asyncio
from collections.abc import Callable

from roomwright.auth.claims import Claims
from roomwright.clock import Clock, Ids
from roomwright.config import LimitSettings, RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms.commands import Join
from roomwright.rooms.instant import Instant
from roomwright.sfu.embedded.client import Client
from roomwright.sfu.embedded.media import MediaPlane, NoMedia
from roomwright.sfu.embedded.socket import Socket
from roomwright.sfu.embedded.tally import Tally
from roomwright.sfu.embedded.taps import EmbeddedTaps
from roomwright.sfu.local import LocalBackend
from roomwright.sfu.taps import MediaTaps
from roomwright.signalling.frames import Encoder
from roomwright.signalling.greeting import Host, stranger
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb


class EmbeddedBackend(LocalBackend):
    """The engine with real clients. A client is there from its `connect` until its session ends.

    Args:
        rooms: defaults for rooms.
        limits: what clients may send.
        clock: the time.
        ids: new identifiers.
        media: the media plane; without one, clients do their signalling and stay JOINED.
        mint: makes a token of claims, for clients that reconnect; None when there is no key to sign with.
        ice_servers: STUN and TURN servers that clients are told to use.
        resume_within: seconds that a client has to come back when its signalling was cut.
        timer: have time-outs of rooms happen by themselves; False for a test that lets time pass.
    """

    def __init__(
        self,
        rooms: RoomSettings,
        limits: LimitSettings,
        clock: Clock,
        ids: Ids,
        *,
        media: MediaPlane | None = None,
        mint: Callable[[Claims], str] | None = None,
        ice_servers: tuple[pb.IceServer, ...] = (),
        resume_within: float = 20.0,
        timer: bool = True,
    ) -> None:
        super().__init__(rooms, limits, clock, ids, timer=timer)
        self.media: MediaPlane = media or NoMedia()
        self.host = Host(
            node_id=ids.sid("ND"),
            sif_trailer=ids.secret().encode(),
            ice_servers=ice_servers,
            mint=mint,
            resume_within=resume_within,
            missed_messages=limits.max_missed_messages,
        )
        self.encoder = Encoder()
        self.clients: dict[str, Client] = {}
        self.tally = Tally()
        self._dismissed = False

    @property
    def taps(self) -> MediaTaps | None:
        """Media as it arrives; None without a media plane."""
        return None if isinstance(self.media, NoMedia) else EmbeddedTaps(self)

    # for the front

    def admit(self, wish: Wish) -> None:
        """Raise what `connect` would raise, and change nothing; no seat is reserved."""
        self._check_open()
        self.rooms.admit(wish.claims)
        self._check_load(wish)

    async def prepare(self, wish: Wish) -> None:
        """Do before `connect` what takes long for the first client; raises what `connect` would raise."""
        if not wish.reconnect:
            self.admit(wish)
            await self.media.prepare()

    def connect(self, wish: Wish, socket: Socket) -> Client | None:
        """Let a client in, or let it resume; raises `ServiceError`.

        What it is told first waits in the socket. None: there is nothing to resume; the socket says so and closes.
        """
        self._check_open()
        if wish.reconnect:
            return self._resume(wish, socket)
        self._check_load(wish)
        client = Client(self, wish, socket)
        join = Join(
            claims=wish.claims,
            auto_subscribe=wish.auto_subscribe,
            auto_subscribe_data=wish.auto_subscribe_data,
            client=wish.client,
        )
        self.enter(join, client)
        client.begin()
        return client

    def _resume(self, wish: Wish, socket: Socket) -> Client | None:
        client = self.clients.get(wish.participant_sid)
        if client is None or not _same(client, wish):
            socket.send(self.encoder.encode(stranger(), text=False))
            socket.close()
            return None
        client.resume(wish, socket)
        return client

    def dismiss(self) -> None:
        """End every room and let nobody in any more: every client is told and hung up on."""
        if not self._dismissed:
            self._dismissed = True
            self.rooms.shut_down(self.instant())
            self._drain()

    def _check_open(self) -> None:
        if self._dismissed:
            raise ServiceError(Code.UNAVAILABLE, "the server is shutting down")

    def _check_load(self, wish: Wish) -> None:
        """Refuse to open one more room on a server that carries as much as it may; who is in a room is not touched."""
        limits, video = self.rooms.limits, wish.claims.video
        if (limits.num_tracks <= 0 and limits.bytes_per_sec <= 0) or self.rooms.find(video.room if video else ""):
            return
        load = self.media.load
        for name, carried in (("num_tracks", load.tracks), ("bytes_per_sec", load.bytes_per_second)):
            if 0 < getattr(limits, name) <= carried:
                raise ServiceError(
                    Code.RESOURCE_EXHAUSTED, f"this server has reached its limit.{name}: no room is opened"
                )

    # the media plane's life

    async def start(self) -> None:
        """Open the media plane's sockets. Raises OSError."""
        await self.media.start()

    async def close(self) -> None:
        """End every room, then the media plane. Idempotent."""
        self._dismissed = True
        await super().close()
        await self.media.close()

    # for clients

    def instant(self) -> Instant:
        """The present."""
        return Instant.of(self._clock)

    def call_at(self, due: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Have `callback` called at a time on the clock's monotonic scale."""
        return asyncio.get_running_loop().call_later(max(0.0, due - self._clock.monotonic()), callback)

    def __repr__(self) -> str:
        return f"<EmbeddedBackend: {len(self.rooms)} rooms, {len(self.clients)} clients>"


def _same(client: Client, wish: Wish) -> bool:
    """Whether the token is for this participant: for the room where it is, or for the one where it came in."""
    participant, video = client.participant, wish.claims.video
    first = participant.claims.video
    rooms = {participant.room.name, first.room if first else participant.room.name}
    return wish.claims.identity == participant.identity and video is not None and video.room in rooms
