"""What each API method needs from the caller's token: one table, and the function that applies it.

A new method is a row of `NEEDS`. A new grant is a field of `VideoGrant` or `SipGrant` (in `claims.py`; tokens are then
read and written with it), a `_flag` here, and its name in the rows of the methods that it opens. A method without a row
is never open. What a participant may do once it is in a room is not decided here but by the room.
"""

from collections.abc import Callable, Mapping

from roomwright import errors
from roomwright.auth.claims import Claims, VideoGrant

_Need = Callable[[object, Claims], str | None]
"""Given the request and the claims: the missing grant in words, or None when the need is met."""

_NO_CLAIMS = Claims()
_NO_VIDEO = VideoGrant()


def _flag(claim: str, holds: Callable[[Claims], bool]) -> _Need:
    """A grant that stands for itself."""
    return lambda _request, claims: None if holds(claims) else f"{claim} is required"


def _video(claims: Claims) -> VideoGrant:
    return claims.video or _NO_VIDEO


def _room_admin(field: str) -> _Need:
    """`roomAdmin` for the room that stands in the request's `field`; there is no wildcard."""

    def need(request: object, claims: Claims) -> str | None:
        room: str = getattr(request, field)
        video = _video(claims)
        if video.room_admin and video.room == room:
            return None
        held = f"; the token has it for room {_shown(video.room)}" if video.room_admin else ""
        return f"roomAdmin for room {_shown(room)} is required{held}"

    return need


def _destination_room(request: object, claims: Claims) -> str | None:
    room: str = getattr(request, "destination_room")  # noqa: B009  # both requests that have it share no type
    if _video(claims).destination_room == room:
        return None
    return f"destinationRoom {_shown(room)} is required"


def _named_room(request: object, _claims: Claims) -> str | None:
    """Not a grant: the reference asks for the room's name before it asks who is calling."""
    if not getattr(request, "room_name"):  # noqa: B009  # as above
        raise errors.invalid_argument("room_name is missing")
    return None


def _shown(room: str) -> str:
    return f'"{room}"' if len(room) <= 256 else f'"{room[:256]}…"'


_room_create = _flag("roomCreate", lambda claims: _video(claims).room_create)
_room_list = _flag("roomList", lambda claims: _video(claims).room_list)
_room_record = _flag("roomRecord", lambda claims: _video(claims).room_record)
_ingress_admin = _flag("ingressAdmin", lambda claims: _video(claims).ingress_admin)
_sip_admin = _flag("sip.admin", lambda claims: claims.sip is not None and claims.sip.admin)
_sip_call = _flag("sip.call", lambda claims: claims.sip is not None and claims.sip.call)
_admin_of_room = _room_admin("room")

NEEDS: Mapping[str, tuple[_Need, ...]] = {
    "/livekit.RoomService/CreateRoom": (_room_create,),
    "/livekit.RoomService/ListRooms": (_room_list,),
    "/livekit.RoomService/DeleteRoom": (_room_create,),
    "/livekit.RoomService/ListParticipants": (_admin_of_room,),
    "/livekit.RoomService/GetParticipant": (_admin_of_room,),
    "/livekit.RoomService/RemoveParticipant": (_admin_of_room,),
    "/livekit.RoomService/MutePublishedTrack": (_admin_of_room,),
    "/livekit.RoomService/UpdateParticipant": (_admin_of_room,),
    "/livekit.RoomService/UpdateSubscriptions": (_admin_of_room,),
    "/livekit.RoomService/SendData": (_admin_of_room,),
    "/livekit.RoomService/UpdateRoomMetadata": (_admin_of_room,),
    "/livekit.RoomService/ForwardParticipant": (_admin_of_room, _destination_room),
    "/livekit.RoomService/MoveParticipant": (_admin_of_room, _destination_room),
    "/livekit.RoomService/PerformRpc": (_admin_of_room,),
    "/livekit.AgentDispatchService/CreateDispatch": (_admin_of_room,),
    "/livekit.AgentDispatchService/DeleteDispatch": (_admin_of_room,),
    "/livekit.AgentDispatchService/ListDispatch": (_admin_of_room,),
    "/livekit.Egress/StartEgress": (_room_record,),
    "/livekit.Egress/StartRoomCompositeEgress": (_room_record,),
    "/livekit.Egress/StartWebEgress": (_room_record,),
    "/livekit.Egress/StartParticipantEgress": (_room_record,),
    "/livekit.Egress/StartTrackCompositeEgress": (_room_record,),
    "/livekit.Egress/StartTrackEgress": (_room_record,),
    "/livekit.Egress/UpdateLayout": (_room_record,),
    "/livekit.Egress/UpdateStream": (_room_record,),
    "/livekit.Egress/ListEgress": (_room_record,),
    "/livekit.Egress/StopEgress": (_room_record,),
    "/livekit.Ingress/CreateIngress": (_ingress_admin,),
    "/livekit.Ingress/UpdateIngress": (_ingress_admin,),
    "/livekit.Ingress/ListIngress": (_ingress_admin,),
    "/livekit.Ingress/DeleteIngress": (_ingress_admin,),
    "/livekit.SIP/ListSIPTrunk": (_sip_admin,),
    "/livekit.SIP/CreateSIPInboundTrunk": (_sip_admin,),
    "/livekit.SIP/CreateSIPOutboundTrunk": (_sip_admin,),
    "/livekit.SIP/UpdateSIPInboundTrunk": (_sip_admin,),
    "/livekit.SIP/UpdateSIPOutboundTrunk": (_sip_admin,),
    "/livekit.SIP/GetSIPInboundTrunk": (_sip_admin,),
    "/livekit.SIP/GetSIPOutboundTrunk": (_sip_admin,),
    "/livekit.SIP/ListSIPInboundTrunk": (_sip_admin,),
    "/livekit.SIP/ListSIPOutboundTrunk": (_sip_admin,),
    "/livekit.SIP/DeleteSIPTrunk": (_sip_admin,),
    "/livekit.SIP/CreateSIPDispatchRule": (_sip_admin,),
    "/livekit.SIP/UpdateSIPDispatchRule": (_sip_admin,),
    "/livekit.SIP/ListSIPDispatchRule": (_sip_admin,),
    "/livekit.SIP/DeleteSIPDispatchRule": (_sip_admin,),
    "/livekit.SIP/CreateSIPParticipant": (_sip_call,),
    "/livekit.SIP/TransferSIPParticipant": (_named_room, _sip_call, _room_admin("room_name")),
}
"""By path, in the order in which the needs are checked."""


def authorise(method: str, request: object, claims: Claims | None) -> None:
    """Let the call of `method` (a path such as `/livekit.RoomService/CreateRoom`) pass, or say which grant is missing.

    `claims` is None for a request without a token. Raises `unauthenticated`; KeyError for a method without a row.
    """
    for need in NEEDS[method]:
        missing = need(request, claims or _NO_CLAIMS)
        if missing is not None:
            raise errors.unauthenticated(missing if claims else f"{missing}; the request carries no token")


def require_room_join(claims: Claims | None, room: str) -> None:
    """Let the caller join `room`, or say what is missing. The token must name the room; there is no wildcard."""
    if claims is None:
        raise errors.unauthenticated(f"roomJoin for room {_shown(room)} is required; the request carries no token")
    video = _video(claims)
    if not video.room_join:
        raise errors.unauthenticated(f"roomJoin for room {_shown(room)} is required")
    if video.room != room:
        raise errors.unauthenticated(
            f"roomJoin for room {_shown(room)} is required; the token has it for room {_shown(video.room)}"
        )
