"""What a token says, as data. `tokens.py` reads and writes it; `grants.py` judges it.

Names and defaults are those of LiveKit's access tokens (https://docs.livekit.io/home/get-started/authentication/).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from roomwright_proto import livekit as pb

_NO_ATTRIBUTES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoGrant:
    """The `video` claim. `None` means that the token does not say: publishing and subscribing are then allowed."""

    room_create: bool = False
    room_list: bool = False
    room_record: bool = False
    room_admin: bool = False
    room_join: bool = False
    room: str = ""
    destination_room: str = ""
    can_publish: bool | None = None
    can_subscribe: bool | None = None
    can_publish_data: bool | None = None
    can_publish_sources: tuple[str, ...] = ()
    can_update_own_metadata: bool | None = None
    can_subscribe_metrics: bool | None = None
    can_manage_agent_session: bool | None = None
    ingress_admin: bool = False
    hidden: bool = False
    recorder: bool = False
    agent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SipGrant:
    """The `sip` claim."""

    admin: bool = False
    call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """A verified token, or one to be minted.

    `not_before` and `expires_at` are seconds since the epoch; `not_before` is 0 when the token does not say.
    `kind` is the participant kind in the token's spelling: `standard`, `agent`, `sip`, `egress`, `ingress`, ….
    """

    identity: str = ""
    name: str = ""
    kind: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: _NO_ATTRIBUTES)
    video: VideoGrant | None = None
    sip: SipGrant | None = None
    room_preset: str = ""
    room_config: pb.RoomConfiguration | None = None
    sha256: str = ""
    issuer: str = ""
    not_before: float = 0.0
    expires_at: float = 0.0
