"""The table of all keys: what each one takes, and which of LiveKit's keys this server does not follow yet.

A key becomes supported by moving it from `NOT_SUPPORTED` to `SUPPORTED`, with a reader and a field in `settings.py`.
"""

from collections.abc import Mapping

from roomwright.config import egress_readers, event_readers, readers
from roomwright.config.readers import Reader

_PORT = readers.whole(0, 65_535)
_UINT32 = readers.whole(0, 2**32 - 1)
_INT32 = readers.whole(0, 2**31 - 1)
_SECONDS = readers.whole(1, 3_600)
_PACKETS = readers.whole(1, 32_768)
_BITRATE = readers.whole(150_000, 10_000_000_000)
_BUFFER = readers.whole(65_536, 2**32 - 1)

SUPPORTED: Mapping[str, Reader] = {
    "port": _PORT,
    "bind_addresses": readers.many(readers.host),
    "keys": readers.keys,
    "key_file": readers.text,
    "development": readers.boolean,
    "admin": readers.boolean,
    "room.auto_create": readers.boolean,
    "room.empty_timeout": _UINT32,
    "room.departure_timeout": _UINT32,
    "room.max_participants": _UINT32,
    "room.enabled_codecs": readers.codecs,
    "room.enable_remote_unmute": readers.boolean,
    "room.enable_data_tracks": readers.boolean,
    "room.room_configurations": readers.room_configurations,
    "limit.max_metadata_size": _UINT32,
    "limit.max_attributes_size": _UINT32,
    "limit.max_room_name_length": _UINT32,
    "limit.max_participant_name_length": _UINT32,
    "limit.max_participant_identity_length": _UINT32,
    "limit.max_data_size": _UINT32,
    "limit.max_signal_size": _UINT32,
    "limit.max_signal_backlog": _UINT32,
    "limit.max_missed_messages": readers.whole(0, 100_000),
    "limit.max_join_request": readers.whole(1_024, 2**30),
    "limit.max_tracks": readers.whole(1, 10_000),
    "limit.max_track_announcement": readers.whole(1_024, 2**30),
    "limit.max_media_sections": readers.whole(3, 1_000),
    "limit.subscription_limit_audio": _INT32,
    "limit.subscription_limit_video": _INT32,
    "limit.num_tracks": readers.whole(-1, 2**31 - 1),
    "limit.bytes_per_sec": readers.whole(-1, 2**53),
    "logging.level": readers.log_level,
    "logging.json": readers.boolean,
    "rtc.node_ip": readers.address,
    "rtc.udp_port": _PORT,
    "rtc.stun_servers": readers.many(readers.text),
    "rtc.turn_servers": readers.many(readers.turn_server),
    "rtc.connect_timeout": _SECONDS,
    "rtc.disconnect_timeout": _SECONDS,
    "rtc.failed_timeout": _SECONDS,
    "rtc.resume_timeout": readers.whole(0, 3_600),
    "rtc.max_packets_per_second": readers.whole(100, 10_000_000),
    "rtc.packet_buffer_size_video": _PACKETS,
    "rtc.packet_buffer_size_audio": _PACKETS,
    "rtc.pli_throttle": readers.pli_throttle,
    "rtc.max_streams": readers.whole(1, 512),
    "rtc.start_bitrate": _BITRATE,
    "rtc.max_bitrate": _BITRATE,
    "rtc.udp_buffer_size": readers.whole(65_536, 2**30),
    "rtc.reliable_buffer_size": _BUFFER,
    "rtc.lossy_buffer_size": _BUFFER,
    "rtc.data_channel_max_buffered_amount": readers.whole(0, 2**40),
    "rtc.max_data_channels": readers.whole(3, 1_024),
    "rtc.max_data_track_copies": readers.whole(1, 10_000_000),
    "grpc.port": _PORT,
    "prometheus.port": _PORT,
    "prometheus.username": readers.text,
    "prometheus.password": readers.text,
    "shutdown.notice": readers.whole(0, 3_600),
    **event_readers.SUPPORTED,
    **egress_readers.SUPPORTED,
}
"""Readers by path."""

