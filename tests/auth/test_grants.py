"""What each method needs, against what a recorded LiveKit server let pass and refused."""

from typing import Any

import pytest

from roomwright.auth import Claims, SipGrant, VideoGrant, authorise, require_room_join
from roomwright.auth.grants import NEEDS
from roomwright.errors import Code, ServiceError
from roomwright_proto import livekit as pb

BASES = (pb.RoomServiceBase, pb.AgentDispatchServiceBase, pb.EgressBase, pb.IngressBase, pb.SipBase)
REQUESTS: dict[str, type] = {
    path: handler.request_type for base in BASES for path, handler in base().__mapping__().items()
}

pytestmark = pytest.mark.filterwarnings("ignore:ListSipTrunkRequest is deprecated")

EVERYTHING = Claims(
    video=VideoGrant(
        room_create=True,
        room_list=True,
        room_record=True,
        room_admin=True,
        room="here",
        ingress_admin=True,
        destination_room="there",
    ),
    sip=SipGrant(admin=True, call=True),
)
TOKENS: dict[str, Claims | None] = {
    "no token": None,
    "no grants": Claims(),
    "empty video": Claims(video=VideoGrant()),
    "create": Claims(video=VideoGrant(room_create=True)),
    "list": Claims(video=VideoGrant(room_list=True)),
    "record": Claims(video=VideoGrant(room_record=True)),
    "ingress": Claims(video=VideoGrant(ingress_admin=True)),
    "agent": Claims(video=VideoGrant(agent=True)),
    "join": Claims(video=VideoGrant(room_join=True, room="here")),
    "admin": Claims(video=VideoGrant(room_admin=True, room="here")),
    "admin, destination": Claims(video=VideoGrant(room_admin=True, room="here", destination_room="there")),
    "admin, other destination": Claims(video=VideoGrant(room_admin=True, room="here", destination_room="*")),
    "destination": Claims(video=VideoGrant(room="here", destination_room="there")),
    "admin elsewhere": Claims(video=VideoGrant(room_admin=True, room="elsewhere")),
    "admin in capitals": Claims(video=VideoGrant(room_admin=True, room="HERE")),
    "admin of *": Claims(video=VideoGrant(room_admin=True, room="*")),
    "admin of no room": Claims(video=VideoGrant(room_admin=True)),
    "sip.admin": Claims(sip=SipGrant(admin=True)),
    "sip.call": Claims(sip=SipGrant(call=True)),
    "sip.call, admin": Claims(sip=SipGrant(call=True), video=VideoGrant(room_admin=True, room="here")),
    "everything": EVERYTHING,
}
ADMINS = {"admin", "admin, destination", "admin, other destination", "sip.call, admin"}
OPENED_BY = {
    "create": "RoomService/CreateRoom RoomService/DeleteRoom",
    "list": "RoomService/ListRooms",
    "admin": """
        RoomService/ListParticipants RoomService/GetParticipant RoomService/RemoveParticipant
        RoomService/MutePublishedTrack RoomService/UpdateParticipant RoomService/UpdateSubscriptions
        RoomService/SendData RoomService/UpdateRoomMetadata RoomService/PerformRpc
        AgentDispatchService/CreateDispatch AgentDispatchService/ListDispatch AgentDispatchService/DeleteDispatch
    """,
    "admin, destination": "RoomService/ForwardParticipant RoomService/MoveParticipant",
    "record": """
        Egress/StartEgress Egress/StartRoomCompositeEgress Egress/StartWebEgress Egress/StartParticipantEgress
        Egress/StartTrackCompositeEgress Egress/StartTrackEgress Egress/UpdateLayout Egress/UpdateStream
        Egress/ListEgress Egress/StopEgress
    """,
    "ingress": "Ingress/CreateIngress Ingress/UpdateIngress Ingress/ListIngress Ingress/DeleteIngress",
    "sip.admin": """
        SIP/ListSIPTrunk SIP/CreateSIPInboundTrunk SIP/CreateSIPOutboundTrunk SIP/UpdateSIPInboundTrunk
        SIP/UpdateSIPOutboundTrunk SIP/GetSIPInboundTrunk SIP/GetSIPOutboundTrunk SIP/ListSIPInboundTrunk
        SIP/ListSIPOutboundTrunk SIP/DeleteSIPTrunk SIP/CreateSIPDispatchRule SIP/UpdateSIPDispatchRule
        SIP/ListSIPDispatchRule SIP/DeleteSIPDispatchRule
    """,
    "sip.call": "SIP/CreateSIPParticipant",
    "sip.call, admin": "SIP/TransferSIPParticipant",
}
"""The least token that opens each method, as recorded."""

