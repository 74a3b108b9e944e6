"""Whatever is sent as a token, the answer is claims or a ServiceError."""

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from roomwright.auth import Claims, SipGrant, TokenVerifier, VideoGrant, mint
from roomwright.clock import ManualClock
from roomwright.errors import ServiceError
from tests.auth.conftest import KEYS, NOW, mint_any

UNHURRIED = settings(deadline=None)
"""Other work on the same machine is no failure."""

CLOCK = ManualClock(NOW * 1_000_000_000)
VERIFIER = TokenVerifier(KEYS, CLOCK, cache_size=16)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CLAIM_NAMES = st.sampled_from(
    ["iss", "sub", "jti", "exp", "nbf", "iat", "video", "sip", "name", "attributes", "roomConfig", "sha256", "VIDEO"]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
GRANTS = st.builds(
    VideoGrant,
    **{
        name: st.booleans()
        for name in ("room_create", "room_list", "room_admin", "room_join", "ingress_admin", "agent")
    },
    **{name: st.none() | st.booleans() for name in ("can_publish", "can_subscribe", "can_update_own_metadata")},
    room=TEXT,
    destination_room=TEXT,
    can_publish_sources=st.lists(TEXT, max_size=3).map(tuple),
)


def verify(token: str) -> None:
    with suppress(ServiceError):
        VERIFIER.verify(token)


@UNHURRIED
@given(st.text())
@example("\ud800.\ud800.\ud800")
@example("." * 1_000_000)
def test_random_text(token: str) -> None:
    verify(token)


@UNHURRIED
@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_three_random_parts(header: str, payload: str, signature: str) -> None:
    verify(f"{header}.{payload}.{signature}")


@UNHURRIED
@given(st.integers(0, 300), st.characters(), st.booleans())
def test_a_changed_character(position: int, character: str, insert: bool) -> None:
    token = mint_any()
    verify(token[:position] + character + token[position if insert else position + 1 :])


@UNHURRIED
@given(st.dictionaries(CLAIM_NAMES, JSON, max_size=6))
@example({"exp": 10**400})
@example({"exp": float("nan")})
@example({"nbf": float("-inf")})
@example({"nbf": -1.7e308, "exp": 1.7e308})
@example({"exp": "1" * 5000})
@example({"name": "\ud800"})
@example({"roomConfig": {"name": "\ud800"}})
@example({"roomConfig": {"tags": {"a": None}}})
def test_signed_claims_of_any_shape(claims: dict[str, Any]) -> None:
    verify(mint_any(claims))


@UNHURRIED
@given(st.binary())
@example(b"[" * 500_000)
@example(b'{"a":' * 100_000)
@example(b'{"exp":' + b"9" * 100_000 + b"}")
def test_signed_payloads_of_any_bytes(payload: bytes) -> None:
    verify(mint_any(payload=payload or b" "))


@UNHURRIED
@given(JSON)
@example({"alg": "HS256", "b64": False, "crit": ["b64"]})
@example({"alg": {"HS256": 1}})
def test_signed_headers_of_any_shape(header: Any) -> None:
    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{encode(json.dumps(header).encode())}.{mint_any().split('.')[1]}"
    verify(f"{signed}.{encode(hmac.digest(KEYS['devkey'].encode(), signed.encode(), hashlib.sha256))}")


@UNHURRIED
@given(
    st.builds(
        Claims,
        identity=TEXT,
        name=TEXT,
        kind=TEXT,
        metadata=TEXT,
        attributes=st.dictionaries(TEXT, TEXT, max_size=3),
        video=st.none() | GRANTS,
        sip=st.none() | st.builds(SipGrant, admin=st.booleans(), call=st.booleans()),
    )
)
def test_minted_claims_come_back(claims: Claims) -> None:
    token = mint(claims, key="altkey", secret=KEYS["altkey"], ttl=60.5, clock=CLOCK)
    read = VERIFIER.verify(token)
    assert (read.identity, read.name, read.kind, read.metadata) == (
        claims.identity,
        claims.name,
        claims.kind,
        claims.metadata,
    )
    assert (dict(read.attributes), read.video, read.sip) == (dict(claims.attributes), claims.video, claims.sip)
    assert (read.issuer, read.not_before, read.expires_at) == ("altkey", NOW, NOW + 60.5)
