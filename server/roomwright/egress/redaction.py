"""Requests and URLs without what nobody should read: keys, secrets, credentials.

Owns what counts as secret in an egress. Pure, and light: recorders use it too.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import betterproto2

from roomwright_proto import livekit as pb

_Message = TypeVar("_Message", bound=betterproto2.Message)

_SECRETS: Mapping[type[betterproto2.Message], tuple[str, ...]] = {
    pb.S3Upload: ("access_key", "secret", "session_token", "assume_role_external_id"),
    pb.GcpUpload: ("credentials",),
    pb.AzureBlobUpload: ("account_name", "account_key"),
    pb.AliOssUpload: ("access_key", "secret"),
    pb.ProxyConfig: ("username", "password"),
}
_URLS: Mapping[type[betterproto2.Message], tuple[str, ...]] = {
    pb.StreamOutput: ("urls",),
    pb.StreamDestination: ("url",),
    pb.TrackEgressRequest: ("websocket_url",),
    pb.ProxyConfig: ("url",),
    pb.WebhookConfig: ("url",),
}
_RTMP = re.compile(r"(rtmps?://)(\S+/)(\S+)", re.IGNORECASE)
_KEY_ALONE = ("mux", "twitch")
_SHOWN = 3


def redacted(message: _Message) -> _Message:
    """A copy whose secrets are replaced by their names in braces, and whose URLs have no keys."""
    kind = type(message)
    copy = kind()
    for field in dataclasses.fields(cast("Any", message)):
        value = getattr(message, field.name)
        if field.name in _SECRETS.get(kind, ()):
            value = f"{{{field.name}}}" if value else value
        elif field.name in _URLS.get(kind, ()):
            value = [stream_url(url) for url in cast("list[str]", value)] if isinstance(value, list) else _url(value)
        else:
            value = _inside(value)
        setattr(copy, field.name, value)
    return copy


def stream_url(url: str) -> str:
    """A URL whose last part, the key, shows only a few letters of its ends; also without credentials and query."""
    match = _RTMP.fullmatch(url.strip())
    if match:
        scheme, middle, key = match.groups()
        return f"{scheme}{_without_user(middle)}{_ends(key)}"
    return _url(url) or ""


def _inside(value: Any) -> Any:
    match value:
        case betterproto2.Message():
            return redacted(value)
        case list():
            return [_inside(item) for item in cast("list[Any]", value)]
        case dict():
            return {key: _inside(item) for key, item in cast("dict[Any, Any]", value).items()}
        case _:
            return value


def _url(url: str | None) -> str | None:
    """Any other URL without user, password, query and fragment; None stays None."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return "{url}"
    if not parts.netloc:
        return "{url}"
    if parts.scheme in _KEY_ALONE:
        return f"{parts.scheme}://{_ends(parts.netloc)}"
    hidden = "?{...}" if parts.query or parts.fragment else ""
    return f"{parts.scheme}://{_without_user(parts.netloc)}{parts.path}{hidden}"


def _without_user(text: str) -> str:
    host, slash, rest = text.partition("/")
    return f"{host.rpartition('@')[2]}{slash}{rest}"


def _ends(key: str) -> str:
    """`{abc...xyz}`: enough to tell keys apart; of a short key less."""
    shown = next((count for count in range(_SHOWN, 0, -1) if len(key) >= 3 * count), 0)
    return f"{{{key[:shown]}...{key[len(key) - shown :]}}}"
