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
    """Rooms (`room:`). Time-outs in seconds; `max_participants` 0 means unlimited. Data tracks may be disabled."""

    auto_create: bool = True
    empty_timeout: int = 300
    departure_timeout: int = 20
    max_participants: int = 0
    enabled_codecs: tuple[pb.Codec, ...] = field(default_factory=_default_codecs)
    enable_remote_unmute: bool = False
    enable_data_tracks: bool = True
    room_configurations: Mapping[str, pb.RoomConfiguration] = field(default_factory=dict[str, pb.RoomConfiguration])


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Limits on what a client may send (`limit:`). Sizes and lengths in bytes of UTF-8; 0 means unlimited.

    `max_data_size` keeps a packet with its envelope below the 262,144 bytes that browsers take as one SCTP message.
    `max_signal_size` is that of a client's message over signalling: the largest metadata and attributes fit in.
    `max_signal_backlog` is what may wait for a client that reads its signalling slowly, before it is cut off.
    `max_missed_messages` are kept for a client that has lost its signalling and may resume. `max_join_request` is that
    of a join request once it is unpacked. `max_tracks` (and as many data tracks) of one participant count announced
    ones too; `max_track_announcement` is what it may say about each. `max_media_sections` is that of an offer, and so
    the most that one client can send and receive together. `subscription_limit_audio` and `subscription_limit_video`
    are tracks that one participant receives; what is beyond waits until one ends. `num_tracks` (sent and received
    together) and `bytes_per_sec` are the whole server's: beyond them no new room is opened by joining.
    """

    max_metadata_size: int = 524_288
    max_attributes_size: int = 65_536
    max_room_name_length: int = 256
    max_participant_name_length: int = 256
    max_participant_identity_length: int = 256
    max_data_size: int = 256_000
    max_signal_size: int = 1_048_576
    max_signal_backlog: int = 4_194_304
    max_missed_messages: int = 1_000
    max_join_request: int = 1_048_576
    max_tracks: int = 100
    max_track_announcement: int = 16_384
    max_media_sections: int = 400
    subscription_limit_audio: int = 0
    subscription_limit_video: int = 0
    num_tracks: int = 0
    bytes_per_sec: int = 0


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
class PliThrottle:
    """How often a publisher is asked for a key frame at most, in seconds, by layer: the smallest, the next, others."""

    low_quality: float = 0.5
    mid_quality: float = 0.5
    high_quality: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RtcSettings:
    """Media: addresses, times, what one client may cost (`rtc:`).

    `node_ip` is the address that clients are told to send media to; None: not said. `udp_port` is where media arrives;
    0 means any free port, None means 7882, or any free port in development and where `port` is any free port.
    `stun_servers` (`host:port`) and `turn_servers` are handed out to clients: none is unless it stands here.

    Seconds: `connect_timeout` until a connection stands; `disconnect_timeout`, `failed_timeout` of silence until
    nothing is sent any more, until it is given up; `resume_timeout` until a client without signalling is given up.

    Packets: `max_packets_per_second` from one client, more are dropped unread; `packet_buffer_size_video` and `_audio`
    kept of each stream for those who missed one (rounded up to a power of two). `max_streams` (SSRCs) of a connection.

    Bits per second that a publisher is told it may send: `start_bitrate` at first, `max_bitrate` at most.

    Bytes: `udp_buffer_size` asked of the kernel for each direction; `reliable_buffer_size` and `lossy_buffer_size` that
    may wait in a data channel, and `data_channel_max_buffered_amount` before a reliable one; what is beyond is lost.
    `max_data_channels` may be open on a connection.
    """

    stun_servers: tuple[str, ...] = ()
    turn_servers: tuple[TurnServer, ...] = ()
    node_ip: str | None = None
    udp_port: int | None = None
    connect_timeout: int = 15
    disconnect_timeout: int = 10
    failed_timeout: int = 30
    resume_timeout: int = 20
    max_packets_per_second: int = 20_000
    packet_buffer_size_video: int = 512
    packet_buffer_size_audio: int = 256
    pli_throttle: PliThrottle = field(default_factory=PliThrottle)
    max_streams: int = 64
    start_bitrate: int = 4_000_000
    max_bitrate: int = 20_000_000
    udp_buffer_size: int = 4_194_304
    reliable_buffer_size: int = 2_097_152
    lossy_buffer_size: int = 262_144
    data_channel_max_buffered_amount: int = 8_388_608
    max_data_channels: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcSettings:
    """The gRPC server (`grpc:`, not in LiveKit's format). `port` None: no gRPC; 0: any free port."""

    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSettings:
    """Metrics (`prometheus:`). `port` None: none; 0: any free port. With a `username`, who asks must say both."""

    port: int | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownSettings:
    """How a server ends (`shutdown:`, not in LiveKit's format).

    `notice` is how many seconds `/readyz` says so before anybody is sent away, so that load balancers look elsewhere.
    """

    notice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of a server.

    `port` 0 means any free port. `bind_addresses` are addresses or host names; none at all means every interface.
    `keys` maps API keys to their secrets, the first one signs what the server signs itself.
    `admin` says whether the page `/admin` is there; None: in development.
    """

    port: int = 7880
    bind_addresses: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    development: bool = False
    admin: bool | None = None
    room: RoomSettings = field(default_factory=RoomSettings)
    limit: LimitSettings = field(default_factory=LimitSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    rtc: RtcSettings = field(default_factory=RtcSettings)
    grpc: GrpcSettings = field(default_factory=GrpcSettings)
    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    events: EventSettings = field(default_factory=EventSettings)
    prometheus: PrometheusSettings = field(default_factory=PrometheusSettings)
    shutdown: ShutdownSettings = field(default_factory=ShutdownSettings)