LEAST = {f"/livekit.{method}": least for least, methods in OPENED_BY.items() for method in methods.split()}
ALSO = {"admin": ADMINS, "sip.call": {"sip.call, admin"}}


def _request(path: str) -> Any:
    message = REQUESTS[path]()
    for field, value in (("room", "here"), ("room_name", "here"), ("destination_room", "there")):
        if hasattr(message, field) and getattr(message, field) == "":
            setattr(message, field, value)
    return message


def _opens(path: str, claims: Claims | None) -> bool:
    try:
        authorise(path, _request(path), claims)
    except ServiceError as error:
        return error.code is not Code.UNAUTHENTICATED
    return True


def _refusal(method: str, request: object, claims: Claims | None) -> str:
    with pytest.raises(ServiceError) as refusal:
        authorise(f"/livekit.{method}", request, claims)
    assert refusal.value.code is Code.UNAUTHENTICATED
    return refusal.value.message


def test_every_method_has_a_row_and_a_recording() -> None:
    assert NEEDS.keys() == REQUESTS.keys() == LEAST.keys()


@pytest.mark.parametrize("path", LEAST)
def test_each_token_opens_what_it_opened_there(path: str) -> None:
    least = LEAST[path]
    opened = {name for name, claims in TOKENS.items() if _opens(path, claims)}
    assert opened == {least, *ALSO.get(least, set()), "everything"}


def test_a_method_without_a_row_is_never_open() -> None:
    with pytest.raises(KeyError):
        authorise("/livekit.RoomService/Nope", pb.ListRoomsRequest(), EVERYTHING)


class TestRefusals:
    def test_name_the_grant(self) -> None:
        assert _refusal("RoomService/CreateRoom", pb.CreateRoomRequest(name="x"), Claims()) == "roomCreate is required"

    def test_name_the_room(self) -> None:
        request = pb.ListParticipantsRequest(room="x")
        assert _refusal("RoomService/ListParticipants", request, Claims()) == 'roomAdmin for room "x" is required'

    def test_name_the_room_that_the_token_is_for(self) -> None:
        message = _refusal("RoomService/SendData", pb.SendDataRequest(room="x"), EVERYTHING)
        assert message == 'roomAdmin for room "x" is required; the token has it for room "here"'

    def test_name_the_destination(self) -> None:
        request = pb.MoveParticipantRequest(room="here", destination_room="y")
        assert _refusal("RoomService/MoveParticipant", request, EVERYTHING) == 'destinationRoom "y" is required'

    def test_say_when_there_is_no_token(self) -> None:
        message = _refusal("RoomService/ListRooms", pb.ListRoomsRequest(), None)
        assert message == "roomList is required; the request carries no token"

    def test_keep_endless_names_short(self) -> None:
        assert len(_refusal("RoomService/SendData", pb.SendDataRequest(room="x" * 10_000), EVERYTHING)) < 400


def test_admin_without_a_room_is_for_the_empty_room_name() -> None:
    claims = Claims(video=VideoGrant(room_admin=True))
    authorise("/livekit.RoomService/ListParticipants", pb.ListParticipantsRequest(), claims)


def test_a_transfer_asks_for_the_room_before_it_asks_who_calls() -> None:
    with pytest.raises(ServiceError, match="room_name is missing") as refusal:
        authorise("/livekit.SIP/TransferSIPParticipant", pb.TransferSipParticipantRequest(), None)
    assert refusal.value.code is Code.INVALID_ARGUMENT


class TestJoin:
    def test_opens_the_room_of_the_token(self) -> None:
        require_room_join(Claims(video=VideoGrant(room_join=True, room="x")), "x")

    @pytest.mark.parametrize(
        ("claims", "message"),
        [
            (None, 'roomJoin for room "x" is required; the request carries no token'),
            (Claims(), 'roomJoin for room "x" is required'),
            (Claims(video=VideoGrant(room="x")), 'roomJoin for room "x" is required'),
            (Claims(video=VideoGrant(room_admin=True, room="x")), 'roomJoin for room "x" is required'),
            (
                Claims(video=VideoGrant(room_join=True, room="y")),
                'roomJoin for room "x" is required; the token has it for room "y"',
            ),
            (
                Claims(video=VideoGrant(room_join=True)),
                'roomJoin for room "x" is required; the token has it for room ""',
            ),
        ],
    )
    def test_refuses_and_says_why(self, claims: Claims | None, message: str) -> None:
        with pytest.raises(ServiceError) as refusal:
            require_room_join(claims, "x")
        assert refusal.value.code is Code.UNAUTHENTICATED
        assert refusal.value.message == message
