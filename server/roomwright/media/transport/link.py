"""What is encrypted of a transport: the DTLS connection, and the media keys and data channels that come from it.

Sans-IO but for aiortc's timers. Errors of the peer leave as `PeerError`; whoever drives this ends the transport then.
"""

from collections.abc import Callable
from contextlib import suppress

from roomwright.media.transport.certificate import Certificate, read_fingerprint
from roomwright.media.transport.channels import Channels, ChannelSpec
from roomwright.media.transport.dtls import Dtls
from roomwright.media.transport.errors import PeerError
from roomwright.media.transport.listener import RemoteParameters, Setup, TransportListener
from roomwright.media.transport.settings import TransportSettings
from roomwright.media.transport.srtp import Srtp

MAX_EARLY_DATAGRAMS = 8
"""Datagrams kept while the peer's description is on its way."""


class Link:
    """The encrypted side of one transport. `transmit` takes datagrams for the peer.

    Attributes:
        srtp: the media sessions; None until the peer has proven who it is.
        channels: the data channels; None until then.
    """

    def __init__(
        self,
        certificate: Certificate,
        transmit: Callable[[bytes], None],
        listener: TransportListener,
        settings: TransportSettings,
    ) -> None:
        self._settings = settings
        self._certificate = certificate
        self._transmit = transmit
        self._listener = listener
        self._early: list[bytes] = []
        self._dtls: Dtls | None = None
        self._started = False
        self._fingerprint = b""
        self._max_message_bytes = 0
        self._wanted: list[ChannelSpec] = []
        self.srtp: Srtp | None = None
        self.channels: Channels | None = None

    def __repr__(self) -> str:
        return f"<Link {self._dtls or 'not started'}>"

    @property
    def is_secure(self) -> bool:
        """Whether the peer has proven who it is."""
        return self.srtp is not None

    def describe(self, remote: RemoteParameters) -> None:
        """Take the peer's description, the first or a later one. Raises ValueError if it is wrong or changes who it is.

        Does not start anything.
        """
        fingerprint = read_fingerprint(remote.fingerprint)
        if self._dtls is None:
            self._fingerprint = fingerprint
            self._max_message_bytes = remote.max_message_bytes
            self._dtls = Dtls(self._certificate, is_client=remote.setup is Setup.PASSIVE)
        elif fingerprint != self._fingerprint:
            raise ValueError("the fingerprint of a transport cannot change; a new connection is needed")

    def start(self) -> list[bytes]:
        """There is a way to the peer and a description of it: begin. Returns what came early, to be received now."""
        if self._dtls is None or self._started:
            return []
        self._started = True
        self._dtls.start()
        self._flush(self._dtls)
        early, self._early = self._early, []
        return early

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take in a DTLS datagram; returns the messages that it carried, for `deliver`. Raises PeerError."""
        if self._dtls is None:
            if len(self._early) < MAX_EARLY_DATAGRAMS:
                self._early.append(datagram)
            return []
        try:
            messages = self._dtls.receive(datagram)
            if self._dtls.is_complete and self.srtp is None:
                self._secure(self._dtls, now)
        finally:
            self._flush(self._dtls)
        return messages

    def deliver(self, messages: list[bytes], now: float) -> None:
        """Hand SCTP packets to the data channels. Raises PeerError."""
        for message in messages:
            if self.channels is not None:
                self.channels.receive(message, now)

    def open_channel(self, spec: ChannelSpec) -> None:
        """Make a data channel, now or when the peer has proven who it is."""
        if self.channels is None:
            self._wanted.append(spec)
        else:
            self.channels.open(spec)

    def forget(self, *, inbound: int | None = None, outbound: int | None = None) -> None:
        """Free what is kept for a media stream that has ended, by its SSRC."""
        if self.srtp is not None and inbound is not None:
            self.srtp.forget_inbound(inbound)
        if self.srtp is not None and outbound is not None:
            self.srtp.forget_outbound(outbound)

    def on_time(self) -> None:
        """Some time has passed. Raises PeerError if the handshake was repeated too often."""
        if self._dtls is not None and self.srtp is None:
            self._dtls.retransmit()
            self._flush(self._dtls)

    def close(self) -> None:
        """End channels and connection, and tell the peer. Idempotent."""
        channels, self.channels = self.channels, None
        if channels is not None:
            channels.close()
        dtls, self._dtls = self._dtls, None
        if dtls is not None:
            dtls.close()
            self._flush(dtls)
        self.srtp = None
        self._early.clear()

    def _secure(self, dtls: Dtls, now: float) -> None:
        """The handshake is done: check who it was with, and make the keys."""
        self.srtp = Srtp(dtls.accept_peer(self._fingerprint))
        self.channels = Channels(
            self._send_packet,
            self._listener.on_channel_open,
            self._listener.on_channel_message,
            self._settings,
            is_client=dtls.is_client,
            max_message_bytes=self._max_message_bytes,
            now=now,
        )
        wanted, self._wanted = self._wanted, []
        for spec in wanted:
            self.channels.open(spec)

    def _send_packet(self, packet: bytes) -> None:
        """An SCTP packet for the peer. If DTLS cannot send, it will say so when it receives."""
        if self._dtls is not None:
            with suppress(PeerError):
                self._dtls.send(packet)
            self._flush(self._dtls)

    def _flush(self, dtls: Dtls) -> None:
        for datagram in dtls.outgoing():
            self._transmit(datagram)
