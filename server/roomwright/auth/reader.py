"""Between the JSON of a token's payload and `Claims`, in both directions.

A new grant needs no entry here: a field of `VideoGrant` or `SipGrant` is read and written under its name in camel case
(`room_admin` is `roomAdmin`) and by the type of its default. Names are matched without regard to letter case, `null` is
absent, unknown names are skipped, and a known name with a value of another type makes the token invalid.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar, cast

import orjson

from roomwright import errors
from roomwright.auth.claims import Claims, SipGrant, VideoGrant
from roomwright_proto import livekit as pb

_Grant = TypeVar("_Grant", VideoGrant, SipGrant)
_Reader = Callable[[Any, str], Any]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_JSON_TYPES: Mapping[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


class _Claim(NamedTuple):
    """How one field of `Claims` is called in a payload, read from it and written to it."""

    name: str
    read: _Reader
    write: Callable[[Any], Any]


def read_issuer(payload: Mapping[str, Any]) -> str:
    """The API key that a payload names."""
    issuer = _present(payload).get("iss")
    if issuer is None or issuer == "":
        raise errors.unauthenticated("the token has no iss claim, which must name the API key that signed it")
    return _string(issuer, "iss")


def read_claims(payload: Mapping[str, Any]) -> Claims:
    """The claims of a payload. An `unauthenticated` error names the claim that is wrong."""
    found = _present(payload)
    if "exp" not in found:
        raise errors.unauthenticated("the token has no exp claim; every token must expire")
    _check_unused(found)
    if "jti" in found:
        found["sub"] = found.get("sub") or found["jti"]
    return Claims(
        **{
            field: claim.read(found[claim.name.lower()], claim.name)
            for field, claim in _CLAIMS.items()
            if claim.name.lower() in found
        }
    )


def _check_unused(found: Mapping[str, Any]) -> None:
    """Registered claims decide nothing here (`jti` but stands in for `sub`), yet must be of their type."""
    _string(found.get("jti", ""), "jti")
    _seconds(found.get("iat", 0), "iat")
    audience = found.get("aud", "")
    if not isinstance(audience, str):
        _strings(audience, "aud")


def write_claims(claims: Claims) -> dict[str, Any]:
    """The payload that `read_claims` turns into `claims`; what has its default is left out."""
    return {
        claim.name: claim.write(value)
        for field, claim in _CLAIMS.items()
        if (value := getattr(claims, field)) != getattr(_DEFAULT_CLAIMS, field)
    }


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in values.items() if value is not None}


def _wrong_type(name: str, wanted: str, value: object) -> errors.ServiceError:
    return errors.unauthenticated(f"the token's claim {name} must be {wanted}, not {_JSON_TYPES[type(value)]}")


def _boolean(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(name, "a boolean", value)
    return value


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(name, "a string", value)
    return value


def _strings(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong_type(name, "an array of strings", value)
    return tuple(_string(item, f"{name}[{index}]") for index, item in enumerate(cast("list[Any]", value)))


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type(name, "an object", value)
    return cast("dict[str, Any]", value)


def _attributes(value: Any, name: str) -> Mapping[str, str]:
    given = _object(value, name)
    return {key: _string(item, f"{name}.{key[:64]}") for key, item in given.items() if item is not None}


def _seconds(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong_type(name, "a number of seconds since 1970", value)
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise errors.unauthenticated(f"the token's claim {name} is a string that holds no number")
    seconds = float(value)
    if not math.isfinite(seconds):
        raise errors.unauthenticated(f"the token's claim {name} is not a finite number")
    return seconds


def _write_seconds(seconds: float) -> float:
    return int(seconds) if float(seconds).is_integer() else seconds


def _room_configuration(value: Any, name: str) -> pb.RoomConfiguration:
    from roomwright import codec  # only tokens with this rare claim pay for it

    try:
        return codec.from_twirp_json(pb.RoomConfiguration, orjson.dumps(_object(value, name)))
    except codec.CodecError as error:
        raise errors.unauthenticated(f"the token's claim {name} is not a room configuration: {error}") from error


def _write_room_configuration(configuration: pb.RoomConfiguration) -> Any:
    from roomwright import codec

    return orjson.loads(codec.to_json(configuration))


def _camel_case(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


_READER_BY_DEFAULT: Mapping[Any, _Reader] = {False: _boolean, None: _boolean, "": _string, (): _strings}


@cache
def _grant_fields(grant: type[VideoGrant] | type[SipGrant]) -> tuple[tuple[str, str, _Reader], ...]:
    """Field, claim name and reader of every field of a grant."""
    return tuple(
        (field.name, _camel_case(field.name), _READER_BY_DEFAULT[field.default]) for field in dataclasses.fields(grant)
    )


def _grant(grant: type[_Grant], value: Any, name: str) -> _Grant:
    found = _present(_object(value, name))
    return grant(
        **{
            field: read(found[claim.lower()], f"{name}.{claim}")
            for field, claim, read in _grant_fields(grant)
            if claim.lower() in found
        }
    )


def _write_grant(grant: VideoGrant | SipGrant) -> dict[str, Any]:
    default = type(grant)()
    return {
        claim: value
        for field, claim, _ in _grant_fields(type(grant))
        if (value := getattr(grant, field)) != getattr(default, field)
    }


def _as_is(value: Any) -> Any:
    return value


_DEFAULT_CLAIMS = Claims()
_CLAIMS: Mapping[str, _Claim] = {
    "issuer": _Claim("iss", _string, _as_is),
    "identity": _Claim("sub", _string, _as_is),
    "name": _Claim("name", _string, _as_is),
    "kind": _Claim("kind", _string, _as_is),
    "metadata": _Claim("metadata", _string, _as_is),
    "attributes": _Claim("attributes", _attributes, dict),
    "video": _Claim("video", partial(_grant, VideoGrant), _write_grant),
    "sip": _Claim("sip", partial(_grant, SipGrant), _write_grant),
    "room_preset": _Claim("roomPreset", _string, _as_is),
    "room_config": _Claim("roomConfig", _room_configuration, _write_room_configuration),
    "sha256": _Claim("sha256", _string, _as_is),
    "not_before": _Claim("nbf", _seconds, _write_seconds),
    "expires_at": _Claim("exp", _seconds, _write_seconds),
}
