"""The outer shape of an access token: a compact JWS, signed with HS256 and nothing else.

Owns the splitting, decoding and signing of the three parts; pyjwt's algorithm object does the cryptography. The parts
are not left to `jwt.decode` because the claim that names the key stands inside the payload (it would be decoded twice),
because it examines the secret anew at each call (six times the cost of all this), and because it is stricter than
LiveKit about header fields that mean nothing here (`crit`, `kid`), laxer about padding, and warns of LiveKit's own
development secret. What the claims mean is in `reader.py`.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, cast

import orjson
from jwt.algorithms import HMACAlgorithm

from roomwright import errors

ALGORITHM = "HS256"
_HEADER = b'{"alg":"HS256","typ":"JWT"}'
_HS256 = HMACAlgorithm(HMACAlgorithm.SHA256)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token taken apart; nothing in it is to be believed before `signed_by` said yes."""

    payload: dict[str, Any]
    signed: bytes
    signature: bytes

    def signed_by(self, key: bytes) -> bool:
        """Whether `key` made the signature (compared in constant time)."""
        return _HS256.verify(self.signed, key, self.signature)


def prepare_key(secret: str) -> bytes:
    """A secret as `sign` and `signed_by` take it. ValueError when it is empty: everybody could sign with that."""
    if not secret:
        raise ValueError("an API secret must not be empty")
    return secret.encode()


def split(token: str) -> Unverified:
    """Take a token apart. An `unauthenticated` error says which part is wrong and how."""
    parts = token.split(".", 3)
    if len(parts) != 3:
        raise errors.unauthenticated("the token is not a JWT: it needs exactly three parts with dots between them")
    header, payload, signature = parts
    _check_algorithm(_decode_json(header, "header").get("alg"))
    return Unverified(
        payload=_decode_json(payload, "payload"),
        signed=f"{header}.{payload}".encode("ascii"),
        signature=_decode(signature, "signature"),
    )


def sign(payload: dict[str, Any], key: bytes) -> str:
    """The token that carries `payload`."""
    signed = urlsafe_b64encode(_HEADER).rstrip(b"=") + b"." + urlsafe_b64encode(orjson.dumps(payload)).rstrip(b"=")
    return (signed + b"." + urlsafe_b64encode(_HS256.sign(signed, key)).rstrip(b"=")).decode("ascii")


def _check_algorithm(algorithm: Any) -> None:
    if algorithm != ALGORITHM:
        shown = repr(algorithm[:32]) if isinstance(algorithm, str) else "nothing"
        raise errors.unauthenticated(f"the token's header names {shown} as its algorithm; only {ALGORITHM} is accepted")


def _decode_json(part: str, name: str) -> dict[str, Any]:
    try:
        value: Any = orjson.loads(_decode(part, name))
    except orjson.JSONDecodeError as error:
        raise errors.unauthenticated(f"the token's {name} is not valid JSON: {error.msg}") from error
    if not isinstance(value, dict):
        raise errors.unauthenticated(f"the token's {name} is not a JSON object")
    return cast("dict[str, Any]", value)


def _decode(part: str, name: str) -> bytes:
    if not _BASE64URL.fullmatch(part):
        raise errors.unauthenticated(f"the token's {name} is not base64url without padding")
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise errors.unauthenticated(f"the token's {name} is cut off in the middle") from error
