"""Access tokens: verify them, remember the verified ones, mint new ones.

Who may do what with the claims is in `grants.py`. A refused token is always an `unauthenticated` error that says which
key, claim or time is wrong; it never holds a secret or the token.
"""

import dataclasses
from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from roomwright import errors
from roomwright.auth import jws, reader
from roomwright.auth.claims import Claims
from roomwright.clock import Clock

LEEWAY = 60
"""Seconds by which `exp` and `nbf` may be off, for clocks that differ."""

SHORTEST_REFRESH_S = 600.0
"""The least time for which a refreshed token holds."""

_LARGEST_REMEMBERED = 4096
_LEEWAY_NS = LEEWAY * 1_000_000_000


class _Verified(NamedTuple):
    """Claims with a good signature, and the nanoseconds since 1970 between which they hold, leeway included."""

    claims: Claims
    from_ns: int
    until_ns: int


class TokenVerifier:
    """Turns tokens into claims.

    Verified tokens are remembered, at most `cache_size` of them and none above 4 KiB, the least recently used are
    forgotten first; `exp` and `nbf` are checked every time. Not safe for use from several threads.
    """

    def __init__(self, keys: Mapping[str, str], clock: Clock, *, cache_size: int = 4096) -> None:
        self._keys = {name: jws.prepare_key(secret) for name, secret in keys.items()}
        self._clock = clock
        self._cache: OrderedDict[str, _Verified] = OrderedDict()
        self._cache_size = cache_size

    def __repr__(self) -> str:
        return f"<TokenVerifier {len(self._keys)} keys, {len(self._cache)} tokens remembered>"

    def verify(self, token: str) -> Claims:
        """The claims of `token`, or an `unauthenticated` error that says what is wrong with it.

        The same object is given to every caller with that token: nobody may change what is inside of it.
        """
        now = self._clock.now_ns()
        verified = self._cache.get(token)
        if verified is not None and verified.from_ns <= now < verified.until_ns:
            self._cache.move_to_end(token)
            return verified.claims
        if verified is None:
            verified = self._examine(token)
        _check_times(verified, now)
        self._remember(token, verified)
        return verified.claims

    def _examine(self, token: str) -> _Verified:
        """Check everything but the times."""
        parts = jws.split(token)
        issuer = reader.read_issuer(parts.payload)
        key = self._keys.get(issuer)
        if key is None:
            raise errors.unauthenticated(f"unknown API key {issuer[:64]!r} in the token's iss")
        if not parts.signed_by(key):
            raise errors.unauthenticated(f"the token's signature was not made with the secret of API key {issuer!r}")
        claims = reader.read_claims(parts.payload)
        return _Verified(
            claims,
            from_ns=_nanoseconds(claims.not_before) - _LEEWAY_NS,
            until_ns=_nanoseconds(claims.expires_at) + _LEEWAY_NS,
        )

    def _remember(self, token: str, verified: _Verified) -> None:
        if len(token) > _LARGEST_REMEMBERED or self._cache_size <= 0:
            return
        self._cache[token] = verified
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)


def mint(claims: Claims, *, key: str, secret: str, ttl: float, clock: Clock) -> str:
    """A token with `claims`, signed by API key `key`, that holds for `ttl` seconds from now.

    `claims.issuer` and `claims.expires_at` are not looked at; a `claims.not_before` of 0 stands for now.
    """
    now = clock.now_ns() // 1_000_000_000
    dated = dataclasses.replace(
        claims, issuer=key, not_before=claims.not_before or float(now), expires_at=float(now + ttl)
    )
    return jws.sign(reader.write_claims(dated), jws.prepare_key(secret))


def refreshed(claims: Claims, *, key: str, secret: str, clock: Clock) -> str:
    """A token for a client that is connected, to come back with: it holds as long as its own, or ten minutes."""
    remaining = claims.expires_at - clock.now_ns() / 1e9
    dated = dataclasses.replace(claims, not_before=0.0)
    return mint(dated, key=key, secret=secret, ttl=max(SHORTEST_REFRESH_S, round(remaining)), clock=clock)


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9) if abs(seconds) < 1e15 else int(seconds) * 1_000_000_000


def _check_times(verified: _Verified, now_ns: int) -> None:
    now = now_ns / 1e9
    if now_ns >= verified.until_ns:
        exp = verified.claims.expires_at
        raise errors.unauthenticated(f"token expired {round(now - exp, 0):.15g} s ago (exp {exp:.15g})")
    if now_ns < verified.from_ns:
        nbf = verified.claims.not_before
        raise errors.unauthenticated(f"token is not valid for another {round(nbf - now, 0):.15g} s (nbf {nbf:.15g})")
