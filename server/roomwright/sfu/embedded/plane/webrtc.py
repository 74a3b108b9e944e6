"""The media plane as the backend sees it. The media libraries are loaded when the first client joins."""

from dataclasses import dataclass
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from roomwright.clock import Clock, Ids
from roomwright.media import udp
from roomwright.sfu.embedded.media import Peer, PeerMedia, Setup

if TYPE_CHECKING:
    import socket

    from roomwright.sfu.embedded.plane.hub import Hub

_BUFFER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where media arrives: the IP address and UDP port to bind (0: any free one), and what clients are told instead."""

    host: str = "127.0.0.1"
    port: int = 0
    advertised: str = ""


class WebRtc:
    """A `MediaPlane` for real clients, on one UDP port. `hub` is None until the first one joins."""

    def __init__(self, address: MediaAddress, clock: Clock, ids: Ids) -> None:
        self._address = address
        self._clock = clock
        self._ids = ids
        self._socket: socket.socket | None = None
        self.hub: Hub | None = None

    def __repr__(self) -> str:
        return f"<WebRtc {self._address.host}:{self.port}: {self.hub or 'nobody has joined yet'}>"

    @property
    def port(self) -> int:
        """The UDP port; the configured one before `start`."""
        return self._socket.getsockname()[1] if self._socket is not None else self._address.port

    async def start(self) -> None:
        """Bind the port. Raises OSError when that fails."""
        self._socket = udp.bind(self._address.host, self._address.port, _BUFFER_BYTES)

    def open(self, peer: Peer, setup: Setup) -> PeerMedia:
        """Serve one more client."""
        if self.hub is None:
            self.hub = self._load()
        return self.hub.open(peer, setup)

    def listen_to_speakers(self, room_sid: str, listener: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        """Listen to who speaks in a room."""
        if self.hub is None:
            self.hub = self._load()
        return self.hub.speakers.listen(room_sid, listener)

    async def close(self) -> None:
        """Close the port. Idempotent."""
        hub, self.hub = self.hub, None
        if hub is not None:
            hub.close()
        if self._socket is not None:
            self._socket.close()

    def _load(self) -> "Hub":
        from roomwright.media.transport import TransportSettings
        from roomwright.sfu.embedded.plane.hub import Hub

        if self._socket is None:
            raise RuntimeError("the media plane was not started")
        advertised = (self._address.advertised,) if self._address.advertised else ()
        settings = TransportSettings(host=self._address.host, port=self.port, advertised=advertised)
        return Hub(settings, self._clock, self._ids, self._socket)
