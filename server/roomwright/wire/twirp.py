"""Twirp v7: from a path, a content type and bytes to a handler and back (https://twitchtv.github.io/twirp/docs/spec_v7.html).

Owns the routes below `/twirp`, the choice of codec, and errors as JSON. Knows nothing of sockets: `http.py` reads
and writes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from roomwright import codec
from roomwright.errors import Code, ServiceError
from roomwright.services.routes import Route
from roomwright.sfu.backend import Caller
from roomwright.wire.answer import Answer
from roomwright.wire.handling import Decode, Encode, handle

PREFIX = "/twirp"
JSON = "application/json"
PROTOBUF = "application/protobuf"

STATUS = {
    Code.CANCELED: 408,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.MALFORMED: 400,
    Code.DEADLINE_EXCEEDED: 408,
    Code.NOT_FOUND: 404,
    Code.BAD_ROUTE: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.UNAUTHENTICATED: 401,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 412,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
}
"""HTTP status of each code, as the Twirp specification has it."""

_CODECS: Mapping[str, tuple[Decode, Encode, str]] = {
    JSON: (codec.from_twirp_json, codec.to_twirp_json, f"the {JSON} body"),
    PROTOBUF: (codec.decode, codec.encode, f"the {PROTOBUF} body"),
}


def error(refusal: ServiceError, status: int | None = None) -> Answer:
    """A refusal as Twirp's JSON; `status` overrides the one of its code."""
    body: dict[str, Any] = {"code": refusal.code, "msg": _utf8(refusal.message)}
    if refusal.meta:
        body["meta"] = {key: _utf8(value) for key, value in refusal.meta.items()}
    return Answer(status or STATUS[refusal.code], _json(body), JSON)


def _json(body: dict[str, Any]) -> bytes:
    """JSON that is safe inside HTML, as the reference writes its errors."""
    text = orjson.dumps(body)
    return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def _utf8(text: str) -> str:
    """`text` with what UTF-8 cannot hold (half a surrogate pair, from an odd path or header) replaced."""
    return text.encode("utf-8", "replace").decode()


def bad_route(message: str, verb: str, path: str) -> Answer:
    """No method is meant by this verb, path and content type."""
    return error(ServiceError(Code.BAD_ROUTE, message, {"twirp_invalid_route": f"{verb} {path}"}))


def media_type(content_type: str) -> str:
    """`Application/JSON; charset=utf-8` → `application/json`."""
    return content_type.partition(";")[0].strip().lower()


class Twirp:
    """All methods by their Twirp path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = {PREFIX + route.path: route for route in routes}
        self._services = {path.rsplit("/", 1)[0] for path in self.routes}

    def __repr__(self) -> str:
        return f"<Twirp: {len(self._services)} services, {len(self.routes)} methods>"

    def owns(self, path: str) -> bool:
        """Whether `path` is a Twirp path, of a known service or not: its refusals are then Twirp's JSON."""
        return path.startswith(f"{PREFIX}/")

    def needs_slash(self, path: str) -> bool:
        """Whether `path` is a service's path without the slash that ends it."""
        return path in self._services

    def find(self, verb: str, path: str, content_type: str) -> tuple[Route, str] | Answer:
        """The method and the media type to speak, or why there is none; in the order of the reference's checks."""
        if verb != "POST":
            return bad_route(f"method {verb!r} is not supported, only POST is", verb, path)
        route = self.routes.get(path)
        if route is None:
            return bad_route(f"there is no method at path {path!r}", verb, path)
        media = content_type if content_type in _CODECS else media_type(content_type)
        if media not in _CODECS:
            return bad_route(f"Content-Type {content_type!r} is neither {JSON} nor {PROTOBUF}", verb, path)
        return route, media

    async def call(self, route: Route, media: str, body: bytes, caller: Caller) -> Answer:
        """Decode, handle, encode; every refusal becomes an answer."""
        decode, encode, what = _CODECS[media]
        try:
            return Answer(200, await handle(route, body, caller, decode, encode, what), media)
        except ServiceError as refusal:
            return error(refusal)
