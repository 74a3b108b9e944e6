"""Tokens for a test's participants."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.auth.tokens import mint
from roomwright.clock import SystemClock

KEY = "devkey"
SECRET = "a-secret-that-only-tests-may-know"  # noqa: S105 - it is no secret
TTL_S = 6 * 3600
_GRANTS = frozenset(field.name for field in fields(VideoGrant)) - {"room", "room_join"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a participant's token says of it."""

    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] | None = None
    kind: str = ""


def claims_for(identity: str, room: str, profile: Profile, grants: Mapping[str, Any]) -> Claims:
    """The claims of somebody who joins a room; raises TypeError for a grant that there is not."""
    if unknown := sorted(grants.keys() - _GRANTS):
        raise TypeError(f"there is no grant {unknown[0]!r}; there are {', '.join(sorted(_GRANTS))}")
    return Claims(
        identity=identity,
        name=profile.name,
        metadata=profile.metadata,
        attributes=dict(profile.attributes or {}),
        kind=profile.kind,
        video=VideoGrant(room_join=True, room=room, **grants),
    )


def signed(claims: Claims, ttl: float = TTL_S) -> str:
    """A token with these claims, of the test server's key."""
    return mint(claims, key=KEY, secret=SECRET, ttl=ttl, clock=SystemClock())
