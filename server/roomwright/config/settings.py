"""The shape of the settings and their defaults. Where they come from is in `load.py`.

Section and key names are those of LiveKit's configuration file; units are in the docstrings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from roomwright.config.event_settings import EventSettings, WebhookSettings
from roomwright_proto import livekit as pb

DEFAULT_CODECS = (
    "audio/PCMU",
    "audio/PCMA",
    "audio/opus",
    "audio/red",
    "video/VP8",
    "video/H264",
    "video/VP9",
    "video/AV1",
    "video/H265",
    "video/rtx",
)


def _default_codecs() -> tuple[pb.Codec, ...]:
    return tuple(pb.Codec(mime=mime) for mime in DEFAULT_CODECS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSettings:
    """Defaults for rooms (`room:`). Time-outs in seconds; `max_participants` 0 means unlimited."""

    auto_create: bool = True
    empty_timeout: int = 300
    departure_timeout: int = 20
    max_participants: int = 0
    enabled_codecs: tuple[pb.Codec, ...] = field(default_factory=_default_codecs)
    enable_remote_unmute: bool = False
    room_configurations: Mapping[str, pb.RoomConfiguration] = field(default_factory=dict[str, pb.RoomConfiguration])


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Limits on what a client may send (`limit:`). Sizes and lengths in bytes of UTF-8; 0 means unlimited.

    `max_data_size` keeps a packet with its envelope below the 262,144 bytes that browsers take as one SCTP message.
    `max_signal_size` is that of a client's message over signalling: the largest metadata and attributes fit in.
    `max_signal_backlog` is what may wait for a client that reads its signalling slowly, before it is cut off.
    """

    max_metadata_size: int = 524_288
    max_attributes_size: int = 65_536
    max_room_name_length: int = 256
    max_participant_name_length: int = 256
    max_participant_identity_length: int = 256
    max_data_size: int = 256_000
    max_signal_size: int = 1_048_576
    max_signal_backlog: int = 4_194_304


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingSettings:
    """What is logged and how (`logging:`). `level` is one of `debug`, `info`, `warn`, `error`."""

    level: str = "info"
    json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnServer:
    """A TURN server that clients may use. `protocol` is `udp`, `tcp` or `tls`."""

    host: str
    port: int
    protocol: str = "udp"
    username: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RtcSettings:
    """Media addresses (`rtc:`).

    `node_ip` is the address that clients are told to send media to; None: not said. `udp_port` is where media arrives;
    0 means any free port, None means 7882, or any free port in development and where `port` is any free port.
    `stun_servers` (`host:port`) and `turn_servers` are handed out to clients: none is unless it stands here.
    """

    stun_servers: tuple[str, ...] = ()
    turn_servers: tuple[TurnServer, ...] = ()
    node_ip: str | None = None
    udp_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcSettings:
    """The gRPC server (`grpc:`, not in LiveKit's format). `port` None: no gRPC; 0: any free port."""

    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of a server.

    `port` 0 means any free port. `bind_addresses` are addresses or host names; none at all means every interface.
    `keys` maps API keys to their secrets, the first one signs what the server signs itself.
    """

    port: int = 7880
    bind_addresses: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    development: bool = False
    room: RoomSettings = field(default_factory=RoomSettings)
    limit: LimitSettings = field(default_factory=LimitSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    rtc: RtcSettings = field(default_factory=RtcSettings)
    grpc: GrpcSettings = field(default_factory=GrpcSettings)
    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    events: EventSettings = field(default_factory=EventSettings)
