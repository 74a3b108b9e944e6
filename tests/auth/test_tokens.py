"""Which tokens are accepted, what they say, and what a refusal says. The forms are those of recorded requests."""

import base64
import dataclasses
import json

import pytest
from livekit import api

from roomwright.auth import Claims, SipGrant, TokenVerifier, VideoGrant, mint
from roomwright.clock import ManualClock
from roomwright.errors import Code, ServiceError
from roomwright_proto import livekit as pb
from tests.auth.conftest import KEYS, NOW, mint_any

ACCEPTED = {
    "a usual one": mint_any(),
    "another key": mint_any({"iss": "altkey"}, secret=KEYS["altkey"]),
    "another typ": mint_any(header={"typ": "XX"}),
    "a crit header": mint_any(header={"crit": ["x"], "x": 1}),
    "a kid that is no string": mint_any(header={"kid": 5}),
    "exp 50 s ago": mint_any({"exp": NOW - 50}),
    "exp as a string": mint_any({"exp": "4102444800"}),
    "exp as a float": mint_any({"exp": 4102444800.5}),
    "exp in a string with an exponent": mint_any({"exp": "4.1e9"}),
    "exp in another million years": mint_any({"exp": 31_556_952_000_000}),
    "nbf 50 s ahead": mint_any({"nbf": NOW + 50}),
    "nbf as a string": mint_any({"nbf": "1700000000"}),
    "nbf null": mint_any({"nbf": None}),
    "no nbf": mint_any(omit=("nbf",)),
    "iat in the future": mint_any({"iat": NOW + 3600}),
    "aud a string": mint_any({"aud": "x"}),
    "aud strings": mint_any({"aud": ["x", "y"]}),
    "no sub": mint_any(omit=("sub",)),
    "unknown claims": mint_any({"foo": {"bar": 1}}),
    "unknown grants": mint_any({"video": {"roomList": True, "foo": 1}}),
    "grants in lower case": mint_any({"video": {"roomlist": True}}),
    "everything in other letter cases": mint_any({"Video": {"RoomList": True}}, omit=("video",)),
    "null beside other values": mint_any({"name": None, "attributes": None, "sip": None}),
}

