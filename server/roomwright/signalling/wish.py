"""What a client asks for when it connects, on either entry point, and whether its token lets it.

Only what token and request say is checked here; whether there is room is the engine's to know. The order of the checks
is part of the protocol: token, (join request), grants, identity, room, the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import orjson

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.errors import invalid_argument, unauthenticated
from roomwright.rooms.participant import merge_attributes
from roomwright.signalling import client_info
from roomwright.signalling.join_request import decode_base64url, unwrap
from roomwright_proto import livekit as pb

SUBSCRIBER_PRIMARY_FROM = 3
"""The first protocol version whose clients let the server's connection come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A client's wish to join or, with `reconnect`, to resume as `participant_sid`.

    `claims` are the token's, with what the request adds to them. `single_connection`: it came over `/rtc/v1`.
    """

    claims: Claims
    client: pb.ClientInfo = field(default_factory=pb.ClientInfo)
    single_connection: bool = False
    auto_subscribe: bool = True
    auto_subscribe_data: bool = False
    adaptive_stream: bool = False
    allow_pause: bool | None = None
    disable_ice_lite: bool = False
    reconnect: bool = False
    participant_sid: str = ""
    offer: pb.SessionDescription | None = None
    add_tracks: tuple[pb.AddTrackRequest, ...] = ()
    sync_state: pb.SyncState | None = None

    @property
    def subscriber_primary(self) -> bool:
        """Whether the server's connection is made first and the client's only when it publishes."""
        video = self.claims.video
        may_subscribe = video is None or video.can_subscribe is not False
        return not self.single_connection and self.client.protocol >= SUBSCRIBER_PRIMARY_FROM and may_subscribe


def from_query(query: Mapping[str, str], claims: Claims | None) -> Wish:
    """The wish of `/rtc`. Raises `unauthenticated` and `invalid_argument`."""
    allowed = _authorised(_with_grant(claims))
    if publish := query.get("publish", ""):
        allowed = _publishing_apart(allowed, publish)
    if attributes := query.get("attributes", ""):
        allowed = _with_own(allowed, "", _attributes(attributes))
    allow_pause = query.get("subscriber_allow_pause", "")
    return Wish(
        claims=allowed,
        client=client_info.from_query(query),
        auto_subscribe=_flag(query.get("auto_subscribe") or "1"),
        adaptive_stream=_flag(query.get("adaptive_stream", "")),
        allow_pause=_flag(allow_pause) if allow_pause else None,
        disable_ice_lite=_flag(query.get("disable_ice_lite", "")),
        reconnect=_flag(query.get("reconnect", "")),
        participant_sid=query.get("sid") or query.get("participant_sid", ""),
    )


def from_join_request(text: str, claims: Claims | None, largest: int) -> Wish:
    """The wish of `/rtc/v1`; its request has up to `largest` bytes when unpacked.

    Raises `unauthenticated` and `invalid_argument`.
    """
    granted = _with_grant(claims)
    request = unwrap(text, largest)
    allowed = _with_own(_authorised(granted), request.metadata, request.participant_attributes)
    settings = request.connection_settings
    if settings is None:
        settings = pb.ConnectionSettings(auto_subscribe=True)
    return Wish(
        claims=allowed,
        client=request.client_info or pb.ClientInfo(),
        single_connection=True,
        auto_subscribe=settings.auto_subscribe,
        auto_subscribe_data=bool(settings.auto_subscribe_data_track),
        adaptive_stream=settings.adaptive_stream,
        allow_pause=settings.subscriber_allow_pause,
        disable_ice_lite=settings.disable_ice_lite,
        reconnect=request.reconnect,
        participant_sid=request.participant_sid,
        offer=request.publisher_offer,
        add_tracks=tuple(request.add_track_requests),
        sync_state=request.sync_state,
    )


def _with_grant(claims: Claims | None) -> Claims:
    if claims is None:
        raise unauthenticated("no permission to join a room: the request carries no token")
    if claims.video is None:
        raise unauthenticated("no permission to join a room: the token has no video grant")
    return claims


def _authorised(claims: Claims) -> Claims:
    video = _video(claims)
    if not video.room_join:
        raise unauthenticated(f"roomJoin for room {video.room[:256]!r} is required")
    if not claims.identity:
        raise invalid_argument("identity cannot be empty: the token names none (sub)")
    if not video.room:
        raise invalid_argument("no room name: the token's video grant names no room")
    return claims


def _video(claims: Claims) -> VideoGrant:
    return claims.video or VideoGrant()


def _publishing_apart(claims: Claims, name: str) -> Claims:
    """A second connection of the same client, that only publishes: an identity of its own."""
    video = _video(claims)
    if video.can_publish is False:
        raise unauthenticated("canPublish is required for a connection with the publish parameter")
    return replace(claims, identity=f"{claims.identity}#{name}", video=replace(video, can_subscribe=False))


def _with_own(claims: Claims, metadata: str, attributes: Mapping[str, str]) -> Claims:
    """The claims with what the client says of itself: metadata in place of the token's, attributes on top of them."""
    if not metadata and not attributes:
        return claims
    if not _video(claims).can_update_own_metadata:
        raise unauthenticated("canUpdateOwnMetadata is required to join with metadata or attributes of one's own")
    merged = merge_attributes(claims.attributes, attributes)
    return replace(claims, metadata=metadata or claims.metadata, attributes=merged)


def _attributes(text: str) -> dict[str, str]:
    """The `attributes` parameter: base64url of a JSON object of strings."""
    try:
        given = orjson.loads(decode_base64url(text, "attributes"))
    except orjson.JSONDecodeError as error:
        raise invalid_argument("attributes cannot be decoded: they are not JSON") from error
    values = cast("dict[str, Any]", given).values() if isinstance(given, dict) else [None]
    if not all(isinstance(value, str) for value in values):
        raise invalid_argument("attributes cannot be decoded: they are not an object of strings")
    return cast("dict[str, str]", given)


def _flag(value: str) -> bool:
    return value in {"1", "true"}
