"""Requests for agents in a room. Who answers them is not known here."""

from roomwright.clock import Ids
from roomwright.errors import invalid_argument, not_found
from roomwright.rooms.events import DispatchCreated, DispatchDeleted
from roomwright.rooms.instant import Instant
from roomwright.rooms.limits import Limits
from roomwright.rooms.room import Room
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

Dispatches = dict[str, pb.AgentDispatch]
"""By id, in order of creation. The messages in it are replaced, never changed."""

_ANONYMOUS = (pb.RoomAgentDispatch(),)


def check(request: pb.CreateAgentDispatchRequest, limits: Limits) -> None:
    """Refuse a dispatch whose fields are wrong."""
    limits.metadata(request.metadata, argument=None)
    limits.attributes(request.attributes, argument=None)
    _check_deployment(request.deployment)


def of(room: Room, ids: Ids) -> Dispatches:
    """The room's dispatches. A room that nobody asked an agent for has an anonymous one, made when first looked at."""
    if room.dispatches is None:
        agents = room.configuration.agents or _ANONYMOUS
        made = [_from_agent(agent, room, ids, room.created) for agent in agents]
        room.dispatches = {dispatch.id: dispatch for dispatch in made}
    return room.dispatches


def announce_configured(turn: Turn, ids: Ids) -> None:
    """Tell of the agents that the room was created with."""
    if turn.room.configuration.agents:
        for dispatch in of(turn.room, ids).values():
            turn.emit(DispatchCreated, dispatch=dispatch)


def create(turn: Turn, request: pb.CreateAgentDispatchRequest, ids: Ids) -> pb.AgentDispatch:
    """Add a dispatch."""
    dispatch = pb.AgentDispatch(
        id=ids.sid("AD"),
        agent_name=request.agent_name,
        room=turn.room.name,
        metadata=request.metadata,
        state=pb.AgentDispatchState(created_at=turn.now.wall_ns),
        restart_policy=request.restart_policy,
        deployment=request.deployment,
        attributes=dict(request.attributes),
    )
    of(turn.room, ids)[dispatch.id] = dispatch
    turn.emit(DispatchCreated, dispatch=dispatch)
    return dispatch


def delete(turn: Turn, dispatch_id: str, ids: Ids) -> pb.AgentDispatch:
    """Withdraw a dispatch; raises `not_found`."""
    dispatch = of(turn.room, ids).pop(dispatch_id, None)
    if dispatch is None:
        raise not_found(f"dispatch {dispatch_id!r} does not exist in room {turn.room.name!r}")
    turn.emit(DispatchDeleted, dispatch=dispatch)
    return dispatch


def _from_agent(agent: pb.RoomAgentDispatch, room: Room, ids: Ids, now: Instant) -> pb.AgentDispatch:
    return pb.AgentDispatch(
        id=ids.sid("AD"),
        agent_name=agent.agent_name,
        room=room.name,
        metadata=agent.metadata,
        state=pb.AgentDispatchState(created_at=now.wall_ns),
        restart_policy=agent.restart_policy,
        deployment=agent.deployment,
        attributes=dict(agent.attributes),
    )


def _check_deployment(deployment: str) -> None:
    for position, character in enumerate(deployment):
        if character.isspace() or not character.isprintable():
            raise invalid_argument(f"deployment contains whitespace or control byte at position {position}")
