"""Cross-origin requests: any origin may call, since a token, not a cookie, says who calls."""

from collections.abc import Mapping

from roomwright.wire.answer import Answer

_PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
_ALLOWED = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"})
_MAX_AGE_S = "86400"


def is_preflight(verb: str, headers: Mapping[str, str]) -> bool:
    """Whether the browser asks, before the real request, if it may send it."""
    return verb == "OPTIONS" and bool(headers.get("Access-Control-Request-Method"))


def preflight(headers: Mapping[str, str]) -> Answer:
    """The answer to a preflight; without the `Allow` headers when the verb is not one that can be allowed."""
    allow = {"Vary": _PREFLIGHT_VARY}
    origin, verb = headers.get("Origin", ""), headers["Access-Control-Request-Method"]
    if origin and verb in _ALLOWED:
        allow["Access-Control-Allow-Origin"] = origin
        allow["Access-Control-Allow-Methods"] = verb
        allow["Access-Control-Max-Age"] = _MAX_AGE_S
        if requested := headers.get("Access-Control-Request-Headers"):
            allow["Access-Control-Allow-Headers"] = requested
    return Answer(204, headers=allow)