REFUSED = {
    "": ("three parts", ""),
    "no dots": ("three parts", "garbage"),
    "too few dots": ("three parts", "a.b"),
    "a fourth part": ("three parts", "x." + mint_any()),
    "not base64url": ("header is not base64url", "a+b.c.d"),
    "padding": ("payload is not base64url", mint_any().replace(".", "=.", 2).replace("=.", ".", 1)),
    "cut off": ("header is cut off", "a.b.c"),
    "a blank before it": ("header is not base64url", " " + mint_any()),
    "wrong secret": ("not made with the secret of API key 'devkey'", mint_any(secret="wrong")),
    "secret of the other key": ("not made with the secret of API key", mint_any(secret=KEYS["altkey"])),
    "unknown key": ("unknown API key 'nokey' in the token's iss", mint_any({"iss": "nokey"})),
    "no iss": ("no iss claim", mint_any(omit=("iss",))),
    "empty iss": ("no iss claim", mint_any({"iss": ""})),
    "iss a number": ("iss must be a string, not a number", mint_any({"iss": 5})),
    "jti a number": ("jti must be a string, not a number", mint_any({"jti": 5})),
    "aud a number": ("aud must be an array of strings, not a number", mint_any({"aud": 5})),
    "iat no number": ("iat is a string that holds no number", mint_any({"iat": "x"})),
    "alg none": ("names 'none' as its algorithm", mint_any(header={"alg": "none"})),
    "alg hs256": ("names 'hs256' as its algorithm", mint_any(header={"alg": "hs256"})),
    "alg HS384": ("names 'HS384' as its algorithm", mint_any(header={"alg": "HS384"})),
    "alg RS256": ("names 'RS256' as its algorithm", mint_any(header={"alg": "RS256"})),
    "alg null": ("names nothing as its algorithm", mint_any(header={"alg": None})),
    "alg a list": ("names nothing as its algorithm", mint_any(header={"alg": ["HS256"]})),
    "payload no JSON": ("payload is not valid JSON", mint_any(payload=b"{nope")),
    "payload with something after it": ("payload is not valid JSON", mint_any(payload=b"{} {}")),
    "payload an array": ("payload is not a JSON object", mint_any(payload=b"[]")),
    "payload not UTF-8": ("payload is not valid JSON", mint_any(payload=b'{"iss":"\xff"}')),
    "payload with a lone surrogate": ("payload is not valid JSON", mint_any(payload=rb'{"iss":"\ud800"}')),
    "payload with NaN": ("payload is not valid JSON", mint_any(payload=b'{"exp":NaN}')),
    "payload nested deeply": ("payload is not valid JSON", mint_any(payload=b'{"a":' + b"[" * 100_000)),
    "exp an hour ago": (f"token expired 3600 s ago (exp {NOW - 3600})", mint_any({"exp": NOW - 3600})),
    "exp 60 s ago": (f"token expired 60 s ago (exp {NOW - 60})", mint_any({"exp": NOW - 60})),
    "exp 0": ("token expired", mint_any({"exp": 0})),
    "exp long before 1970": ("token expired", mint_any({"exp": -1e300})),
    "no exp": ("no exp claim", mint_any(omit=("exp",))),
    "exp null": ("no exp claim", mint_any({"exp": None})),
    "exp a boolean": ("exp must be a number of seconds since 1970, not a boolean", mint_any({"exp": True})),
    "exp a word": ("exp is a string that holds no number", mint_any({"exp": "soon"})),
    "exp with a blank": ("exp is a string that holds no number", mint_any({"exp": " 4102444800"})),
    "exp infinite": ("exp is not a finite number", mint_any({"exp": "1e999"})),
    "nbf in 61 s": (f"not valid for another 61 s (nbf {NOW + 61})", mint_any({"nbf": NOW + 61})),
    "sub a number": ("sub must be a string, not a number", mint_any({"sub": 5})),
    "jti a list": ("jti must be a string, not an array", mint_any({"jti": []}, omit=("sub",))),
    "video an array": ("video must be an object, not an array", mint_any({"video": []})),
    "a grant as a string": ("video.roomList must be a boolean", mint_any({"video": {"roomList": "true"}})),
    "a grant as a number": ("video.roomList must be a boolean", mint_any({"video": {"roomList": 1}})),
    "sources as a string": (
        "video.canPublishSources must be an array",
        mint_any({"video": {"canPublishSources": "camera"}}),
    ),
    "a source as a number": ("canPublishSources[1]", mint_any({"video": {"canPublishSources": ["camera", 1]}})),
    "attributes with a number": ("attributes.a must be a string", mint_any({"attributes": {"a": 1}})),
    "metadata an object": ("metadata must be a string, not an object", mint_any({"metadata": {"a": 1}})),
    "roomConfig an array": ("roomConfig must be an object", mint_any({"roomConfig": []})),
    "a bad roomConfig": ("roomConfig is not a room conf", mint_any({"roomConfig": {"emptyTimeout": "abc"}})),
}


