"""livekit.AgentDispatchService: authorise, delegate, return."""

from roomwright.auth.grants import authorise
from roomwright.sfu.backend import Backend, Caller
from roomwright_proto import livekit as pb


class AgentDispatchService:
    """Requests for agents in rooms, on any backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def create_dispatch(self, request: pb.CreateAgentDispatchRequest, caller: Caller) -> pb.AgentDispatch:
        """Needs roomAdmin for the room."""
        authorise("/livekit.AgentDispatchService/CreateDispatch", request, caller.claims)
        return await self._backend.create_dispatch(request, caller)

    async def list_dispatch(self, request: pb.ListAgentDispatchRequest, caller: Caller) -> pb.ListAgentDispatchResponse:
        """Needs roomAdmin for the room."""
        authorise("/livekit.AgentDispatchService/ListDispatch", request, caller.claims)
        return await self._backend.list_dispatch(request, caller)

    async def delete_dispatch(self, request: pb.DeleteAgentDispatchRequest, caller: Caller) -> pb.AgentDispatch:
        """Needs roomAdmin for the room."""
        authorise("/livekit.AgentDispatchService/DeleteDispatch", request, caller.claims)
        return await self._backend.delete_dispatch(request, caller)
