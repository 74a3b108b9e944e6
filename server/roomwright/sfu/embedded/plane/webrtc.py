"""The media plane as the backend sees it. The media libraries are loaded when the first client is about to join."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from roomwright.clock import Clock, Ids
from roomwright.config import LimitSettings, RtcSettings
from roomwright.media import udp
from roomwright.sfu.embedded.media import Load, Peer, PeerMedia, Setup, Traffic
from roomwright.sfu.embedded.plane.speakers import SpeakersTaps
from roomwright.sfu.embedded.vitals import Vitals

if TYPE_CHECKING:
    import socket

    from roomwright.sfu.embedded.plane.hub import Hub


_LIBRARIES = "roomwright.sfu.embedded.plane.hub"
"""Whoever imports this has imported all of them."""


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where media arrives: the IP addresses and the UDP port to bind (0: any free one), and the addresses to tell."""

    hosts: tuple[str, ...] = ("127.0.0.1",)
    port: int = 0
    advertised: tuple[str, ...] = ("127.0.0.1",)


class WebRtc:
    """A `MediaPlane` for real clients, on one UDP port. `hub` is None until the first one joins."""

    def __init__(
        self,
        address: MediaAddress,
        clock: Clock,
        ids: Ids,
        rtc: RtcSettings | None = None,
        limits: LimitSettings | None = None,
    ) -> None:
        self._rtc = rtc or RtcSettings()
        self._limits = limits or LimitSettings()
        self._address = address
        self._clock = clock
        self._ids = ids
        self._sockets: list[socket.socket] = []
        self._loading: asyncio.Future[object] | None = None
        self._speakers = SpeakersTaps()
        self.hub: Hub | None = None

    def __repr__(self) -> str:
        return f"<WebRtc {', '.join(self._address.hosts)}; port {self.port}: {self.hub or 'nobody has joined yet'}>"

    @property
    def port(self) -> int:
        """The UDP port; the configured one before `start`."""
        return self._sockets[0].getsockname()[1] if self._sockets else self._address.port

    @property
    def load(self) -> Load:
        """What is carried now."""
        return self.hub.load if self.hub is not None else Load()

    @property
    def traffic(self) -> Traffic:
        """What was carried."""
        return self.hub.traffic if self.hub is not None else Traffic()

    @property
    def vitals(self) -> Vitals:
        """How well it arrives."""
        return self.hub.vitals if self.hub is not None else Vitals()

    async def start(self) -> None:
        """Bind the port on every address. Raises OSError when that fails."""
        self._sockets = udp.bind_all(self._address.hosts, self._address.port, self._rtc.udp_buffer_size)

    async def prepare(self) -> None:
        """Load the media libraries in a thread; `open` says what is wrong when that fails."""
        if self.hub is not None:
            return
        if self._loading is None:
            self._loading = asyncio.get_running_loop().run_in_executor(None, import_module, _LIBRARIES)
        with suppress(Exception):
            await asyncio.shield(self._loading)

    def open(self, peer: Peer, setup: Setup) -> PeerMedia:
        """Serve one more client."""
        if self.hub is None:
            self.hub = self._load()
        return self.hub.open(peer, setup)

    def listen_to_speakers(self, room_sid: str, listener: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        """Listen to who speaks in a room."""
        return self._speakers.listen(room_sid, listener)

    async def close(self) -> None:
        """Close the port. Idempotent."""
        hub, self.hub = self.hub, None
        if hub is not None:
            hub.close()
        for sock in self._sockets:
            sock.close()

    def _load(self) -> "Hub":
        from roomwright.sfu.embedded.plane.hub import Hub
        from roomwright.sfu.embedded.plane.settings import transport_settings

        if not self._sockets:
            raise RuntimeError("the media plane was not started")
        settings = transport_settings(self._rtc, self._address.hosts[0], self.port, self._address.advertised)
        hub = Hub(settings, self._rtc, self._limits, self._clock, self._ids, self._sockets)
        hub.speakers = self._speakers
        return hub
