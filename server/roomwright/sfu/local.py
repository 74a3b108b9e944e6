"""The engine as a backend: what every implementation does that keeps its rooms in this process.

Owns the one timer, the fan-out of events, and the futures of those who wait for an RPC. How a participant's messages
reach its client is its driver's.
"""

import asyncio
from typing import TypeVar

from roomwright.clock import Clock, Ids
from roomwright.config import LimitSettings, RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms.api import RoomApi
from roomwright.rooms.commands import Command, Join
from roomwright.rooms.configuration import JudgeEgress
from roomwright.rooms.instant import Instant
from roomwright.rooms.participant import Driver, Participant
from roomwright.rooms.registry import Rooms
from roomwright.rooms.rpc import RpcCall
from roomwright.sfu.backend import Caller, Capability
from roomwright.sfu.fanout import BACKLOG, EventStream, Fanout
from roomwright.sfu.taps import MediaTaps
from roomwright_proto import livekit as pb

Answer = TypeVar("Answer")


class LocalBackend:
    """A `Backend` on the room engine. Everything happens within the call; only an RPC is waited for."""

    def __init__(
        self, rooms: RoomSettings, limits: LimitSettings, clock: Clock, ids: Ids, *, timer: bool = True
    ) -> None:
        self.rooms = Rooms(rooms, limits, ids)
        self._api = RoomApi(self.rooms)
        self._clock = clock
        self._with_timer = timer
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: float | None = None
        self._fanout = Fanout()
        self._waiting: dict[RpcCall, asyncio.Future[str]] = {}
        self._draining = False
        self._closed = False

    # for participants' drivers

    def enter(self, join: Join, driver: Driver) -> Participant:
        """Let a client in; raises `ServiceError`. Its driver has its first messages when this returns."""
        participant = self.rooms.join(join, self._now())
        participant.driver = driver
        driver.attach(participant)
        self._drain()
        return participant

    def tell(self, participant: Participant, command: Command) -> None:
        """Report what a participant's client did."""
        if not self._closed:
            self.rooms.handle(participant, command, self._now())
            self._drain()

    # the port

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All of them."""
        return frozenset(Capability)

    def events(self, backlog: int = BACKLOG) -> EventStream:
        """Every event from now on; bounded as `EventStream` says."""
        return self._fanout.listen(backlog)

    @property
    def taps(self) -> MediaTaps | None:
        """There is no media here."""
        return None

    def mark_recorded(self, room: pb.Room, *, recorded: bool) -> None:
        """Say whether a room is being recorded: its `active_recording`."""
        if not self._closed:
            self._api.mark_recorded(room, recorded, self._now())
            self._drain()

    def judge_egress(self, judge: JudgeEgress) -> None:
        """Have `judge` decide on what room configurations want recorded; without one they are `unimplemented`."""
        self.rooms.judge_egress = judge

    async def close(self) -> None:
        """End every room. Idempotent."""
        if self._closed:
            return
        self.rooms.shut_down(self._now())
        self._closed = True
        self._drain()
        self._fanout.end()

    async def create_room(self, request: pb.CreateRoomRequest, caller: Caller) -> pb.Room:
        """Create the room, or return the live one of that name unchanged."""
        return self._drained(self._api.create_room(request, self._now()))

    async def list_rooms(self, request: pb.ListRoomsRequest, caller: Caller) -> pb.ListRoomsResponse:
        """All rooms, or those of `names` that exist; in order of creation."""
        return self._api.list_rooms(request)

    async def delete_room(self, request: pb.DeleteRoomRequest, caller: Caller) -> pb.DeleteRoomResponse:
        """Disconnect everybody and end the room."""
        return self._drained(self._api.delete_room(request, self._now()))

    async def list_participants(
        self, request: pb.ListParticipantsRequest, caller: Caller
    ) -> pb.ListParticipantsResponse:
        """All participants, hidden ones too, in order of joining; none for an unknown room."""
        return self._api.list_participants(request)

    async def get_participant(self, request: pb.RoomParticipantIdentity, caller: Caller) -> pb.ParticipantInfo:
        """One participant with its tracks."""
        return self._api.get_participant(request)

    async def remove_participant(
        self, request: pb.RoomParticipantIdentity, caller: Caller
    ) -> pb.RemoveParticipantResponse:
        """Disconnect a participant; a non-zero `revoke_token_ts` refuses its older tokens from then on."""
        return self._drained(self._api.remove_participant(request, self._now()))

    async def mute_published_track(self, request: pb.MuteRoomTrackRequest, caller: Caller) -> pb.MuteRoomTrackResponse:
        """Mute a track, or unmute it where the configuration allows that."""
        return self._drained(self._api.mute_published_track(request, self._now()))

    async def update_participant(self, request: pb.UpdateParticipantRequest, caller: Caller) -> pb.ParticipantInfo:
        """Change name, metadata, attributes and permission; all of it or nothing."""
        return self._drained(self._api.update_participant(request, self._now()))

    async def update_subscriptions(
        self, request: pb.UpdateSubscriptionsRequest, caller: Caller
    ) -> pb.UpdateSubscriptionsResponse:
        """Subscribe a participant to tracks or unsubscribe it; overrides `can_subscribe`."""
        return self._drained(self._api.update_subscriptions(request, self._now()))

    async def send_data(self, request: pb.SendDataRequest, caller: Caller) -> pb.SendDataResponse:
        """Send a data packet to everybody or to the given identities and sids; a nonce is delivered once."""
        return self._drained(self._api.send_data(request, self._now()))

    async def update_room_metadata(self, request: pb.UpdateRoomMetadataRequest, caller: Caller) -> pb.Room:
        """Replace the room's metadata."""
        return self._drained(self._api.update_room_metadata(request, self._now()))

    async def forward_participant(
        self, request: pb.ForwardParticipantRequest, caller: Caller
    ) -> pb.ForwardParticipantResponse:
        """Show a participant and its tracks in another room too."""
        return self._drained(self._api.forward_participant(request, self._now()))

    async def move_participant(self, request: pb.MoveParticipantRequest, caller: Caller) -> pb.MoveParticipantResponse:
        """Take a participant from one room to another."""
        return self._drained(self._api.move_participant(request, self._now()))

    async def perform_rpc(self, request: pb.PerformRpcRequest, caller: Caller) -> pb.PerformRpcResponse:
        """Call a method that a participant registered, and wait for its answer."""
        call = self._api.perform_rpc(request, caller.deadline, self._now())
        answer = asyncio.get_running_loop().create_future()
        self._waiting[call] = answer
        try:
            self._drain()
            return pb.PerformRpcResponse(payload=await answer)
        finally:
            self._waiting.pop(call, None)

    async def create_dispatch(self, request: pb.CreateAgentDispatchRequest, caller: Caller) -> pb.AgentDispatch:
        """Ask for an agent in a room."""
        return self._drained(self._api.create_dispatch(request, self._now()))

    async def list_dispatch(self, request: pb.ListAgentDispatchRequest, caller: Caller) -> pb.ListAgentDispatchResponse:
        """The dispatches of a room, or the one of `dispatch_id`."""
        return self._api.list_dispatch(request)

    async def delete_dispatch(self, request: pb.DeleteAgentDispatchRequest, caller: Caller) -> pb.AgentDispatch:
        """Withdraw a dispatch."""
        return self._drained(self._api.delete_dispatch(request, self._now()))

    # change, then drain

    def _now(self) -> Instant:
        if self._closed:
            raise ServiceError(Code.UNAVAILABLE, "the server is shutting down")
        return Instant.of(self._clock)

    def _drained(self, answer: Answer) -> Answer:
        self._drain()
        return answer

    def _drain(self) -> None:
        """Pass on what the engine has to say; what that leads to is passed on too, in order."""
        if self._draining:
            return
        self._draining = True
        try:
            while self._drain_once():
                pass
        finally:
            self._draining = False
        self._set_timer()

    def _drain_once(self) -> bool:
        events, mail, calls = self.rooms.take_events(), self.rooms.take_mail(), self.rooms.take_calls()
        if events:
            self._fanout.publish(events)
        for participant in mail:
            self._deliver(participant)
        for call in calls:
            self._resolve(call)
        return bool(events or mail or calls)

    def _deliver(self, participant: Participant) -> None:
        if participant.driver is None:
            return
        try:
            participant.driver.receive(participant.take_outbox())
        except Exception as error:
            context = {"message": f"the driver of {participant!r} failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    def _resolve(self, call: RpcCall) -> None:
        waiting = self._waiting.get(call)
        if waiting is None or waiting.done():
            return
        if call.error is not None:
            waiting.set_exception(call.error)
        else:
            waiting.set_result(call.answer or "")

    def _set_timer(self) -> None:
        due = self.rooms.next_timeout() if self._with_timer and not self._closed else None
        if due == self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_due = None, due
        if due is not None:
            delay = max(0.0, due - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = self._timer_due = None
        self.rooms.on_timeout(Instant.of(self._clock))
        self._drain()
