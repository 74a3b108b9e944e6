"""livekit.RoomService: authorise, delegate, return."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from roomwright.auth.grants import authorise
from roomwright.rooms.limits import Limits
from roomwright.sfu.backend import Backend, Caller
from roomwright_proto import livekit as pb

CreateRoom: TypeAlias = Callable[[pb.CreateRoomRequest, Caller], Awaitable[pb.Room]]


class RoomService:
    """Rooms, participants, tracks and data, on any backend.

    Where sizes are checked before the grant, the reference does so too: a request too large to be meant answers
    `invalid_argument` whoever sends it. `create_room` stands in for the backend's where more is to be done.
    """

    def __init__(self, backend: Backend, limits: Limits, create_room: CreateRoom | None = None) -> None:
        self._backend = backend
        self._create_room = create_room or backend.create_room
        self._limits = limits

    async def create_room(self, request: pb.CreateRoomRequest, caller: Caller) -> pb.Room:
        """Needs roomCreate."""
        authorise("/livekit.RoomService/CreateRoom", request, caller.claims)
        return await self._create_room(request, caller)

    async def list_rooms(self, request: pb.ListRoomsRequest, caller: Caller) -> pb.ListRoomsResponse:
        """Needs roomList."""
        authorise("/livekit.RoomService/ListRooms", request, caller.claims)
        return await self._backend.list_rooms(request, caller)

    async def delete_room(self, request: pb.DeleteRoomRequest, caller: Caller) -> pb.DeleteRoomResponse:
        """Needs roomCreate."""
        authorise("/livekit.RoomService/DeleteRoom", request, caller.claims)
        return await self._backend.delete_room(request, caller)

    async def list_participants(
        self, request: pb.ListParticipantsRequest, caller: Caller
    ) -> pb.ListParticipantsResponse:
        """Needs roomAdmin for the room."""
        authorise("/livekit.RoomService/ListParticipants", request, caller.claims)
        return await self._backend.list_participants(request, caller)

    async def get_participant(self, request: pb.RoomParticipantIdentity, caller: Caller) -> pb.ParticipantInfo:
        """Needs roomAdmin for the room."""
        authorise("/livekit.RoomService/GetParticipant", request, caller.claims)
        return await self._backend.get_participant(request, caller)

    async def remove_participant(
        self, request: pb.RoomParticipantIdentity, caller: Caller
    ) -> pb.RemoveParticipantResponse:
        """Needs roomAdmin for the room."""
        authorise("/livekit.RoomService/RemoveParticipant", request, caller.claims)
        return await self._backend.remove_participant(request, caller)

    async def mute_published_track(self, request: pb.MuteRoomTrackRequest, caller: Caller) -> pb.MuteRoomTrackResponse:
        """Needs roomAdmin for the room."""
        authorise("/livekit.RoomService/MutePublishedTrack", request, caller.claims)
        return await self._backend.mute_published_track(request, caller)

    async def update_participant(self, request: pb.UpdateParticipantRequest, caller: Caller) -> pb.ParticipantInfo:
        """Needs roomAdmin for the room."""
        self._limits.participant_name(request.name)
        self._limits.metadata(request.metadata)
        self._limits.attributes(request.attributes)
        authorise("/livekit.RoomService/UpdateParticipant", request, caller.claims)
        return await self._backend.update_participant(request, caller)

    async def update_subscriptions(
        self, request: pb.UpdateSubscriptionsRequest, caller: Caller
    ) -> pb.UpdateSubscriptionsResponse:
        """Needs roomAdmin for the room."""
        authorise("/livekit.RoomService/UpdateSubscriptions", request, caller.claims)
        return await self._backend.update_subscriptions(request, caller)

    async def send_data(self, request: pb.SendDataRequest, caller: Caller) -> pb.SendDataResponse:
        """Needs roomAdmin for the room."""
        authorise("/livekit.RoomService/SendData", request, caller.claims)
        return await self._backend.send_data(request, caller)

    async def update_room_metadata(self, request: pb.UpdateRoomMetadataRequest, caller: Caller) -> pb.Room:
        """Needs roomAdmin for the room."""
        self._limits.metadata(request.metadata)
        authorise("/livekit.RoomService/UpdateRoomMetadata", request, caller.claims)
        return await self._backend.update_room_metadata(request, caller)

    async def forward_participant(
        self, request: pb.ForwardParticipantRequest, caller: Caller
    ) -> pb.ForwardParticipantResponse:
        """Needs roomAdmin for the room and destinationRoom for the other one."""
        authorise("/livekit.RoomService/ForwardParticipant", request, caller.claims)
        return await self._backend.forward_participant(request, caller)

    async def move_participant(self, request: pb.MoveParticipantRequest, caller: Caller) -> pb.MoveParticipantResponse:
        """Needs roomAdmin for the room and destinationRoom for the other one."""
        authorise("/livekit.RoomService/MoveParticipant", request, caller.claims)
        return await self._backend.move_participant(request, caller)

    async def perform_rpc(self, request: pb.PerformRpcRequest, caller: Caller) -> pb.PerformRpcResponse:
        """Needs roomAdmin for the room."""
        authorise("/livekit.RoomService/PerformRpc", request, caller.claims)
        return await self._backend.perform_rpc(request, caller)
