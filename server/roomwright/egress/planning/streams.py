"""URLs of live streams: which protocol they mean, and whether they can be used. Errors never show their keys."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from roomwright.egress.redaction import stream_url
from roomwright.egress.refusals import invalid, invalid_url, not_here
from roomwright_proto import livekit as pb

_PROTOCOL = pb.StreamProtocol
_SCHEMES = {
    "rtmp": _PROTOCOL.RTMP,
    "rtmps": _PROTOCOL.RTMP,
    "mux": _PROTOCOL.RTMP,
    "srt": _PROTOCOL.SRT,
    "ws": _PROTOCOL.WEBSOCKET,
    "wss": _PROTOCOL.WEBSOCKET,
}
_MUX = "rtmps://global-live.mux.com:443/app/"
_LONGEST = 2_048
_MOST = 20


def protocol(asked: pb.StreamProtocol, urls: Sequence[str]) -> pb.StreamProtocol:
    """The protocol, by the first URL's scheme where the request does not say."""
    found = asked or _protocol_of(urls[0])
    if found is _PROTOCOL.SRT:
        raise not_here("streaming over SRT")
    if found is not _PROTOCOL.RTMP and found is not _PROTOCOL.WEBSOCKET:
        raise invalid("stream protocol")
    return found


def destinations(asked: Sequence[pb.StreamDestination]) -> tuple[pb.StreamDestination, ...]:
    """Destinations of an RTMP stream, checked and spelled out."""
    if len(asked) > _MOST:
        raise invalid("stream url", f"at most {_MOST}")
    found = tuple(pb.StreamDestination(id=one.id, url=rtmp_url(one.url)) for one in asked)
    if len({one.url for one in found}) < len(found):
        raise invalid("stream url", "the same one twice")
    return found


def rtmp_url(url: str) -> str:
    """A URL that can be streamed to over RTMP; a short form such as `mux://key` is spelled out."""
    url = url.strip()
    _check_text(url)
    if url.startswith("mux://"):
        return _MUX + url.removeprefix("mux://")
    if _protocol_of(url) is _PROTOCOL.SRT:
        raise not_here("streaming over SRT")
    if _protocol_of(url) is not _PROTOCOL.RTMP:
        raise invalid_url(stream_url(url), "its scheme must be rtmp or rtmps")
    return url


def websocket_url(url: str) -> str:
    """A URL of a WebSocket."""
    url = url.strip()
    _check_text(url)
    if _protocol_of(url) is not _PROTOCOL.WEBSOCKET:
        raise invalid_url(stream_url(url), "its scheme must be ws or wss")
    return url


def _check_text(url: str) -> None:
    if not url:
        raise invalid("stream url")
    if len(url) > _LONGEST or not url.isprintable() or any(character.isspace() for character in url):
        raise invalid_url("{url}", f"it must be at most {_LONGEST} printable characters without blanks")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise invalid_url(stream_url(url), "it names no host")


def _protocol_of(url: str) -> pb.StreamProtocol | None:
    return _SCHEMES.get(url.strip().partition("://")[0].lower())
