"""What a new room shall be: the request, its preset and the configured defaults, merged and checked."""

from dataclasses import dataclass

from roomwright.auth.claims import Claims
from roomwright.config import RoomSettings
from roomwright.errors import invalid_argument, unimplemented
from roomwright.rooms.limits import Limits
from roomwright_proto import livekit as pb


@dataclass(frozen=True, slots=True)
class Configuration:
    """A room's settings. Time-outs in seconds; `max_participants` 0 means unlimited.

    `sync_streams`: tracks that a publisher puts into one stream reach subscribers in one stream, played in lip-sync.
    Playout delays, `tags` and `replay_enabled` are not kept: nothing here acts on them.
    """

    empty_timeout: int
    departure_timeout: int
    max_participants: int
    metadata: str
    agents: tuple[pb.RoomAgentDispatch, ...]
    sync_streams: bool


def check(request: pb.CreateRoomRequest, limits: Limits) -> None:
    """Refuse a request whose fields are wrong, whether or not the room exists."""
    limits.room_name(request.name)
    limits.metadata(request.metadata)
    for agent in request.agents:
        limits.metadata(agent.metadata)
        limits.attributes(agent.attributes)
    _refuse_egress(request.egress, "egress")


def configure(request: pb.CreateRoomRequest, settings: RoomSettings) -> Configuration:
    """The settings of the room that `request` makes. Its own values win over the preset's, those over the defaults."""
    preset = _preset(request.room_preset, settings)
    return Configuration(
        request.empty_timeout or preset.empty_timeout or settings.empty_timeout,
        request.departure_timeout or preset.departure_timeout or settings.departure_timeout,
        request.max_participants or preset.max_participants or settings.max_participants,
        request.metadata or preset.metadata,
        tuple(request.agents or preset.agents),
        request.sync_streams or preset.sync_streams,
    )


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
    _refuse_egress(preset.egress, f"egress (in room preset {name!r})")
    return preset


def _refuse_egress(egress: pb.RoomEgress | None, what: str) -> None:
    if egress is None:
        return
    if egress.room is not None or egress.participant is not None or egress.tracks is not None:
        raise unimplemented(what)
