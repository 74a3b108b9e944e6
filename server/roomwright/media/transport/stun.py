"""Just enough STUN (RFC 8489) for the controlled side of ICE-lite: read binding requests, write their answers.

aioice has a codec, but it builds a dictionary of decoded attributes for every datagram, and a server reads many that
are not for it. Here nothing is computed before somebody knows the password that the request claims to be signed with.
"""

import hmac
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from roomwright.media.transport.address import IPV4_BYTES, Address

HEADER_BYTES = 20
MAX_ATTRIBUTES = 32
"""What is read of a message; clients send eight or so."""
_COOKIE = b"\x21\x12\xa4\x42"
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_USERNAME, _INTEGRITY, _ERROR_CODE, _UNKNOWN_ATTRIBUTES = 0x0006, 0x0008, 0x0009, 0x000A
_XOR_MAPPED_ADDRESS, _PRIORITY, _USE_CANDIDATE = 0x0020, 0x0024, 0x0025
_FINGERPRINT, _CONTROLLED, _CONTROLLING = 0x8028, 0x8029, 0x802A
_UNDERSTOOD = frozenset({_USERNAME, _PRIORITY, _USE_CANDIDATE})
_OPTIONAL = 0x8000
"""An attribute without this bit must be understood, or the request be refused."""
_INTEGRITY_BYTES, _FINGERPRINT_BYTES = 24, 8
_FINGERPRINT_XOR = 0x5354554E
_FAMILY_V4, _FAMILY_V6 = 1, 2

_attribute_head = struct.Struct("!HH")


class StunError(ValueError):
    """Not a well-formed binding request."""


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A well-formed binding request with a right checksum. Who sent it is unknown until `is_signed_with`.

    Attributes:
        transaction: the 12 bytes that the answer repeats.
        username: as sent; `<receiver's ufrag>:<sender's ufrag>` if it is right.
        nominates: whether it carries USE-CANDIDATE.
        claims_controlled: whether its sender believes to be the controlled side, which is ours.
        unknown: types of attributes that must be understood and are not.
        signature: the MESSAGE-INTEGRITY, None if there is none.
        signed: the bytes that the signature covers.
    """

    transaction: bytes
    username: bytes
    nominates: bool
    claims_controlled: bool
    unknown: tuple[int, ...]
    signature: bytes | None
    signed: bytes

    def is_signed_with(self, password: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY was made with `password`."""
        return self.signature is not None and hmac.compare_digest(self.signature, _sign(self.signed, password))


def read_request(datagram: bytes) -> BindingRequest:
    """Read a binding request. Raises StunError for everything else, also for other kinds of STUN message."""
    if len(datagram) < HEADER_BYTES or datagram[4:8] != _COOKIE:
        raise StunError("no STUN header")
    kind, length = _attribute_head.unpack_from(datagram)
    if kind != _REQUEST:
        raise StunError(f"a message of type {kind:#06x} instead of a binding request")
    if length % 4 or length + HEADER_BYTES != len(datagram):
        raise StunError(f"{len(datagram)} bytes instead of {length + HEADER_BYTES}")
    found, unknown, end = _attributes(datagram)
    return BindingRequest(
        transaction=datagram[8:20],
        username=found.get(_USERNAME, b""),
        nominates=_USE_CANDIDATE in found,
        claims_controlled=_CONTROLLED in found,
        unknown=unknown,
        signature=found.get(_INTEGRITY),
        signed=datagram[:end],
    )


def success(request: BindingRequest, seen: Address, password: bytes) -> bytes:
    """The answer to a request that was accepted: the address that it was `seen` to come from."""
    family = _FAMILY_V4 if len(seen) == IPV4_BYTES else _FAMILY_V6
    mask = _COOKIE[:2] + _COOKIE + request.transaction
    masked = bytes([byte ^ mask[index] for index, byte in enumerate(seen)])
    return _seal(_SUCCESS, request.transaction, _attribute(_XOR_MAPPED_ADDRESS, bytes((0, family)) + masked), password)


def refusal(request: BindingRequest, code: int, password: bytes | None = None) -> bytes:
    """The answer to a request that was not; signed if its sender has proven to know the password.

    It has no reason phrase: unsigned, it is shorter than any request that carries a user name, so that it amplifies
    nothing.
    """
    body = _attribute(_ERROR_CODE, bytes((0, 0, code // 100, code % 100)))
    if request.unknown:
        body += _attribute(_UNKNOWN_ATTRIBUTES, b"".join([kind.to_bytes(2, "big") for kind in request.unknown]))
    return _seal(_ERROR, request.transaction, body, password)


def _attributes(datagram: bytes) -> tuple[dict[int, bytes], tuple[int, ...], int]:
    """The understood attributes, the types of those that had to be, and where the signed part ends."""
    found: dict[int, bytes] = {}
    unknown: list[int] = []
    end = 0
    for kind, value, position in _walk(datagram):
        if kind == _FINGERPRINT:
            if position + _FINGERPRINT_BYTES != len(datagram) or value != _checksum(datagram[:position]):
                raise StunError("FINGERPRINT is wrong or not at the end")
            return found, tuple(unknown), end
        if end:
            continue  # what follows the signature is not covered by it (RFC 8489, 14.5)
        if kind == _INTEGRITY:
            end = position
            if len(value) != _INTEGRITY_BYTES - 4:
                raise StunError(f"MESSAGE-INTEGRITY has {len(value)} bytes")
        elif not (kind & _OPTIONAL or kind in _UNDERSTOOD):
            unknown.append(kind)
        found.setdefault(kind, value)
    raise StunError("no FINGERPRINT")


def _walk(datagram: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Type, value and position of each attribute."""
    position = HEADER_BYTES
    for _ in range(MAX_ATTRIBUTES):
        if position == len(datagram):
            return
        kind, length = _attribute_head.unpack_from(datagram, position)
        end = position + 4 + length
        if end > len(datagram):
            raise StunError(f"attribute {kind:#06x} reaches beyond the message")
        yield kind, datagram[position + 4 : end], position
        position = end + (-length % 4)
    raise StunError(f"more than {MAX_ATTRIBUTES} attributes")


def _attribute(kind: int, value: bytes) -> bytes:
    return _attribute_head.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _seal(kind: int, transaction: bytes, body: bytes, password: bytes | None) -> bytes:
    """A whole message: signed if there is a password, and with its checksum."""
    message = _attribute_head.pack(kind, len(body)) + _COOKIE + transaction + body
    if password is not None:
        message += _attribute(_INTEGRITY, _sign(message, password))
    message = _with_length(message, _FINGERPRINT_BYTES)
    return message + _attribute(_FINGERPRINT, _checksum(message))


def _sign(message: bytes, password: bytes) -> bytes:
    """HMAC-SHA1 over the message before MESSAGE-INTEGRITY, with a length as if it ended behind it."""
    return hmac.digest(password, _with_length(message, _INTEGRITY_BYTES), "sha1")


def _checksum(message: bytes) -> bytes:
    """CRC-32 over everything before FINGERPRINT; the header's length counts it in already."""
    return (zlib.crc32(message) ^ _FINGERPRINT_XOR).to_bytes(4, "big")


def _with_length(message: bytes, more: int) -> bytes:
    """The message with the length that it has once `more` bytes follow."""
    return message[:2] + (len(message) - HEADER_BYTES + more).to_bytes(2, "big") + message[4:]