OWN = frozenset(
    {
        "admin",
        "egress",
        "events",
        "grpc",
        "limit.max_data_size",
        "limit.max_join_request",
        "limit.max_media_sections",
        "limit.max_missed_messages",
        "limit.max_signal_backlog",
        "limit.max_signal_size",
        "limit.max_track_announcement",
        "limit.max_tracks",
        "rtc.connect_timeout",
        "rtc.disconnect_timeout",
        "rtc.failed_timeout",
        "rtc.lossy_buffer_size",
        "rtc.max_bitrate",
        "rtc.max_data_channels",
        "rtc.max_data_track_copies",
        "rtc.max_packets_per_second",
        "rtc.max_streams",
        "rtc.reliable_buffer_size",
        "rtc.resume_timeout",
        "rtc.start_bitrate",
        "rtc.udp_buffer_size",
        "shutdown",
        "webhook.max_age",
        "webhook.max_waiting",
        "webhook.outbox_directory",
        "webhook.parallel",
        "webhook.timeout",
    }
)
"""Keys, and whole sections, that LiveKit's format has not."""

RENAMED: Mapping[str, str] = {
    "log_level": "logging.level",
    "room.max_metadata_size": "limit.max_metadata_size",
    "rtc.packet_buffer_size": "rtc.packet_buffer_size_video",
    "prometheus_port": "prometheus.port",
    "enable_data_tracks": "room.enable_data_tracks",
}
"""Spellings that LiveKit reads, older ones mostly."""

NOT_SUPPORTED = frozenset(
    {
        "agents",
        "api",
        "audio",
        "debug_handler_port",
        "environment",
        "ingress",
        "logging.component_levels",
        "logging.item_sample_seconds",
        "logging.item_sample_initial",
        "logging.item_sample_interval",
        "logging.pion_level",
        "logging.sample",
        "metric",
        "node_selector",
        "node_stats",
        "psrpc",
        "redis",
        "region",
        "room.create_room_attempts",
        "room.create_room_enabled",
        "room.create_room_timeout",
        "room.playout_delay",
        "room.sync_streams",
        "rtc.advertise_internal_ip",
        "rtc.allow_tcp_fallback",
        "rtc.allow_timestamp_adjustment",
        "rtc.allow_udp_unstable_fallback",
        "rtc.batch_io",
        "rtc.congestion_control",
        "rtc.datachannel_lossy_target_latency",
        "rtc.datachannel_slow_threshold",
        "rtc.enable_loopback_candidate",
        "rtc.external_ip_only",
        "rtc.force_tcp",
        "rtc.forward_stats",
        "rtc.interfaces",
        "rtc.ips",
        "rtc.nat_1_to_1_ips",
        "rtc.port_range_end",
        "rtc.port_range_start",
        "rtc.reconnect_on_data_channel_error",
        "rtc.reconnect_on_publication_error",
        "rtc.reconnect_on_subscription_error",
        "rtc.strict_acks",
        "rtc.tcp_port",
        "rtc.use_external_ip",
        "rtc.use_ice_lite",
        "rtc.use_mdns",
        "signal_relay",
        "sip",
        "trace",
        "transport",
        "turn",
        "video",
        "webhook.resource_url_notifier",
        "webhook.url_notifier",
        "whip",
    }
)
"""LiveKit's keys without effect here: sections as a whole, or single keys."""

SECTIONS = frozenset(path.partition(".")[0] for path in SUPPORTED if "." in path)


def known_beside(path: str) -> list[str]:
    """All known keys of the section that `path` is in."""
    section = path.rpartition(".")[0]
    paths = {*SUPPORTED, *NOT_SUPPORTED, *SECTIONS}
    return sorted(known for known in paths if known.rpartition(".")[0] == section)
