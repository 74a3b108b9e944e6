"""What the HTTP port answers outside Twirp: health, and an honest word where something is not there yet."""

from collections.abc import Mapping

from roomwright.wire.answer import Answer, text

_NOT_YET = {
    "/rtc": "WebRTC signalling",
    "/rtc/validate": "WebRTC signalling",
    "/rtc/v1": "WebRTC signalling",
    "/rtc/v1/validate": "WebRTC signalling",
    "/agent": "the agent worker protocol",
    "/whip/v1": "WHIP",
}

PAGES: Mapping[str, Answer] = {
    "/": text(200, "OK"),
    **{path: text(501, f"unimplemented: {what} ({path}) is not there yet") for path, what in _NOT_YET.items()},
}
"""The answers by clean path, whatever the verb."""
