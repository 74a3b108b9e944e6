"""Keys, a clock that stands still, and tokens of any shape, signed by hand."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from roomwright.auth import TokenVerifier
from roomwright.clock import ManualClock

NOW = 1_750_000_000
KEYS = {"devkey": "a-secret-of-more-than-thirty-two-characters", "altkey": "another-secret-of-more-than-thirty-two"}

MintAny = Callable[..., str]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mint_any(  # one keyword per way in which a token can be odd
    claims: dict[str, Any] | None = None,
    *,
    header: dict[str, Any] | None = None,
    secret: str = KEYS["devkey"],
    payload: bytes | None = None,
    omit: tuple[str, ...] = (),
) -> str:
    """A token with `claims` over those of a usual one, signed with `secret` whatever they say."""
    usual = {"iss": "devkey", "sub": "me", "nbf": NOW, "exp": NOW + 600, "video": {"roomList": True}}
    body = {name: value for name, value in {**usual, **(claims or {})}.items() if name not in omit}
    head = {"alg": "HS256", "typ": "JWT", **(header or {})}
    signed = f"{_encode(json.dumps(head).encode())}.{_encode(payload or json.dumps(body).encode())}"
    return f"{signed}.{_encode(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW * 1_000_000_000)


@pytest.fixture
def verifier(clock: ManualClock) -> TokenVerifier:
    return TokenVerifier(KEYS, clock)
