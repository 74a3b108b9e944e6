"""The certificate that this process shows in DTLS, and SHA-256 fingerprints as session descriptions write them.

Nobody checks names, issuers or dates in WebRTC: a certificate is right if its fingerprint is the one that came by
signalling (RFC 8122). One certificate serves all transports of a process.
"""

import datetime
import hashlib
import hmac
import re
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from roomwright.media.transport.srtp import Profile

_VALID_DAYS = 3650
_DTLS_1_2 = 0xFEFD
_CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256"
_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}")


def read_fingerprint(text: str) -> bytes:
    """The 32 bytes of a SHA-256 fingerprint such as `AB:CD:…`. Raises ValueError."""
    if not _FINGERPRINT.fullmatch(text):
        raise ValueError("a sha-256 fingerprint is 32 pairs of hexadecimal digits with colons between")
    return bytes.fromhex(text.replace(":", ""))


def is_fingerprint_of(fingerprint: bytes, certificate: x509.Certificate) -> bool:
    """Whether SHA-256 of the certificate is `fingerprint`."""
    return hmac.compare_digest(fingerprint, hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest())


class Certificate:
    """A new ECDSA P-256 key, its self-signed certificate, and the OpenSSL context that uses both.

    Attributes:
        fingerprint: SHA-256 of the certificate as `AB:CD:…`.
    """

    def __init__(self, now_ns: int) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _self_signed(key, now_ns)
        digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
        self.fingerprint = digest.hex(":").upper()
        self._context = _context(key, certificate)

    def __repr__(self) -> str:
        return f"<Certificate {self.fingerprint[:11]}…>"

    def connection(self) -> SSL.Connection:
        """A new DTLS connection over memory; its role is not chosen yet."""
        return SSL.Connection(self._context)


def _self_signed(key: ec.EllipticCurvePrivateKey, now_ns: int) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "WebRTC")])
    now = datetime.datetime.fromtimestamp(now_ns / 1e9, tz=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
        .sign(key, hashes.SHA256())
    )


def _accept_any(*_: Any) -> bool:
    """The chain says nothing; the fingerprint is compared when the handshake is done."""
    return True


def _context(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_min_proto_version(_DTLS_1_2)
    context.set_max_proto_version(_DTLS_1_2)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # 13 KB less for each idle connection
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # it would keep every peer's session
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _accept_any)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_cipher_list(_CIPHERS)
    context.set_tlsext_use_srtp(b":".join([profile.openssl_name for profile in Profile]))
    return context
