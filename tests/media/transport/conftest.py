"""A media socket on loopback, and peers that connect to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from roomwright.clock import ManualClock, RandomIds
from roomwright.media.transport import MediaSocket, Transport, TransportSettings, TransportState

from .peer import PATIENCE_S, Ice, Peer


@dataclass
class Heard:
    """A listener that writes down what it hears."""

    states: list[tuple[TransportState, str]] = field(default_factory=list)
    rtp: list[bytes] = field(default_factory=list)
    rtcp: list[bytes] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    messages: list[tuple[str, bytes, bool]] = field(default_factory=list)

    def on_state(self, state: TransportState, reason: str) -> None:
        self.states.append((state, reason))

    def on_rtp(self, packet: bytes, now: float) -> None:
        self.rtp.append(packet)

    def on_rtcp(self, packet: bytes, now: float) -> None:
        self.rtcp.append(packet)

    def on_channel_open(self, label: str) -> None:
        self.opened.append(label)

    def on_channel_message(self, label: str, data: bytes, is_text: bool) -> None:
        self.messages.append((label, data, is_text))


async def until(condition: Callable[[], Any], within: float = PATIENCE_S) -> None:
    """Wait until something has become true."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - the conditions are states of plain objects
            await asyncio.sleep(0.002)


async def flood(ice: Ice, datagram: bytes, until_it: Callable[[], Any]) -> None:
    """Send a datagram again and again, as fast as the other side reads, until something has become true."""
    async with asyncio.timeout(PATIENCE_S):
        while not until_it():
            for _ in range(50):
                ice.send_now(datagram)
            await asyncio.sleep(0)
        ice.sent.clear()


class Net:
    """A media socket under a clock that stands still, and the peers of a test."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.socket = MediaSocket(TransportSettings(), self.clock, RandomIds())
        self.peers: list[Peer] = []

    def open(self) -> tuple[Transport, Heard]:
        heard = Heard()
        return self.socket.open(heard), heard

    def peer(self, ufrag: str = "peer", **options: Any) -> Peer:
        peer = Peer(ufrag, **options)
        self.peers.append(peer)
        return peer

    async def connect(self, **options: Any) -> tuple[Transport, Heard, Peer]:
        """A transport and a peer that have shaken hands."""
        transport, heard = self.open()
        peer = self.peer(**options)
        transport.set_remote(peer.description)
        await peer.handshake(transport.local)
        await until(lambda: transport.state is TransportState.CONNECTED)
        return transport, heard, peer

    def stop_timer(self) -> None:
        """From now on seconds pass by `pass_time` only."""
        assert self.socket._timer is not None
        self.socket._timer.cancel()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.socket.sweep()


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    net = Net()
    yield net
    for peer in net.peers:
        await peer.close()
    net.socket.close()
