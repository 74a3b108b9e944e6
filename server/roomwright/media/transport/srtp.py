"""SRTP and SRTCP of one transport: keys, the inbound session, its bound on streams.

Encrypting is in `burst.py`, in place in the arena. Replays are refused by libsrtp's window (1024 packets).
"""

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from roomwright.media.transport import native

WINDOW = 1024
"""Packets of one stream that may arrive out of order; also the reach of replay protection."""
MAX_STREAMS = 512
"""SSRCs that one peer may use at once. libsrtp keeps some hundred bytes for each and looks them up one by one."""

_RTP_HEADER = 12
_RTCP_HEADER = 8


class Profile(Enum):
    """Protection profiles in order of preference: OpenSSL's name, libsrtp's number, bytes of key and of salt."""

    GCM = (b"SRTP_AEAD_AES_128_GCM", native.GCM_PROFILE, 16, 12)
    CM = (b"SRTP_AES128_CM_SHA1_80", native.CM_PROFILE, 16, 14)

    def __init__(self, openssl_name: bytes, number: int, key_bytes: int, salt_bytes: int) -> None:
        self.openssl_name = openssl_name
        self.number = number
        self.key_bytes = key_bytes
        self.salt_bytes = salt_bytes

    @property
    def material_bytes(self) -> int:
        """How much keying material to export (RFC 5764, 4.2)."""
        return 2 * (self.key_bytes + self.salt_bytes)


@dataclass(frozen=True, slots=True, repr=False)
class SrtpKeys:
    """Master key and salt for each direction."""

    profile: Profile
    inbound: bytes
    outbound: bytes

    @classmethod
    def split(cls, profile: Profile, material: bytes, *, is_client: bool) -> "SrtpKeys":
        """Cut exported material: client key, server key, client salt, server salt (RFC 5764, 4.2)."""
        keys, salts = material[: 2 * profile.key_bytes], material[2 * profile.key_bytes :]
        client = keys[: profile.key_bytes] + salts[: profile.salt_bytes]
        server = keys[profile.key_bytes :] + salts[profile.salt_bytes :]
        return cls(profile, server, client) if is_client else cls(profile, client, server)


def _session(profile: Profile, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.number)
    policy.window_size = WINDOW
    # a retransmission is the same packet again; libsrtp would refuse to encrypt it
    policy.allow_repeat_tx = direction == native.OUTBOUND
    return Session(policy)


class Srtp:
    """The sessions of one transport.

    Attributes:
        refused: packets that were forged, replayed, too old, malformed, or of one SSRC too many.
    """

    __slots__ = ("_inbound", "_inbound_pointer", "_length", "_outbound", "_streams", "outbound_pointer", "refused")

    def __init__(self, keys: SrtpKeys) -> None:
        self._inbound = _session(keys.profile, keys.inbound, native.INBOUND)
        self._outbound = _session(keys.profile, keys.outbound, native.OUTBOUND)
        self._inbound_pointer: Any = native.session_pointer(self._inbound)
        self.outbound_pointer: Any = native.session_pointer(self._outbound)
        self._length: Any = native.length_cell()
        self._streams: set[bytes] = set()
        self.refused = 0

    def rtp(self, pointer: Any, buffer: Any, length: int) -> bytes | None:
        """Decrypt an RTP packet in place and cut it out; None if it is refused."""
        return self._decrypt(native.unprotect, pointer, buffer, length, buffer[8:12], _RTP_HEADER)

    def rtcp(self, pointer: Any, buffer: Any, length: int) -> bytes | None:
        """Decrypt an RTCP packet in place and cut it out; None if it is refused."""
        return self._decrypt(native.unprotect_rtcp, pointer, buffer, length, buffer[4:8], _RTCP_HEADER)

    def forget_inbound(self, ssrc: int) -> None:
        """Free what is kept for a stream of the peer's that has ended."""
        name = ssrc.to_bytes(4, "big")
        if name in self._streams:
            self._streams.discard(name)
            self._remove(self._inbound, ssrc)

    def forget_outbound(self, ssrc: int) -> None:
        """Free what is kept for a stream of ours that has ended; its SSRC must not be used again."""
        self._remove(self._outbound, ssrc)

    @staticmethod
    def _remove(session: Session, ssrc: int) -> None:
        with suppress(SrtpError):  # no packet of it was ever sent or accepted
            session.remove_stream(ssrc)

    def _decrypt(self, function: Any, pointer: Any, buffer: Any, length: int, ssrc: bytes, least: int) -> bytes | None:
        known = ssrc in self._streams
        if length < least or not (known or len(self._streams) < MAX_STREAMS):
            self.refused += 1
            return None
        cell = self._length
        cell[0] = length
        if function(self._inbound_pointer, pointer, cell) or cell[0] < least:
            self.refused += 1
            return None
        if not known:
            self._streams.add(ssrc)
        return buffer[0 : cell[0]]
