"""Access tokens (verify, mint, remember) and what each method needs from them."""

from roomwright.auth.claims import Claims, SipGrant, VideoGrant
from roomwright.auth.grants import authorise, require_room_join
from roomwright.auth.tokens import TokenVerifier, mint

__all__ = ["Claims", "SipGrant", "TokenVerifier", "VideoGrant", "authorise", "mint", "require_room_join"]
