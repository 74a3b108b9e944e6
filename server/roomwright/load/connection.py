"""The media connection of a light participant: connectivity checks, DTLS, SRTP both ways, over a socket of its own.

The encrypted side is the server's own `Link` in the other role.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

from aioice import stun

from roomwright.load.offers import Server
from roomwright.load.streams import Incoming
from roomwright.media.transport import RemoteParameters, Setup, TransportSettings, native
from roomwright.media.transport.certificate import Certificate
from roomwright.media.transport.channels import ChannelSpec
from roomwright.media.transport.errors import PeerError
from roomwright.media.transport.link import Link

_CHANNELS = (ChannelSpec("_reliable"), ChannelSpec("_lossy", ordered=False, max_retransmits=0))
_REPEAT_S, _CONSENT_S = 0.5, 4.0
_SLOT_BYTES = 2_048


class Connection(asyncio.DatagramProtocol):
    """One connection. `incoming` is what comes, by SSRC.

    `on_problem` is told why it is lost, `on_progress` of `dtls` and `data`: the handshake is done, data channels open.
    """

    def __init__(
        self,
        certificate: Certificate,
        on_problem: Callable[[str], None],
        on_progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.ufrag = secrets.token_hex(4)
        self.incoming: dict[int, Incoming] = {}
        self.sent = 0
        self._on_problem = on_problem
        self._on_progress = on_progress
        self._open: set[str] = set()
        self._link = Link(certificate, self._transmit, self, TransportSettings())  # pyright: ignore[reportArgumentType] - it asks for two methods of a listener
        self._arena = native.Arena(1, _SLOT_BYTES, 0)
        self._length = native.length_cell()
        self._udp: asyncio.DatagramTransport | None = None
        self._server: Server | None = None
        self._keeping: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Connection {self.ufrag}: {len(self.incoming)} streams in>"

    async def connect(self, server: Server) -> None:
        """Begin to connect."""
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=server.address)
        self._server = server
        self._link.describe(RemoteParameters(server.ufrag, server.fingerprint, Setup.PASSIVE))
        for channel in _CHANNELS:
            self._link.open_channel(channel)
        self._check(server)
        self._link.start()
        self._keeping = asyncio.create_task(self._keep(server))

    def send(self, packet: bytes) -> None:
        """Encrypt an RTP packet and send it; nothing happens before the connection is secure."""
        srtp, length = self._link.srtp, len(packet)
        if srtp is None or self._udp is None:
            return
        buffer, cell = self._arena.buffers[0], self._length
        buffer[0:length] = packet
        cell[0] = length
        if native.protect(srtp.outbound_pointer, self._arena.pointers[0], cell) == 0:
            self._udp.sendto(buffer[0 : cell[0]])
            self.sent += 1

    async def close(self) -> None:
        """Be gone. Idempotent."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        self._link.close()
        if self._udp is not None:
            self._udp.close()

    # asyncio's protocol

    def datagram_received(self, data: bytes, addr: object) -> None:
        """A datagram of the server's."""
        first = data[0] if len(data) > 11 else 0
        if 127 < first < 192:
            if not 191 < data[1] < 224:
                self._count(data)
        elif 19 < first < 64:
            try:
                self._on_dtls(data, time.monotonic())
            except PeerError as error:
                self._on_problem(str(error))

    def error_received(self, exc: Exception) -> None:
        """The network says that it goes nowhere; the checks go on."""

    # the link's listener

    def on_channel_open(self, label: str) -> None:
        """Data channels are opened because clients do; nothing is sent over them."""
        self._open.add(label)
        if len(self._open) == len(_CHANNELS):
            self._on_progress("data")

    def on_channel_message(self, label: str, data: bytes, is_text: bool) -> None:
        """What comes over data channels is not looked at."""

    # inside

    def _on_dtls(self, datagram: bytes, now: float) -> None:
        secure = self._link.is_secure
        messages = self._link.receive(datagram, now)
        if self._link.is_secure and not secure:
            self._on_progress("dtls")
        self._link.deliver(messages, now)

    def _count(self, packet: bytes) -> None:
        sequence = packet[2] << 8 | packet[3]
        ssrc = int.from_bytes(packet[8:12], "big")
        found = self.incoming.get(ssrc)
        if found is None:
            found = self.incoming[ssrc] = Incoming(sequence)
        found.take(sequence, len(packet))

    def _check(self, server: Server) -> None:
        message: Any = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{server.ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1_000_000
        message.attributes["ICE-CONTROLLING"] = 42
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(server.pwd.encode())
        self._transmit(bytes(message))

    async def _keep(self, server: Server) -> None:
        """Repeat what may be lost until connected, then say now and then that we are still there."""
        try:
            while True:
                await asyncio.sleep(_CONSENT_S if self._link.is_secure else _REPEAT_S)
                self._check(server)
                self._link.on_time()
        except PeerError as error:
            self._on_problem(str(error))

    def _transmit(self, datagram: bytes) -> None:
        if self._udp is not None:
            self._udp.sendto(datagram)
