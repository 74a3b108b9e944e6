"""The port between the Egress API and whatever records: one method for each call."""

from typing import Protocol

from roomwright.sfu.backend import Caller
from roomwright_proto import livekit as pb


class Egress(Protocol):
    """Recording and streaming as its API sees it. Callers are authorised. Every method may raise `ServiceError`."""

    async def start_egress(self, request: pb.StartEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Start what the newer request asks for; answers in STARTING."""
        ...

    async def start_room_composite_egress(
        self, request: pb.RoomCompositeEgressRequest, caller: Caller
    ) -> pb.EgressInfo:
        """Record a whole room."""
        ...

    async def start_web_egress(self, request: pb.WebEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Record a web page."""
        ...

    async def start_participant_egress(self, request: pb.ParticipantEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Record one participant."""
        ...

    async def start_track_composite_egress(
        self, request: pb.TrackCompositeEgressRequest, caller: Caller
    ) -> pb.EgressInfo:
        """Record up to one audio and one video track together."""
        ...

    async def start_track_egress(self, request: pb.TrackEgressRequest, caller: Caller) -> pb.EgressInfo:
        """Record one track as it is."""
        ...

    async def update_layout(self, request: pb.UpdateLayoutRequest, caller: Caller) -> pb.EgressInfo:
        """Change the layout of a running composite."""
        ...

    async def update_stream(self, request: pb.UpdateStreamRequest, caller: Caller) -> pb.EgressInfo:
        """Add and remove destinations of a running stream."""
        ...

    async def list_egress(self, request: pb.ListEgressRequest, caller: Caller) -> pb.ListEgressResponse:
        """What runs, and what ended not long ago."""
        ...

    async def stop_egress(self, request: pb.StopEgressRequest, caller: Caller) -> pb.EgressInfo:
        """End one in order."""
        ...
