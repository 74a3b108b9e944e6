"""Settings: their shape, their defaults, and where they come from. It starts nothing."""

from roomwright.config.egress_settings import EgressCosts, EgressLimits, EgressSettings, EgressStorage
from roomwright.config.event_settings import EventSettings, WebhookSettings, WebhookUrl
from roomwright.config.load import DEV_KEYS, Flags, Loaded, load, require_keys
from roomwright.config.readers import ConfigError
from roomwright.config.settings import (
    DEFAULT_CODECS,
    Config,
    GrpcSettings,
    LimitSettings,
    LoggingSettings,
    PliThrottle,
    PrometheusSettings,
    RoomSettings,
    RtcSettings,
    ShutdownSettings,
    TurnServer,
)

__all__ = [
    "DEFAULT_CODECS",
    "DEV_KEYS",
    "Config",
    "ConfigError",
    "EgressCosts",
    "EgressLimits",
    "EgressSettings",
    "EgressStorage",
    "EventSettings",
    "Flags",
    "GrpcSettings",
    "LimitSettings",
    "Loaded",
    "LoggingSettings",
    "PliThrottle",
    "PrometheusSettings",
    "RoomSettings",
    "RtcSettings",
    "ShutdownSettings",
    "TurnServer",
    "WebhookSettings",
    "WebhookUrl",
    "load",
    "require_keys",
]
