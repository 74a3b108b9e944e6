"""Where settings come from, and which source wins: flags, then environment variables, then the file, then defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roomwright.config import document, readers
from roomwright.config.advice import advice
from roomwright.config.document import Values
from roomwright.config.egress_settings import EgressSettings
from roomwright.config.event_readers import check_signing_keys
from roomwright.config.event_settings import EventSettings, WebhookSettings
from roomwright.config.readers import ConfigError
from roomwright.config.schema import SECTIONS, SUPPORTED
from roomwright.config.settings import (
    Config,
    GrpcSettings,
    LimitSettings,
    LoggingSettings,
    PrometheusSettings,
    RoomSettings,
    RtcSettings,
    ShutdownSettings,
)

DEV_KEYS: Mapping[str, str] = {"devkey": "secret"}
"""The pair that LiveKit users expect of `--dev`. Everybody knows it."""

_DEV_DEFAULTS: Mapping[str, Any] = {
    "bind_addresses": ("127.0.0.1",),
    "keys": DEV_KEYS,
    "logging.level": "debug",
}
_SECTION_TYPES = {
    "room": RoomSettings,
    "limit": LimitSettings,
    "logging": LoggingSettings,
    "rtc": RtcSettings,
    "grpc": GrpcSettings,
    "webhook": WebhookSettings,
    "events": EventSettings,
    "egress": EgressSettings,
    "prometheus": PrometheusSettings,
    "shutdown": ShutdownSettings,
}
_VARIABLES: Mapping[str, str] = {
    **{f"LIVEKIT_{path.upper().replace('.', '_')}": path for path in SUPPORTED},
    "NODE_IP": "rtc.node_ip",
    "UDP_PORT": "rtc.udp_port",
}
_VARIABLES_NOT_SUPPORTED = (
    "LIVEKIT_REGION",
    "LIVEKIT_TURN_CERT",
    "LIVEKIT_TURN_KEY",
    "REDIS_HOST",
    "REDIS_PASSWORD",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What the command line says; None and empty where it says nothing. `keys` is text: lines of `key: secret`."""

    config: str | None = None
    config_body: str | None = None
    keys: str | None = field(default=None, repr=False)
    key_file: str | None = None
    bind: tuple[str, ...] = ()
    port: int | None = None
    node_ip: str | None = None
    udp_port: int | None = None
    grpc_port: int | None = None
    dev: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration, and what its owner should know about it, one line each."""

    config: Config
    warnings: tuple[str, ...]


def load(flags: Flags | None = None, environment: Mapping[str, str] | None = None) -> Loaded:
    """The effective configuration. Raises ConfigError."""
    flags, environment = flags or Flags(), environment or {}
    body, warnings = _read_document(flags, environment)
    variables, more_warnings = _read_variables(environment)
    values = {**_with_key_file(body), **_with_key_file(variables), **_with_key_file(_read_flags(flags))}
    if values.get("development"):
        values = {**_DEV_DEFAULTS, **values}
    config = _build(values)
    check_signing_keys(config.webhook, config.keys)
    return Loaded(config=config, warnings=(*warnings, *more_warnings, *advice(config, DEV_KEYS)))


def require_keys(config: Config) -> None:
    """Raise ConfigError when there is no API key: such a server would answer nobody."""
    if not config.keys:
        raise ConfigError(
            'no API key is configured: give one with --keys "key: secret" (or in the file, or in LIVEKIT_KEYS), '
            "or use --dev to try things out"
        )


def _read_document(flags: Flags, environment: Mapping[str, str]) -> tuple[Values, list[str]]:
    variable = environment.get("LIVEKIT_CONFIG")
    if flags.config_body is not None and flags.config is not None:
        raise ConfigError("--config and --config-body are both given; keep one")
    if flags.config_body is not None:
        text, source = flags.config_body, "--config-body"
    elif flags.config is not None:
        text, source = _read_file(flags.config), flags.config
    elif variable:
        return document.read(document.parse(variable, "LIVEKIT_CONFIG"), "LIVEKIT_CONFIG")
    else:
        return {}, []
    values, warnings = document.read(document.parse(text, source), source)
    return values, [*warnings, f"LIVEKIT_CONFIG is ignored: {source} is given"] if variable else warnings


def _read_variables(environment: Mapping[str, str]) -> tuple[Values, list[str]]:
    values: Values = {}
    for name, path in _VARIABLES.items():
        text = environment.get(name, "")
        # Kubernetes sets LIVEKIT_PORT=tcp://… in every container beside a service that is called livekit
        if not text or text.startswith("tcp://"):
            continue
        values[path] = _read_keys(text, name) if path == "keys" else _read_variable(path, name, text)
    return values, [
        f"{name} is not supported yet and ignored" for name in _VARIABLES_NOT_SUPPORTED if name in environment
    ]


def _read_variable(path: str, name: str, text: str) -> Any:
    return SUPPORTED[path](document.parse(text, name), name)


def _read_flags(flags: Flags) -> Values:
    given: dict[str, tuple[str, Any]] = {
        "key_file": ("--key-file", flags.key_file),
        "bind_addresses": ("--bind", list(flags.bind) or None),
        "port": ("--port", flags.port),
        "rtc.node_ip": ("--node-ip", flags.node_ip),
        "rtc.udp_port": ("--udp-port", flags.udp_port),
        "grpc.port": ("--grpc-port", flags.grpc_port),
        "development": ("--dev", flags.dev or None),
    }
    values = {path: SUPPORTED[path](value, name) for path, (name, value) in given.items() if value is not None}
    return values if flags.keys is None else {**values, "keys": _read_keys(flags.keys, "--keys")}


def _read_keys(text: str, source: str) -> Mapping[str, str]:
    return readers.keys(document.parse_key_lines(text, source), source)


def _with_key_file(values: Values) -> Values:
    """The values of one source, with its key file read."""
    path = values.get("key_file")
    if path is None:
        return values
    if "keys" in values:
        raise ConfigError("keys and key_file are both given; keep one")
    others = {name: value for name, value in values.items() if name != "key_file"}
    return {**others, "keys": _read_keys(_read_file(path), path)}


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"cannot read {path}: {error}") from error


def _build(values: Values) -> Config:
    sections: dict[str, Any] = {
        section: _SECTION_TYPES[section](
            **{
                path.removeprefix(f"{section}."): value
                for path, value in values.items()
                if path.startswith(f"{section}.")
            }
        )
        for section in SECTIONS
    }
    return Config(**{path: value for path, value in values.items() if "." not in path}, **sections)
