"""The table of all keys: what each one takes, and which of LiveKit's keys this server does not follow yet.

A key becomes supported by moving it from `NOT_SUPPORTED` to `SUPPORTED`, with a reader and a field in `settings.py`.
"""

from collections.abc import Mapping

from roomwright.config import event_readers, readers
from roomwright.config.readers import Reader

_PORT = readers.whole(0, 65_535)
_UINT32 = readers.whole(0, 2**32 - 1)

SUPPORTED: Mapping[str, Reader] = {
    "port": _PORT,
    "bind_addresses": readers.many(readers.host),
    "keys": readers.keys,
    "key_file": readers.text,
    "development": readers.boolean,
    "room.auto_create": readers.boolean,
    "room.empty_timeout": _UINT32,
    "room.departure_timeout": _UINT32,
    "room.max_participants": _UINT32,
    "room.enabled_codecs": readers.codecs,
    "room.enable_remote_unmute": readers.boolean,
    "room.room_configurations": readers.room_configurations,
    "limit.max_metadata_size": _UINT32,
    "limit.max_attributes_size": _UINT32,
    "limit.max_room_name_length": _UINT32,
    "limit.max_participant_name_length": _UINT32,
    "limit.max_participant_identity_length": _UINT32,
    "limit.max_data_size": _UINT32,
    "limit.max_signal_size": _UINT32,
    "limit.max_signal_backlog": _UINT32,
    "logging.level": readers.log_level,
    "logging.json": readers.boolean,
    "rtc.node_ip": readers.address,
    "rtc.udp_port": _PORT,
    "rtc.stun_servers": readers.many(readers.text),
    "rtc.turn_servers": readers.many(readers.turn_server),
    "grpc.port": _PORT,
    **event_readers.SUPPORTED,
}
"""Readers by path. `limit.max_data_size`, `limit.max_signal_…` and `grpc.port` are not in LiveKit's format."""

RENAMED: Mapping[str, str] = {"log_level": "logging.level", "room.max_metadata_size": "limit.max_metadata_size"}
"""Older spellings that LiveKit still reads."""

NOT_SUPPORTED = frozenset(
    {
        "agents",
        "api",
        "audio",
        "debug_handler_port",
        "enable_data_tracks",
        "environment",
        "ingress",
        "limit.bytes_per_sec",
        "limit.num_tracks",
        "limit.subscription_limit_audio",
        "limit.subscription_limit_video",
        "logging.component_levels",
        "logging.item_sample_seconds",
        "logging.item_sample_initial",
        "logging.item_sample_interval",
        "logging.pion_level",
        "logging.sample",
        "metric",
        "node_selector",
        "node_stats",
        "prometheus",
        "prometheus_port",
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
        "rtc.data_channel_max_buffered_amount",
        "rtc.datachannel_lossy_target_latency",
        "rtc.datachannel_slow_threshold",
        "rtc.enable_loopback_candidate",
        "rtc.external_ip_only",
        "rtc.force_tcp",
        "rtc.forward_stats",
        "rtc.interfaces",
        "rtc.ips",
        "rtc.nat_1_to_1_ips",
        "rtc.packet_buffer_size",
        "rtc.packet_buffer_size_audio",
        "rtc.packet_buffer_size_video",
        "rtc.pli_throttle",
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
