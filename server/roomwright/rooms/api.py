"""The operations of RoomService and AgentDispatchService on the engine: check everything, then change.

Authorisation is not done here. An answer is a snapshot: nobody changes it afterwards.
"""

from roomwright.errors import failed_precondition, invalid_argument, not_found
from roomwright.rooms import data, dispatches, forwarding, presence, rpc, subscriptions, tracks, updates
from roomwright.rooms.instant import Instant
from roomwright.rooms.participant import Participant
from roomwright.rooms.registry import Rooms
from roomwright.rooms.rpc import RpcCall
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

_SAME_ROOM = "destination room cannot be the same as source room"


class RoomApi:
    """One method for each of the services'. One that raises `ServiceError` has changed nothing."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def create_room(self, request: pb.CreateRoomRequest, now: Instant) -> pb.Room:
        """Create the room, or return the live one of that name unchanged."""
        return self._rooms.open(request, now).snapshot()

    def list_rooms(self, request: pb.ListRoomsRequest) -> pb.ListRoomsResponse:
        """All rooms, or those of `names` that exist; in order of creation."""
        if not request.names:
            return pb.ListRoomsResponse(rooms=[room.snapshot() for room in self._rooms])
        found = {room for name in request.names if (room := self._rooms.find(name))}
        return pb.ListRoomsResponse(rooms=[room.snapshot() for room in sorted(found, key=lambda room: room.number)])

    def delete_room(self, request: pb.DeleteRoomRequest, now: Instant) -> pb.DeleteRoomResponse:
        """Disconnect everybody and end the room."""
        room = self._rooms.get(request.room)
        self._rooms.close(room, pb.RoomEndReason.ROOM_END_API_DELETE, pb.DisconnectReason.ROOM_DELETED, now)
        return pb.DeleteRoomResponse()

    def update_room_metadata(self, request: pb.UpdateRoomMetadataRequest, now: Instant) -> pb.Room:
        """Replace the room's metadata; empty clears it."""
        self._rooms.limits.metadata(request.metadata)
        room = self._rooms.get(request.room)
        turn = Turn(room, now)
        updates.room_metadata(turn, request.metadata)
        self._rooms.settle(turn)
        return room.snapshot()

    def mark_recorded(self, room: pb.Room, recorded: bool, now: Instant) -> None:
        """Say whether the server records a room; one that is gone, or another of its name, is left alone."""
        found = self._rooms.find(room.name)
        if found is not None and found.sid == room.sid and found.recorded != recorded:
            turn = Turn(found, now)
            found.recorded = recorded
            found.changed()
            self._rooms.settle(turn)

    def list_participants(self, request: pb.ListParticipantsRequest) -> pb.ListParticipantsResponse:
        """All participants, hidden ones too, in order of joining; none for an unknown room."""
        room = self._rooms.find(request.room)
        return pb.ListParticipantsResponse(participants=[p.info() for p in room.participants.values()] if room else [])

    def get_participant(self, request: pb.RoomParticipantIdentity) -> pb.ParticipantInfo:
        """One participant with its tracks."""
        return self._participant(request.room, request.identity).info()

    def remove_participant(self, request: pb.RoomParticipantIdentity, now: Instant) -> pb.RemoveParticipantResponse:
        """Disconnect a participant; a non-zero `revoke_token_ts` refuses its older tokens from then on."""
        participant = self._participant(request.room, request.identity)
        self._rooms.revocations.revoke(request.room, request.identity, request.revoke_token_ts)
        turn = Turn(participant.room, now)
        presence.send_away(turn, participant, pb.DisconnectReason.PARTICIPANT_REMOVED)
        self._rooms.settle(turn)
        return pb.RemoveParticipantResponse()

    def mute_published_track(self, request: pb.MuteRoomTrackRequest, now: Instant) -> pb.MuteRoomTrackResponse:
        """Mute a track, or unmute it where the configuration allows that; an unknown track is an empty answer."""
        participant = self._original(request.room, request.identity)
        if not request.muted and not self._rooms.settings.enable_remote_unmute:
            raise failed_precondition("remote unmute is not enabled on this server (room.enable_remote_unmute)")
        turn = Turn(participant.room, now)
        track = tracks.mute_by_api(turn, participant, request)
        self._rooms.settle(turn)
        return pb.MuteRoomTrackResponse(track=track.info if track else None)

    def update_participant(self, request: pb.UpdateParticipantRequest, now: Instant) -> pb.ParticipantInfo:
        """Change name, metadata, attributes and permission; all of it or nothing."""
        updates.check(request.name, request.metadata, request.attributes, self._rooms.limits)
        participant = self._original(request.room, request.identity)
        updates.check_merged(participant, request.attributes, self._rooms.limits)
        turn = Turn(participant.room, now)
        updates.by_api(turn, participant, request)
        self._rooms.settle(turn)
        return participant.info()

    def update_subscriptions(
        self, request: pb.UpdateSubscriptionsRequest, now: Instant
    ) -> pb.UpdateSubscriptionsResponse:
        """Subscribe a participant to tracks or unsubscribe it; overrides `can_subscribe`."""
        participant = self._participant(request.room, request.identity)
        turn = Turn(participant.room, now)
        subscriptions.force(turn, participant, request)
        self._rooms.settle(turn)
        return pb.UpdateSubscriptionsResponse()

    def send_data(self, request: pb.SendDataRequest, now: Instant) -> pb.SendDataResponse:
        """Send a data packet to everybody or to the given identities and sids; a nonce is delivered once."""
        data.check(request, self._rooms.limits)
        turn = Turn(self._rooms.get(request.room), now)
        data.send(turn, request)
        self._rooms.settle(turn)
        return pb.SendDataResponse()

    def move_participant(self, request: pb.MoveParticipantRequest, now: Instant) -> pb.MoveParticipantResponse:
        """Take a participant from one room to another."""
        participant = self._to_elsewhere(request)
        forwarding.move(self._rooms, participant, self._rooms.reach(request.destination_room, now), now)
        return pb.MoveParticipantResponse()

    def forward_participant(self, request: pb.ForwardParticipantRequest, now: Instant) -> pb.ForwardParticipantResponse:
        """Show a participant and its tracks in another room too."""
        participant = self._to_elsewhere(request)
        forwarding.check_free(participant, self._rooms.find(request.destination_room))
        forwarding.forward(self._rooms, participant, self._rooms.reach(request.destination_room, now), now)
        return pb.ForwardParticipantResponse()

    def perform_rpc(self, request: pb.PerformRpcRequest, deadline: float | None, now: Instant) -> RpcCall:
        """Call a method that a participant registered; the call is among `take_calls()` when it is done."""
        rpc.check(request)
        participant = self._participant(request.room, request.destination_identity)
        turn = Turn(participant.room, now)
        call = rpc.start(turn, participant, request, self._rooms.ids.uuid(), self._rooms.ids.uuid(), deadline)
        self._rooms.settle(turn)
        return call

    def create_dispatch(self, request: pb.CreateAgentDispatchRequest, now: Instant) -> pb.AgentDispatch:
        """Ask for an agent in a room; the room is made where rooms may be."""
        dispatches.check(request, self._rooms.limits)
        turn = Turn(self._rooms.reach(request.room, now), now)
        dispatch = dispatches.create(turn, request, self._rooms.ids)
        self._rooms.settle(turn)
        return dispatch

    def list_dispatch(self, request: pb.ListAgentDispatchRequest) -> pb.ListAgentDispatchResponse:
        """The dispatches of a room, or the one of `dispatch_id`."""
        known = dispatches.of(self._rooms.get(request.room), self._rooms.ids)
        if not request.dispatch_id:
            return pb.ListAgentDispatchResponse(agent_dispatches=list(known.values()))
        found = known.get(request.dispatch_id)
        return pb.ListAgentDispatchResponse(agent_dispatches=[found] if found else [])

    def delete_dispatch(self, request: pb.DeleteAgentDispatchRequest, now: Instant) -> pb.AgentDispatch:
        """Withdraw a dispatch."""
        turn = Turn(self._rooms.get(request.room), now)
        dispatch = dispatches.delete(turn, request.dispatch_id, self._rooms.ids)
        self._rooms.settle(turn)
        return dispatch

    def _participant(self, room: str, identity: str) -> Participant:
        found = self._rooms.find(room)
        participant = found.participants.get(identity) if found else None
        if participant is None:
            raise not_found(f"participant does not exist: {identity!r} in room {room!r}")
        return participant

    def _original(self, room: str, identity: str) -> Participant:
        """A participant that is not a mirror: what a mirror shows is changed where its origin is."""
        participant = self._participant(room, identity)
        if participant.origin is not None:
            raise failed_precondition(f"{identity!r} is forwarded from room {participant.origin.room.name!r}")
        return participant

    def _to_elsewhere(self, request: pb.MoveParticipantRequest | pb.ForwardParticipantRequest) -> Participant:
        if request.room == request.destination_room:
            raise invalid_argument(f"{_SAME_ROOM}: {request.room!r}", _SAME_ROOM)
        participant = self._participant(request.room, request.identity)
        forwarding.check(self._rooms, participant, request.destination_room)
        return participant
