"""What a new room shall be: the request, its preset and the configured defaults, merged and checked."""

from collections.abc import Callable
from dataclasses import dataclass

from roomwright.auth.claims import Claims
from roomwright.config import RoomSettings
from roomwright.errors import invalid_argument, unimplemented
from roomwright.rooms.limits import Limits
from roomwright_proto import livekit as pb


@dataclass(frozen=True, slots=True)
class Configuration:
    """A room's settings. Time-outs in seconds; `max_participants` 0 means unlimited.

    `egress` is what is recorded by itself; None: nothing. `sync_streams`: tracks that a publisher puts into one stream
    reach subscribers in one stream, played in lip-sync.
    Playout delays, `tags` and `replay_enabled` are not kept: nothing here acts on them.
    """

    empty_timeout: int
    departure_timeout: int
    max_participants: int
    metadata: str
    agents: tuple[pb.RoomAgentDispatch, ...]
    sync_streams: bool
    egress: pb.RoomEgress | None = None


JudgeEgress = Callable[[pb.RoomEgress, str], None]
"""Raises `ServiceError` when what a room's configuration wants recorded cannot be; told the room's name."""


def check(request: pb.CreateRoomRequest, limits: Limits) -> None:
    """Refuse a request whose fields are wrong, whether or not the room exists."""
    limits.room_name(request.name)
    limits.metadata(request.metadata)
    for agent in request.agents:
        limits.metadata(agent.metadata)
        limits.attributes(agent.attributes)


def configure(request: pb.CreateRoomRequest, settings: RoomSettings, judge: JudgeEgress) -> Configuration:
    """The settings of the room that `request` makes. Its own values win over the preset's, those over the defaults."""
    preset = _preset(request.room_preset, settings)
    egress = _wanted(request.egress) or _wanted(preset.egress)
    if egress is not None:
        judge(egress, request.name)
    return Configuration(
        request.empty_timeout or preset.empty_timeout or settings.empty_timeout,
        request.departure_timeout or preset.departure_timeout or settings.departure_timeout,
        request.max_participants or preset.max_participants or settings.max_participants,
        request.metadata or preset.metadata,
        tuple(request.agents or preset.agents),
        request.sync_streams or preset.sync_streams,
        egress,
    )


def refuse_egress(egress: pb.RoomEgress, room: str) -> None:
    """Judge for servers that record nothing: a room that silently is not recorded helps nobody."""
    raise unimplemented("egress")


def request_of(claims: Claims, name: str) -> pb.CreateRoomRequest:
    """What a token asks for when its join makes the room."""
    config = claims.room_config or pb.RoomConfiguration()
    return pb.CreateRoomRequest(
        name=name,
        room_preset=claims.room_preset,
        empty_timeout=config.empty_timeout,
        departure_timeout=config.departure_timeout,
        max_participants=config.max_participants,
        metadata=config.metadata,
        egress=config.egress,
        agents=list(config.agents),
        sync_streams=config.sync_streams,
    )


_NO_PRESET = pb.RoomConfiguration()


def _preset(name: str, settings: RoomSettings) -> pb.RoomConfiguration:
    if not name:
        return _NO_PRESET
    preset = settings.room_configurations.get(name)
    if preset is None:
        raise invalid_argument(f"room_preset {name!r} is not configured on this server")
    return preset


def _wanted(egress: pb.RoomEgress | None) -> pb.RoomEgress | None:
    """None for one that asks for nothing."""
    if egress is None or (egress.room is None and egress.participant is None and egress.tracks is None):
        return None
    return egress
