"""The port between the API and whatever carries the media.

Owns the contract alone; `tests/contract/` states it as tests that every implementation passes. It knows rooms,
participants and tracks as the schema's messages, and nothing of signalling, HTTP or tokens' encoding.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from roomwright.auth.claims import Claims
from roomwright.rooms.configuration import JudgeEgress
from roomwright.sfu.fanout import BACKLOG, EventStream
from roomwright.sfu.taps import MediaTaps
from roomwright_proto import livekit as pb


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. A backend only ever sees callers that a service has authorised.

    `claims` is None when the request carried no token. `deadline` is a point on the injected clock's monotonic scale,
    in seconds, or None.
    """

    claims: Claims | None = None
    deadline: float | None = None

    @property
    def identity(self) -> str:
        """The token's identity; often empty for server APIs."""
        return self.claims.identity if self.claims else ""


class Capability(StrEnum):
    """What a backend may lack. A call that needs a missing one answers `unimplemented` and names it."""

    AGENT_DISPATCH = "agent dispatch"
    FORWARD_PARTICIPANT = "forwarding a participant to another room"
    MOVE_PARTICIPANT = "moving a participant to another room"
    PERFORM_RPC = "performing an RPC on a participant"


class Backend(Protocol):
    """A room server as its API sees it.

    Every method may raise `ServiceError` and nothing else on purpose. When a call answers, its effect is visible to
    every later call (reads see writes). A call that raises has changed nothing.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this backend can do beyond rooms, participants, tracks and data."""
        ...

    def events(self, backlog: int = BACKLOG) -> EventStream:
        """Every event from now on, of all rooms; in order per room. Iteration ends when the backend is closed.

        At most `backlog` events may be unread.
        """
        ...

    @property
    def taps(self) -> MediaTaps | None:
        """Media as it arrives, for recordings; None where no media passes."""
        ...

    def mark_recorded(self, room: pb.Room, *, recorded: bool) -> None:
        """Say whether a room is being recorded: its `active_recording`. A room that is gone is none."""
        ...

    def judge_egress(self, judge: JudgeEgress) -> None:
        """Have `judge` decide on what room configurations want recorded; without one they are `unimplemented`."""
        ...

    async def close(self) -> None:
        """Close every room and release what is held. Idempotent."""
        ...

    async def create_room(self, request: pb.CreateRoomRequest, caller: Caller) -> pb.Room:
        """Create the room, or return the live one of that name unchanged."""
        ...

    async def list_rooms(self, request: pb.ListRoomsRequest, caller: Caller) -> pb.ListRoomsResponse:
        """All rooms, or those of `names` that exist; in order of creation."""
        ...

    async def delete_room(self, request: pb.DeleteRoomRequest, caller: Caller) -> pb.DeleteRoomResponse:
        """Disconnect everybody and end the room."""
        ...

    async def list_participants(
        self, request: pb.ListParticipantsRequest, caller: Caller
    ) -> pb.ListParticipantsResponse:
        """All participants, hidden ones too, in order of joining; none for an unknown room."""
        ...

    async def get_participant(self, request: pb.RoomParticipantIdentity, caller: Caller) -> pb.ParticipantInfo:
        """One participant with its tracks."""
        ...

    async def remove_participant(
        self, request: pb.RoomParticipantIdentity, caller: Caller
    ) -> pb.RemoveParticipantResponse:
        """Disconnect a participant; a non-zero `revoke_token_ts` refuses its older tokens from then on."""
        ...

    async def mute_published_track(self, request: pb.MuteRoomTrackRequest, caller: Caller) -> pb.MuteRoomTrackResponse:
        """Mute a track, or unmute it where the configuration allows that."""
        ...

    async def update_participant(self, request: pb.UpdateParticipantRequest, caller: Caller) -> pb.ParticipantInfo:
        """Change name, metadata, attributes and permission; all of it or nothing."""
        ...

    async def update_subscriptions(
        self, request: pb.UpdateSubscriptionsRequest, caller: Caller
    ) -> pb.UpdateSubscriptionsResponse:
        """Subscribe a participant to tracks or unsubscribe it; overrides `can_subscribe`."""
        ...

    async def send_data(self, request: pb.SendDataRequest, caller: Caller) -> pb.SendDataResponse:
        """Send a data packet to everybody or to the given identities and sids; a nonce is delivered once."""
        ...

    async def update_room_metadata(self, request: pb.UpdateRoomMetadataRequest, caller: Caller) -> pb.Room:
        """Replace the room's metadata."""
        ...

    async def forward_participant(
        self, request: pb.ForwardParticipantRequest, caller: Caller
    ) -> pb.ForwardParticipantResponse:
        """Show a participant and its tracks in another room too."""
        ...

    async def move_participant(self, request: pb.MoveParticipantRequest, caller: Caller) -> pb.MoveParticipantResponse:
        """Take a participant from one room to another."""
        ...

    async def perform_rpc(self, request: pb.PerformRpcRequest, caller: Caller) -> pb.PerformRpcResponse:
        """Call a method that a participant registered, and wait for its answer."""
        ...

    async def create_dispatch(self, request: pb.CreateAgentDispatchRequest, caller: Caller) -> pb.AgentDispatch:
        """Ask for an agent in a room."""
        ...

    async def list_dispatch(self, request: pb.ListAgentDispatchRequest, caller: Caller) -> pb.ListAgentDispatchResponse:
        """The dispatches of a room, or the one of `dispatch_id`."""
        ...

    async def delete_dispatch(self, request: pb.DeleteAgentDispatchRequest, caller: Caller) -> pb.AgentDispatch:
        """Withdraw a dispatch."""
        ...
