"""The server's side of the first messages: what a client is told about the server and how to reach it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from roomwright import __version__
from roomwright.auth.claims import Claims
from roomwright.rooms.participant import Participant
from roomwright.rooms.presence import visible_to
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb

PING_INTERVAL_S = 5
"""How often clients send `ping_req`."""
PING_TIMEOUT_S = 15
"""After how many seconds without an answer a client takes the connection for lost."""
PROTOCOL = 17
"""The highest version of the signalling protocol that is spoken here."""
COMPATIBLE_VERSION = "1.13.5"
"""The version of LiveKit whose behaviour this is: SDKs compare it to decide what they may use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What all clients of a server are told, and how long those without a socket are waited for.

    `mint` makes a token of claims, for reconnecting; None when the server has no key to sign with. `ice_servers` are
    those that were configured: none is ever made up. `sif_trailer` marks frames that the server itself injects into an
    encrypted track. A client with a media transport has `resume_within` seconds to come back, and finds up to
    `missed_messages` that it missed.
    """

    node_id: str
    sif_trailer: bytes = b""
    ice_servers: tuple[pb.IceServer, ...] = ()
    mint: Callable[[Claims], str] | None = None
    resume_within: float = 20.0
    missed_messages: int = 1_000

    def info(self) -> pb.ServerInfo:
        """The server about itself."""
        return pb.ServerInfo(
            version=COMPATIBLE_VERSION,
            protocol=PROTOCOL,
            node_id=self.node_id,
            agent_protocol=1,
            debug_info=f"roomwright {__version__}",
        )


def complete_join(join: pb.JoinResponse, wish: Wish, host: Host) -> None:
    """Add to the engine's `join` what only the server and the connection know."""
    join.server_info = host.info()
    join.server_version = join.server_info.version
    join.ice_servers = list(host.ice_servers)
    join.subscriber_primary = wish.subscriber_primary
    join.ping_interval, join.ping_timeout = PING_INTERVAL_S, PING_TIMEOUT_S
    join.sif_trailer = host.sif_trailer
    join.enabled_publish_codecs = _publishable(join.room.enabled_codecs if join.room else ())
    join.fast_publish = True


def complete_move(moved: pb.RoomMovedResponse, participant: Participant, host: Host) -> None:
    """Add to the engine's `room_moved` the token for the new room."""
    if host.mint is not None:
        moved.token = host.mint(participant.current_claims())


def refresh(claims: Claims, host: Host) -> list[pb.SignalResponse]:
    """The `refresh_token` for these claims, if the server can sign one."""
    return [pb.SignalResponse(refresh_token=host.mint(claims))] if host.mint is not None else []


def resumption(participant: Participant, host: Host, last_sequence: int) -> list[pb.SignalResponse]:
    """What a client gets when it is back: first that it is, then everything as it is now."""
    reconnect = pb.ReconnectResponse(
        server_info=host.info(), ice_servers=list(host.ice_servers), last_message_seq=last_sequence
    )
    everybody = [participant.info(), *visible_to(participant)]
    return [
        pb.SignalResponse(reconnect=reconnect),
        pb.SignalResponse(update=pb.ParticipantUpdate(participants=everybody)),
        pb.SignalResponse(room_update=pb.RoomUpdate(room=participant.room.snapshot())),
        *refresh(participant.current_claims(), host),
    ]


def stranger() -> pb.SignalResponse:
    """The answer to a client that wants to resume what is gone: it shall join again."""
    leave = pb.LeaveRequest(
        reason=pb.DisconnectReason.STATE_MISMATCH, action=pb.LeaveRequestAction.RECONNECT, can_reconnect=False
    )
    return pb.SignalResponse(leave=leave)


def rejoin(reason: pb.DisconnectReason) -> pb.SignalResponse:
    """The good-bye to a client that the server lost sight of: it shall join again."""
    return pb.SignalResponse(leave=pb.LeaveRequest(reason=reason, action=pb.LeaveRequestAction.RECONNECT))


def _publishable(codecs: Iterable[pb.Codec]) -> list[pb.Codec]:
    """The room's codecs that a client may publish with, video first; `rtx` is no codec of its own."""
    usable = [codec for codec in codecs if codec.mime.lower() != "video/rtx"]
    return sorted(usable, key=lambda codec: not codec.mime.lower().startswith("video/"))
