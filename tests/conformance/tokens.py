"""Mints the tokens that recordings describe, odd ones included.

It shares no code with the server's own minting, so that the two check each other.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The two API keys of the server under test, each with its secret."""

    key: str = "devkey"
    secret: str = "golden-secret-0123456789abcdefghijklmnop"
    alt_key: str = "altkey"
    alt_secret: str = "golden-other-0123456789abcdefghijklmnopq"


def mint(descriptor: Mapping[str, Any], credentials: Credentials, now: float | None = None) -> str:
    """The token a descriptor stands for; `now` is in seconds since the epoch, the present by default."""
    if "raw" in descriptor:
        return descriptor["raw"]
    claims = _claims(descriptor, credentials, int(time.time() if now is None else now))
    payload = descriptor["payload_text"].encode() if "payload_text" in descriptor else _json(claims)
    algorithm = descriptor.get("alg", "HS256")
    header = {"alg": algorithm, "typ": "JWT", **descriptor.get("header", {})}
    signed = f"{_base64url(_json(header))}.{_base64url(payload)}"
    signature = _sign(signed, algorithm, _secret(descriptor, credentials))
    return _disturb(descriptor, claims, f"{signed}.{_base64url(signature)}")


def _claims(descriptor: Mapping[str, Any], credentials: Credentials, now: int) -> dict[str, Any]:
    issuer = descriptor.get("key", credentials.key)
    claims: dict[str, Any] = {
        "iss": credentials.alt_key if issuer == "<alt>" else issuer,
        "nbf": now + descriptor.get("nbf", 0),
        "exp": now + descriptor.get("ttl", 600),
    }
    if descriptor.get("identity"):
        claims["sub"] = descriptor["identity"]
    claims |= descriptor.get("grants") or {}
    claims |= descriptor.get("claims", {})
    claims |= {name: now + offset for name, offset in descriptor.get("times", {}).items()}
    omitted = descriptor.get("omit", ())
    return {name: value for name, value in claims.items() if name not in omitted}


def _secret(descriptor: Mapping[str, Any], credentials: Credentials) -> str:
    secret = descriptor.get("secret", credentials.secret)
    return credentials.alt_secret if secret == "<alt>" else secret


def _sign(signed: str, algorithm: str, secret: str) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm in _DIGESTS:
        return hmac.new(secret.encode(), signed.encode(), _DIGESTS[algorithm]).digest()
    return b"x" * 32  # no key pair is configured, so that no signature could be right


def _disturb(descriptor: Mapping[str, Any], claims: Mapping[str, Any], token: str) -> str:
    header, payload, signature = token.split(".")
    match descriptor.get("tamper"):
        case "sig":
            signature = _base64url(_flip_first_bit(base64.urlsafe_b64decode(_padded(signature))))
        case "payload":
            payload = _base64url(_json({**claims, "sub": "tampered"}))
        case _:
            pass
    if descriptor.get("padded"):
        payload, signature = _padded(payload), _padded(signature)
    return f"{header}.{payload}.{signature}"


def _flip_first_bit(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
