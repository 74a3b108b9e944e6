"""The other end: aiortc's DTLS, SRTP and SCTP, over a small controlling ICE agent on 127.0.0.1.

aiortc's own ICE agent skips loopback. This one speaks STUN by aioice, which shares no code with ours.
"""

import asyncio
import contextlib
import struct
from typing import cast

from aioice import stun
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from roomwright.media.transport import LocalParameters, RemoteParameters, Setup

CERTIFICATE = RTCCertificate.generateCertificate()
PATIENCE_S = 30.0
FINGERPRINT = next(f.value for f in CERTIFICATE.getFingerprints() if f.algorithm == "sha-256")


class Ice(asyncio.DatagramProtocol):
    """A controlling agent; looks like an `RTCIceTransport` to aiortc."""

    role = "controlling"

    def __init__(self, ufrag: str) -> None:
        self.ufrag = ufrag
        self.responses: asyncio.Queue[stun.Message] = asyncio.Queue()
        self.incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self.lose = lambda datagram: False
        self.target = ("127.0.0.1", 0)

    async def open(self, port: int) -> None:
        self.target = ("127.0.0.1", port)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.link = cast(asyncio.DatagramTransport, transport)

    def close(self) -> None:
        self.link.close()

    @property
    def address(self) -> tuple[str, int]:
        return self.link.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data[0] < 4:
            self.responses.put_nowait(stun.parse_message(data))
        elif not self.lose(data):
            self.received.append(data)
            self.incoming.put_nowait(data)

    def send_now(self, data: bytes) -> None:
        self.sent.append(data)
        self.link.sendto(data, self.target)

    async def _send(self, data: bytes) -> None:
        self.send_now(data)

    async def _recv(self) -> bytes:
        return await self.incoming.get()

    def request(self, local: LocalParameters, *, nominate: bool = True, **attributes: object) -> stun.Message:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{local.ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1_000_000
        message.attributes["ICE-CONTROLLING"] = 42
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        for name, value in attributes.items():
            message.attributes[name] = value
        return message

    async def check(self, local: LocalParameters, *, nominate: bool = True, pwd: str | None = None) -> stun.Message:
        message = self.request(local, nominate=nominate)
        message.add_message_integrity((pwd or local.pwd).encode())
        self.send_now(bytes(message))
        return await asyncio.wait_for(self.responses.get(), PATIENCE_S)


class Dtls(RTCDtlsTransport):
    """aiortc's DTLS, with what it decrypts kept as it is."""

    def __init__(self, ice: Ice, certificate: RTCCertificate) -> None:
        super().__init__(ice, [certificate])
        self.rtp: asyncio.Queue[bytes] = asyncio.Queue()
        self.rtcp: asyncio.Queue[bytes] = asyncio.Queue()

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self.rtp.put_nowait(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self.rtcp.put_nowait(data)


class Peer:
    """A client with one transport. `is_client`: whether it begins the DTLS handshake."""

    def __init__(
        self, ufrag: str = "peer", *, is_client: bool = True, certificate: RTCCertificate = CERTIFICATE
    ) -> None:
        self.ice = Ice(ufrag)
        self.is_client = is_client
        self.dtls = Dtls(self.ice, certificate)
        self.dtls._set_role("client" if is_client else "server")
        self.sctp: RTCSctpTransport | None = None
        self.channels: dict[str, RTCDataChannel] = {}
        self.messages: asyncio.Queue[tuple[str, bytes | str]] = asyncio.Queue()

    @property
    def description(self) -> RemoteParameters:
        return RemoteParameters(self.ice.ufrag, FINGERPRINT, Setup.ACTIVE if self.is_client else Setup.PASSIVE, 262144)

    async def handshake(self, local: LocalParameters) -> None:
        await self.ice.open(local.candidates[0].port)
        await self.ice.check(local)
        await self.start_dtls(local)

    async def start_dtls(self, local: LocalParameters) -> None:
        fingerprints = [RTCDtlsFingerprint("sha-256", local.fingerprint)]
        await asyncio.wait_for(self.dtls.start(RTCDtlsParameters(fingerprints)), PATIENCE_S)

    async def start_sctp(self) -> None:
        self.sctp = RTCSctpTransport(self.dtls)
        self.sctp.on("datachannel", self._keep)
        await self.sctp.start(RTCSctpCapabilities(maxMessageSize=262144), 5000)

    def open_channel(self, label: str, **parameters: object) -> RTCDataChannel:
        assert self.sctp is not None
        channel = RTCDataChannel(self.sctp, RTCDataChannelParameters(label=label, **parameters))
        self._keep(channel)
        return channel

    def _keep(self, channel: RTCDataChannel) -> None:
        self.channels[channel.label] = channel
        channel.on("message", lambda message: self.messages.put_nowait((channel.label, message)))

    async def send_rtp(self, packet: bytes) -> None:
        await self.dtls._send_rtp(packet)

    async def close(self) -> None:
        with contextlib.suppress(ConnectionError):
            if self.sctp is not None:
                await self.sctp.stop()
        await self.dtls.stop()
        self.ice.close()


def rtp(sequence: int, payload: bytes = b"payload", *, ssrc: int = 0x11223344, payload_type: int = 96) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, sequence & 0xFFFF, sequence * 960, ssrc) + payload


def receiver_report(ssrc: int = 0x11223344) -> bytes:
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc)
