"""The effective configuration as YAML, to be looked at: secrets are masked."""

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

import betterproto2
import yaml

from roomwright.config.settings import Config, PliThrottle

MASK = "********"
_SECRET_FIELDS = frozenset(
    {
        "access_key",
        "account_key",
        "assume_role_external_id",
        "credentials",
        "password",
        "secret",
        "session_token",
        "urls",  # stream addresses end in stream keys
    }
)
"""Fields of egress requests inside a room configuration that hold credentials."""


_OWN_SECRETS = ("credential", "password")
"""Fields of our own settings that are secret."""


def to_yaml(config: Config) -> str:
    """All settings, in the order of the dataclasses and under the names of the configuration file."""
    plain = {**_fields(config), "keys": dict.fromkeys(config.keys, MASK)}
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, betterproto2.Message):
        return {name: MASK if name in _SECRET_FIELDS else item for name, item in _fields(value).items() if item}
    if isinstance(value, PliThrottle):
        return {name: f"{seconds * 1000:g}ms" for name, seconds in _fields(value).items()}
    if isinstance(value, Enum):
        return value.name
    if dataclasses.is_dataclass(value):
        return {name: MASK if name in _OWN_SECRETS and item else item for name, item in _fields(value).items()}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("tuple[Any, ...] | list[Any]", value)]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