@pytest.mark.parametrize("token", ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(verifier: TokenVerifier, token: str) -> None:
    claims = verifier.verify(token)
    assert claims.video is not None
    assert claims.video.room_list


@pytest.mark.parametrize(("message", "token"), REFUSED.values(), ids=REFUSED)
def test_refuses_and_says_why(verifier: TokenVerifier, message: str, token: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        verifier.verify(token)
    assert refusal.value.code is Code.UNAUTHENTICATED
    assert message in refusal.value.message
    assert len(refusal.value.message) < 200


@pytest.mark.parametrize(("_message", "token"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_tells_no_secret(verifier: TokenVerifier, _message: str, token: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        verifier.verify(token)
    secrets = [*KEYS.values(), *(part for part in token.split(".") if len(part) > 8)]
    assert not [secret for secret in secrets if secret in repr(refusal.value)]


class TestClaims:
    def test_every_claim_is_read(self, verifier: TokenVerifier) -> None:
        token = mint_any(
            {
                "sub": "alice",
                "name": "Alice",
                "kind": "agent",
                "metadata": "m",
                "attributes": {"a": "b", "gone": None},
                "video": {"roomJoin": True, "room": "x", "canPublish": False, "canPublishSources": ["camera"]},
                "sip": {"admin": True},
                "roomPreset": "p",
                "roomConfig": {"emptyTimeout": 5, "max_participants": "3", "unknown": 1},
                "sha256": "c",
            }
        )
        assert verifier.verify(token) == Claims(
            identity="alice",
            name="Alice",
            kind="agent",
            metadata="m",
            attributes={"a": "b"},
            video=VideoGrant(room_join=True, room="x", can_publish=False, can_publish_sources=("camera",)),
            sip=SipGrant(admin=True),
            room_preset="p",
            room_config=pb.RoomConfiguration(empty_timeout=5, max_participants=3),
            sha256="c",
            issuer="devkey",
            not_before=NOW,
            expires_at=NOW + 600,
        )

    def test_what_a_token_does_not_say_is_not_decided_for_it(self, verifier: TokenVerifier) -> None:
        video = verifier.verify(mint_any({"video": {}})).video
        assert video == VideoGrant()
        assert video.can_publish is None

    def test_jti_is_the_identity_where_sub_is_missing(self, verifier: TokenVerifier) -> None:
        assert verifier.verify(mint_any({"jti": "j"}, omit=("sub",))).identity == "j"
        assert verifier.verify(mint_any({"jti": "j"})).identity == "me"

    def test_grants_in_snake_case_are_unknown(self, verifier: TokenVerifier) -> None:
        assert verifier.verify(mint_any({"video": {"room_list": True}})).video == VideoGrant()

    def test_a_missing_nbf_counts_as_0(self, verifier: TokenVerifier) -> None:
        assert verifier.verify(mint_any(omit=("nbf",))).not_before == 0


class TestMemory:
    def test_a_remembered_token_still_expires(self, verifier: TokenVerifier, clock: ManualClock) -> None:
        token = mint_any({"exp": NOW + 10})
        first = verifier.verify(token)
        clock.advance(69)
        assert verifier.verify(token) is first
        clock.advance(1)
        with pytest.raises(ServiceError, match=r"token expired 60 s ago"):
            verifier.verify(token)

    def test_a_refused_token_may_become_valid(self, verifier: TokenVerifier, clock: ManualClock) -> None:
        token = mint_any({"nbf": NOW + 100})
        with pytest.raises(ServiceError, match="not valid for another 100 s"):
            verifier.verify(token)
        clock.advance(40)
        assert verifier.verify(token).identity == "me"

    def test_remembers_no_more_than_it_was_told_to(self, clock: ManualClock) -> None:
        verifier = TokenVerifier(KEYS, clock, cache_size=2)
        tokens = [mint_any({"sub": name}) for name in "abc"]
        first = [verifier.verify(token) for token in tokens]
        assert repr(verifier) == "<TokenVerifier 2 keys, 2 tokens remembered>"
        assert verifier.verify(tokens[2]) is first[2]
        assert verifier.verify(tokens[0]) == first[0]
        assert verifier.verify(tokens[0]) is not first[0]

    def test_the_least_recently_used_is_forgotten(self, clock: ManualClock) -> None:
        verifier = TokenVerifier(KEYS, clock, cache_size=2)
        often, once, new = (mint_any({"sub": name}) for name in ("often", "once", "new"))
        first = verifier.verify(often)
        verifier.verify(once)
        verifier.verify(often)
        verifier.verify(new)
        assert verifier.verify(often) is first

    def test_large_tokens_and_refused_ones_are_not_remembered(self, clock: ManualClock) -> None:
        verifier = TokenVerifier(KEYS, clock)
        verifier.verify(mint_any({"metadata": "x" * 1_000_000}))
        with pytest.raises(ServiceError):
            verifier.verify(mint_any(secret="wrong"))
        assert repr(verifier) == "<TokenVerifier 2 keys, 0 tokens remembered>"

    def test_nothing_is_remembered_where_the_size_is_0(self, clock: ManualClock) -> None:
        verifier = TokenVerifier(KEYS, clock, cache_size=0)
        verifier.verify(mint_any())
        assert repr(verifier) == "<TokenVerifier 2 keys, 0 tokens remembered>"


class TestMint:
    CLAIMS = Claims(
        identity="alice",
        name="Alice",
        attributes={"a": "b"},
        video=VideoGrant(room_join=True, room="x", can_publish=False, can_publish_sources=("camera",), hidden=True),
        sip=SipGrant(call=True),
        room_config=pb.RoomConfiguration(empty_timeout=5, metadata="m"),
    )

    def test_what_is_minted_is_read_back(self, verifier: TokenVerifier, clock: ManualClock) -> None:
        token = mint(self.CLAIMS, key="devkey", secret=KEYS["devkey"], ttl=60, clock=clock)
        expected = dataclasses.replace(self.CLAIMS, issuer="devkey", not_before=NOW, expires_at=NOW + 60)
        assert verifier.verify(token) == expected

    def test_the_official_verifier_accepts_it(self, clock: ManualClock) -> None:
        clock.advance(100 * 365 * 86_400)
        claims = dataclasses.replace(self.CLAIMS, not_before=NOW)
        token = mint(claims, key="devkey", secret=KEYS["devkey"], ttl=600, clock=clock)
        read = api.TokenVerifier("devkey", KEYS["devkey"]).verify(token)
        assert (read.identity, read.name, read.attributes) == ("alice", "Alice", {"a": "b"})
        assert read.video == api.VideoGrants(
            room_join=True, room="x", can_publish=False, can_publish_sources=["camera"], hidden=True
        )
        assert read.sip == api.SIPGrants(call=True)
        assert (read.room_config.empty_timeout, read.room_config.metadata) == (5, "m")

    def test_official_tokens_are_accepted(self, clock: ManualClock) -> None:
        token = (
            api.AccessToken("devkey", KEYS["devkey"])
            .with_identity("alice")
            .with_grants(api.VideoGrants(room_join=True, room="x", can_update_own_metadata=True))
            .with_room_config(api.RoomConfiguration(empty_timeout=5, max_participants=2))
            .to_jwt()
        )
        payload = json.loads(_decode(token.split(".")[1]))
        claims = TokenVerifier(KEYS, ManualClock(payload["nbf"] * 1_000_000_000)).verify(token)
        assert claims.video == VideoGrant(
            room_join=True,
            room="x",
            can_publish=True,
            can_subscribe=True,
            can_publish_data=True,
            can_update_own_metadata=True,
        )
        assert claims.room_config == pb.RoomConfiguration(empty_timeout=5, max_participants=2)

    def test_livekits_development_secret_is_no_reason_to_warn(
        self, clock: ManualClock, recwarn: pytest.WarningsRecorder
    ) -> None:
        token = mint(Claims(identity="me"), key="devkey", secret="secret", ttl=60, clock=clock)
        assert TokenVerifier({"devkey": "secret"}, clock).verify(token).identity == "me"
        assert not recwarn.list

    def test_an_empty_secret_is_refused(self, clock: ManualClock) -> None:
        with pytest.raises(ValueError, match="must not be empty"):
            mint(Claims(), key="devkey", secret="", ttl=60, clock=clock)
        with pytest.raises(ValueError, match="must not be empty"):
            TokenVerifier({"devkey": ""}, clock)


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
