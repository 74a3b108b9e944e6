"""Minted tokens: accepted by the official verifier where they should be, odd where the descriptor says so."""

import base64
import json

import jwt
import pytest
from livekit.api import TokenVerifier

from tests.conformance.tokens import Credentials, mint

CREDENTIALS = Credentials(
    key="k1",
    secret="a-secret-of-enough-length-for-any-of-the-three-hash-algorithms-0123",
    alt_key="k2",
    alt_secret="another-one" * 4,
)
PLAIN = {"identity": "ann", "ttl": 600, "grants": {"video": {"roomJoin": True, "room": "r"}, "metadata": "m"}}


def _parts(token: str) -> tuple[dict, dict]:
    header, payload, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, payload))


def _official(key: str = "k1", secret: str = CREDENTIALS.secret) -> TokenVerifier:
    return TokenVerifier(key, secret)


def test_the_official_verifier_takes_a_plain_token():
    claims = _official().verify(mint(PLAIN, CREDENTIALS))
    assert (claims.identity, claims.metadata) == ("ann", "m")
    assert (claims.video.room_join, claims.video.room) == (True, "r")


def test_the_second_pair_of_keys_is_asked_for_by_name():
    token = mint({**PLAIN, "key": "<alt>", "secret": "<alt>"}, CREDENTIALS)
    assert _official("k2", CREDENTIALS.alt_secret).verify(token).identity == "ann"


@pytest.mark.parametrize(
    "odd", [{"tamper": "sig"}, {"tamper": "payload"}, {"secret": "<alt>"}, {"alg": "none"}, {"alg": "ES256"}]
)
def test_the_official_verifier_refuses_bad_signatures(odd):
    with pytest.raises(jwt.InvalidTokenError):
        _official().verify(mint({**PLAIN, **odd}, CREDENTIALS))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_signatures_follow_the_algorithm(algorithm):
    token = mint({**PLAIN, "alg": algorithm}, CREDENTIALS)
    assert jwt.decode(token, CREDENTIALS.secret, algorithms=[algorithm])["sub"] == "ann"


def test_times_are_relative_to_now():
    _, claims = _parts(mint({**PLAIN, "ttl": 10, "nbf": -5, "times": {"iat": 3}}, CREDENTIALS, now=1000.7))
    assert (claims["nbf"], claims["exp"], claims["iat"]) == (995, 1010, 1003)


def test_claims_and_header_are_merged_and_left_out():
    odd = {"claims": {"exp": None, "foo": 1}, "omit": ["iss"], "header": {"alg": None, "crit": ["x"]}}
    header, claims = _parts(mint({**PLAIN, **odd}, CREDENTIALS))
    assert (header["alg"], header["crit"]) == (None, ["x"])
    assert (claims["exp"], claims["foo"], "iss" in claims) == (None, 1, False)


def test_a_payload_may_be_any_text_and_a_token_any_string():
    assert base64.urlsafe_b64decode(mint({"payload_text": "{nope"}, CREDENTIALS).split(".")[1] + "==") == b"{nope"
    assert mint({"raw": "a.b.c"}, CREDENTIALS) == "a.b.c"


def test_padding_is_kept_on_demand():
    parts = mint({**PLAIN, "padded": True}, CREDENTIALS).split(".")
    assert all(len(part) % 4 == 0 for part in parts[1:])
    assert parts[2].endswith("=")


def test_without_an_identity_there_is_no_subject():
    assert "sub" not in _parts(mint({"grants": {}, "identity": ""}, CREDENTIALS))[1]
