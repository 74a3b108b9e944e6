"""livekit.Egress: authorise, delegate, return."""

from roomwright.auth.grants import authorise
from roomwright.egress.api import Egress
from roomwright.sfu.backend import Caller
from roomwright_proto import livekit as pb


class EgressService:
    """Recording and streaming, by whatever records."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def start_egress(self, request: pb.StartEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/StartEgress", request, caller.claims)
        return await self._egress.start_egress(request, caller)

    async def start_room_composite_egress(
        self, request: pb.RoomCompositeEgressRequest, caller: Caller
    ) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/StartRoomCompositeEgress", request, caller.claims)
        return await self._egress.start_room_composite_egress(request, caller)

    async def start_web_egress(self, request: pb.WebEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/StartWebEgress", request, caller.claims)
        return await self._egress.start_web_egress(request, caller)

    async def start_participant_egress(self, request: pb.ParticipantEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/StartParticipantEgress", request, caller.claims)
        return await self._egress.start_participant_egress(request, caller)

    async def start_track_composite_egress(
        self, request: pb.TrackCompositeEgressRequest, caller: Caller
    ) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/StartTrackCompositeEgress", request, caller.claims)
        return await self._egress.start_track_composite_egress(request, caller)

    async def start_track_egress(self, request: pb.TrackEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/StartTrackEgress", request, caller.claims)
        return await self._egress.start_track_egress(request, caller)

    async def update_layout(self, request: pb.UpdateLayoutRequest, caller: Caller) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/UpdateLayout", request, caller.claims)
        return await self._egress.update_layout(request, caller)

    async def update_stream(self, request: pb.UpdateStreamRequest, caller: Caller) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/UpdateStream", request, caller.claims)
        return await self._egress.update_stream(request, caller)

    async def list_egress(self, request: pb.ListEgressRequest, caller: Caller) -> pb.ListEgressResponse:
        """Needs roomRecord."""
        authorise("/livekit.Egress/ListEgress", request, caller.claims)
        return await self._egress.list_egress(request, caller)

    async def stop_egress(self, request: pb.StopEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Needs roomRecord."""
        authorise("/livekit.Egress/StopEgress", request, caller.claims)
        return await self._egress.stop_egress(request, caller)
