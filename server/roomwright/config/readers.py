"""One reader per kind of value: it takes what YAML gave and the key's path, and returns the value or refuses it.

Every error names the key, the value and what is allowed. Secrets are never in a message.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar, cast

import betterproto2
import orjson

from roomwright.config.settings import PliThrottle, TurnServer
from roomwright_proto import livekit as pb

_Message = TypeVar("_Message", bound=betterproto2.Message)
Reader = Callable[[Any, str], Any]
"""Given a YAML value and the path of its key. Raises ConfigError."""

_SHOWN = 80
_LONGEST_S = 3_600
_LONGEST_HOST = 253
"""Characters of a host's name, by the rules of DNS."""


class ConfigError(ValueError):
    """The settings cannot be used; the message is one line that names the key, the value and what is allowed."""


def refuse(path: str, value: object, allowed: str) -> ConfigError:
    """The error for a `value` at `path` that is not what is `allowed`."""
    return ConfigError(f"{path} must be {allowed}, not {_show(value)}")


def _show(value: object) -> str:
    """A value in a few words; what is inside of mappings and lists may be secret."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def boolean(value: Any, path: str) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise refuse(path, value, "true or false")
    return value


def whole(lowest: int, highest: int) -> Reader:
    """A whole number in a range, both ends included."""

    def read(value: Any, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise refuse(path, value, f"a whole number from {lowest} to {highest}")
        return value

    return read


_DURATION = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,9})?)(?P<unit>ms|s|m)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def duration(value: Any, path: str) -> float:
    """A time such as `500ms`, `1.5s` or `2m`, in seconds."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    seconds = float(found["number"]) * _SECONDS[found["unit"]] if found else -1.0
    if not 0 <= seconds <= _LONGEST_S:
        raise refuse(path, value, "a time from 0s to 60m, such as 500ms or 1s")
    return seconds


def pli_throttle(value: Any, path: str) -> PliThrottle:
    """How often a publisher is asked for a key frame, by layer."""
    given = mapping(value, path)
    known = [field.name for field in fields(PliThrottle)]
    for key in given:
        if key not in known:
            raise ConfigError(f"{path}: {str(key)[:_SHOWN]!r} is not one of {', '.join(known)}")
    return PliThrottle(**{name: duration(item, f"{path}.{name}") for name, item in given.items() if item is not None})


def log_level(value: Any, path: str) -> str:
    """The least level that is logged; `warning` is accepted for `warn`."""
    level = "warn" if value == "warning" else value
    if level not in ("debug", "info", "warn", "error"):
        raise refuse(path, value, "one of debug, info, warn, error")
    return cast("str", level)


def text(value: Any, path: str) -> str:
    """A string that is not empty."""
    if not isinstance(value, str) or not value:
        raise refuse(path, value, "a text")
    return value


def address(value: Any, path: str) -> str:
    """An IPv4 or IPv6 address."""
    try:
        return str(ipaddress.ip_address(text(value, path)))
    except ValueError as error:
        raise refuse(path, value, "an IP address") from error


def host(value: Any, path: str) -> str:
    """An IP address or a host name; an empty one means every interface."""
    if not isinstance(value, str) or not _looks_like_a_host(value):
        raise refuse(path, value, "an IP address or a host name, without a port")
    return value


def _looks_like_a_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return not any(character.isspace() or character in ":/[]" for character in text) and _has_fit_labels(text)
    return True


def _has_fit_labels(host: str) -> bool:
    """Whether a name can be asked for: neither its parts nor the whole are too long, and no part is empty."""
    try:
        return len(host.encode("idna")) <= _LONGEST_HOST
    except UnicodeError:
        return False


def many(item: Reader) -> Reader:
    """A list."""

    def read(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise refuse(path, value, "a list")
        return tuple(item(each, f"{path}[{index}]") for index, each in enumerate(cast("list[Any]", value)))

    return read


def mapping(value: Any, path: str) -> Mapping[Any, Any]:
    """A mapping, with keys of any type."""
    if not isinstance(value, dict):
        raise refuse(path, value, 'a mapping of "name: value" lines')
    return cast("dict[Any, Any]", value)


def turn_server(value: Any, path: str) -> TurnServer:
    """A TURN server; its credential is never shown."""
    given = mapping(value, path)
    for key in given:
        if key not in _TURN_SERVER:
            raise ConfigError(f"{path}: {str(key)[:_SHOWN]!r} is not a key of a TURN server that is supported")
    for needed in ("host", "port"):
        if given.get(needed) is None:
            raise ConfigError(f"{path}.{needed} is missing")
    read = {name: _TURN_SERVER[name](item, f"{path}.{name}") for name, item in given.items() if item is not None}
    return TurnServer(**read)


def _turn_protocol(value: Any, path: str) -> str:
    if value not in ("udp", "tcp", "tls"):
        raise refuse(path, value, "one of udp, tcp, tls")
    return cast("str", value)


def _credential(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{path} must be a text; put it in quotes")
    return value


_TURN_SERVER: Mapping[str, Reader] = {
    "host": host,
    "port": whole(1, 65_535),
    "protocol": _turn_protocol,
    "username": text,
    "credential": _credential,
}


def keys(value: Any, path: str) -> Mapping[str, str]:
    """API keys and their secrets."""
    if not isinstance(value, dict):
        raise ConfigError(f'{path} must be lines of "key: secret", with a blank after the colon')
    for key, secret in cast("dict[Any, Any]", value).items():
        if not isinstance(key, str) or not key:
            raise ConfigError(f"{path}: the API key {key!r} must be a text; put it in quotes")
        if not isinstance(secret, str) or not secret:
            raise ConfigError(f"{path}.{key}: the secret must be a text that is not empty; put it in quotes")
    return cast("dict[str, str]", value)


def codecs(value: Any, path: str) -> tuple[pb.Codec, ...]:
    """A list of codecs, each a mapping with `mime` and `fmtp_line`."""
    return many(lambda item, item_path: message(pb.Codec, item, item_path))(value, path)


PRESET_KEYS = frozenset(field.name for field in fields(pb.RoomConfiguration))
"""What a room configuration may say, in the spelling of configuration files."""


def room_configurations(value: Any, path: str) -> Mapping[str, pb.RoomConfiguration]:
    """Named room configurations; their keys are the fields of `livekit.RoomConfiguration`."""
    return {
        text(name, f"{path}, a name in it,"): message(pb.RoomConfiguration, item or {}, f"{path}.{name}")
        for name, item in mapping(value, path).items()
    }


def message(kind: type[_Message], value: Any, path: str) -> _Message:
    """A message of the schema, whose keys are its fields."""
    from roomwright import codec  # only configurations with messages in them pay for it

    try:
        return codec.from_json(kind, orjson.dumps(mapping(value, path)))
    except (codec.CodecError, orjson.JSONEncodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
