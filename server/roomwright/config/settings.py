"""The shape of the settings and their defaults. Where they come from is in `load.py`.

Section and key names are those of LiveKit's configuration file; units are in the docstrings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from roomwright.config.egress_settings import EgressSettings
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
    """Rooms (`room:`)."""

    auto_create: bool = True
    """Joining creates the room."""
    empty_timeout: int = 300
    """Seconds until a room that nobody joined is closed."""
    departure_timeout: int = 20
    """Seconds until a room that everybody left is closed."""
    max_participants: int = 0
    """0: no limit."""
    enabled_codecs: tuple[pb.Codec, ...] = field(default_factory=_default_codecs)
    """A list of {mime: audio/opus, fmtp_line: ""}; by default all that LiveKit knows."""
    enable_remote_unmute: bool = False
    """The API may unmute, too."""
    enable_data_tracks: bool = True
    """Understood at the top level, too, where LiveKit has it."""
    room_configurations: Mapping[str, pb.RoomConfiguration] = field(default_factory=dict[str, pb.RoomConfiguration])
    """Presets, named by CreateRoom's room_preset and by tokens: fields of livekit.RoomConfiguration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """What a client may send (`limit:`): bytes of UTF-8 where nothing else is said; 0, where allowed: no limit."""

    max_metadata_size: int = 524_288
    """Of a room or a participant."""
    max_attributes_size: int = 65_536
    """Of a participant, in sum."""
    max_room_name_length: int = 256
    max_participant_name_length: int = 256
    max_participant_identity_length: int = 256
    max_data_size: int = 256_000
    """The largest SendData: with its envelope it fits into the 262,144 bytes that browsers take."""
    max_signal_size: int = 1_048_576
    """The largest message of a client over signalling; the largest metadata fits in."""
    max_signal_backlog: int = 4_194_304
    """What may wait for a client that reads its signalling slowly, before it is cut off."""
    max_missed_messages: int = 1_000
    """Messages kept for a client that may resume; who misses more joins again."""
    max_join_request: int = 1_048_576
    """A join request of /rtc/v1, once it is unpacked."""
    max_tracks: int = 100
    """Tracks of one participant, announced ones included; as many data tracks."""
    max_track_announcement: int = 16_384
    """What a client may say about a track."""
    max_media_sections: int = 400
    """Of an offer: tracks that a client can send and receive together."""
    subscription_limit_audio: int = 0
    """Tracks that one participant receives; what is beyond waits until one ends."""
    subscription_limit_video: int = 0
    """The same of video."""
    num_tracks: int = 0
    """Sent and received, of the whole server: beyond, joining opens no room; 0 or -1: no limit."""
    bytes_per_sec: int = 0
    """The same, of media in both directions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingSettings:
    """What is logged and how (`logging:`)."""

    level: str = "info"
    """debug, info, warn or error; with --dev debug."""
    json: bool = False
    """One object in a line."""


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
    """Media (`rtc:`): addresses, times, what one client may cost."""

    stun_servers: tuple[str, ...] = ()
    """host:port each; clients are told of these and of no others."""
    turn_servers: tuple[TurnServer, ...] = ()
    """The same; {host, port, protocol: udp, tcp or tls, username, credential}."""
    node_ip: str | None = None
    """What clients are told for media in place of the bound addresses of its family; null: those."""
    udp_port: int | None = None
    """Where media arrives; null: 7882, or any free port with --dev; 0: any free port."""
    connect_timeout: int = 15
    """Seconds until a connection stands."""
    disconnect_timeout: int = 10
    """Seconds of silence until nothing more is sent."""
    failed_timeout: int = 30
    """Seconds of silence until a connection is given up."""
    resume_timeout: int = 20
    """Seconds that a client without signalling is waited for."""
    max_packets_per_second: int = 20_000
    """From one client; more are dropped unread."""
    packet_buffer_size_video: int = 512
    """Packets kept of each stream for who missed one; rounded up to a power of two."""
    packet_buffer_size_audio: int = 256
    """The same of audio."""
    pli_throttle: PliThrottle = field(default_factory=PliThrottle)
    """How often a publisher is asked for a key frame at most, by layer: such as 500ms, 1s."""
    max_streams: int = 64
    """SSRCs with which one connection may send, up to 512."""
    start_bitrate: int = 4_000_000
    """Bits per second that a publisher is told it may send at first."""
    max_bitrate: int = 20_000_000
    """And at most."""
    udp_buffer_size: int = 4_194_304
    """Bytes asked of the kernel, for each direction."""
    reliable_buffer_size: int = 2_097_152
    """Bytes that may wait in a reliable data channel."""
    lossy_buffer_size: int = 262_144
    """Bytes that may wait in a lossy one; more is lost."""
    data_channel_max_buffered_amount: int = 8_388_608
    """Bytes that may wait before a reliable channel; more is lost."""
    max_data_channels: int = 16
    """Open on one connection."""
    max_data_track_copies: int = 20_000
    """Packets of one client's data tracks that go out to all subscribers in a second; more are lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcSettings:
    """The gRPC server (`grpc:`)."""

    port: int | None = None
    """null: no gRPC; 0: any free port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSettings:
    """Metrics (`prometheus:`) at /metrics of a port of their own."""

    port: int | None = None
    """null: none; 0: any free port; understood as prometheus_port, too."""
    username: str | None = None
    """With one, who asks must say both (HTTP basic authentication)."""
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownSettings:
    """How a server ends (`shutdown:`)."""

    notice: int = 0
    """Seconds that /readyz says so before anybody is sent away, so that load balancers look elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of a server."""

    port: int = 7880
    """HTTP and WebSocket; 0: any free port."""
    bind_addresses: tuple[str, ...] = ()
    """Addresses or host names; none: every interface (with --dev: 127.0.0.1)."""
    keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """API key: secret. Secrets should have 32 characters or more; the first key signs what the server signs."""
    development: bool = False
    """The same as --dev."""
    admin: bool | None = None
    """The page /admin; null: with --dev."""
    room: RoomSettings = field(default_factory=RoomSettings)
    limit: LimitSettings = field(default_factory=LimitSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    rtc: RtcSettings = field(default_factory=RtcSettings)
    grpc: GrpcSettings = field(default_factory=GrpcSettings)
    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    egress: EgressSettings = field(default_factory=EgressSettings)
    events: EventSettings = field(default_factory=EventSettings)
    prometheus: PrometheusSettings = field(default_factory=PrometheusSettings)
    shutdown: ShutdownSettings = field(default_factory=ShutdownSettings)
