"""DTLS 1.2 of one transport by OpenSSL, over memory: datagrams in, datagrams and what they carried out. Sans-IO.

OpenSSL's own clock paces retransmissions (1 s, doubling); whoever drives this calls `retransmit` often enough and
bounds the whole handshake. DTLS 1.3 waits until pyOpenSSL can be told its record layout: a memory BIO has no
boundaries between datagrams, so flights are cut along the records of 1.2.
"""

from typing import Any

from OpenSSL import SSL

from roomwright.media.transport.certificate import Certificate, is_fingerprint_of
from roomwright.media.transport.errors import PEER_CLOSED, PeerError
from roomwright.media.transport.srtp import Profile, SrtpKeys

MTU = 1200
"""Bytes of the largest datagram of a handshake: what fits everywhere, with IPv6 and tunnels."""

_RECORD_HEADER = 13
_MAX_RECORD = 16384 + 256 + _RECORD_HEADER
_NOTHING_MORE = (SSL.WantReadError, SSL.SysCallError)
"""The second stands for a record that OpenSSL drops because it is cut short; over memory there is no other cause."""
_EXPORT_LABEL = b"EXTRACTOR-dtls_srtp"


def cut_into_datagrams(stream: bytes, mtu: int = MTU) -> list[bytes]:
    """Cut a run of DTLS 1.2 records into datagrams of at most `mtu` bytes; a larger record travels alone."""
    datagrams: list[bytes] = []
    start = end = 0
    while end < len(stream):
        following = end + _RECORD_HEADER + int.from_bytes(stream[end + 11 : end + 13], "big")
        if following - start > mtu and end > start:
            datagrams.append(stream[start:end])
            start = end
        end = following
    if start < len(stream):
        datagrams.append(stream[start:])
    return datagrams


class Dtls:
    """One connection. Nothing that it received is given out before `accept_peer` has been passed.

    Attributes:
        is_client: whether we begin the handshake.
        is_complete: whether the handshake is done.
    """

    def __init__(self, certificate: Certificate, *, is_client: bool) -> None:
        self.is_client = is_client
        self.is_complete = False
        self._connection = certificate.connection()
        self._connection.set_ciphertext_mtu(MTU)
        if is_client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def __repr__(self) -> str:
        return f"<Dtls {'client' if self.is_client else 'server'}, {'complete' if self.is_complete else 'handshake'}>"

    def start(self) -> None:
        """As the client: make the first flight. Does nothing as the server."""
        if self.is_client:
            self._handshake()

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take in a datagram; returns the messages that it carried. Raises PeerError when the connection is over."""
        self._connection.bio_write(datagram)
        if not self.is_complete:
            self._handshake()
        return self._messages() if self.is_complete else []

    def send(self, message: bytes) -> None:
        """Encrypt one message; it is one record, and one datagram if `outgoing` is called next."""
        try:
            self._connection.send(message)
        except SSL.Error as error:
            raise PeerError(f"the DTLS connection cannot send ({_reason(error)})") from error

    def outgoing(self) -> list[bytes]:
        """The datagrams to send now."""
        stream = b""
        while True:
            try:
                stream += self._connection.bio_read(_MAX_RECORD)
            except SSL.Error:  # nothing more
                return cut_into_datagrams(stream)

    def retransmit(self) -> None:
        """Send the last flight again if its time has come. Raises PeerError if it did so too often."""
        if self._connection.DTLSv1_get_timeout() != 0:
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise PeerError(f"no answer to the DTLS handshake ({_reason(error)})") from error

    def accept_peer(self, fingerprint: bytes) -> SrtpKeys:
        """Check who the peer is, after the handshake; returns the keys for media. Raises PeerError."""
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not is_fingerprint_of(fingerprint, certificate):
            raise PeerError("the peer's certificate does not have the fingerprint of its session description")
        name = self._connection.get_selected_srtp_profile()
        profile = next((profile for profile in Profile if profile.openssl_name == name), None)
        if profile is None:
            raise PeerError("the peer offers no SRTP profile that we have")
        material = self._connection.export_keying_material(_EXPORT_LABEL, profile.material_bytes)
        return SrtpKeys.split(profile, material, is_client=self.is_client)

    def close(self) -> None:
        """Make a closing alert, if there is anybody to tell."""
        try:
            self._connection.shutdown()
        except SSL.Error:
            return

    def _handshake(self) -> None:
        try:
            self._connection.do_handshake()
        except _NOTHING_MORE:
            return
        except SSL.Error as error:
            raise PeerError(f"the DTLS handshake failed ({_reason(error)})") from error
        self.is_complete = True

    def _messages(self) -> list[bytes]:
        messages: list[bytes] = []
        while True:
            try:
                messages.append(self._connection.recv(_MAX_RECORD))
            except _NOTHING_MORE:
                return messages
            except SSL.ZeroReturnError as error:
                raise PeerError(PEER_CLOSED) from error
            except SSL.Error as error:
                raise PeerError(f"the DTLS connection broke ({_reason(error)})") from error


def _reason(error: SSL.Error) -> str:
    """OpenSSL's own words."""
    queue: Any = error.args[0] if error.args else None
    return str(queue[-1][-1]) if queue else type(error).__name__
