"""What the HTTP port answers outside Twirp: health, and an honest word where something is not there yet."""

from collections.abc import Mapping

from roomwright.wire.answer import Answer, text


def _not_yet(path: str, what: str) -> Answer:
    return text(501, f"unimplemented: {what} ({path}) is not there yet")


PAGES: Mapping[str, Answer] = {
    "/": text(200, "OK"),
    "/rtc": Answer(404),
    "/rtc/v1": Answer(404),
    "/agent": Answer(404),
    "/rtc/validate": _not_yet("/rtc/validate", "WebRTC signalling"),
    "/rtc/v1/validate": _not_yet("/rtc/v1/validate", "WebRTC signalling"),
    "/whip/v1": _not_yet("/whip/v1", "WHIP"),
}
"""The answers by clean path, whatever the verb. A WebSocket's path is an empty 404 to those who do not upgrade."""

UPGRADES: Mapping[str, Answer] = {
    "/rtc": _not_yet("/rtc", "WebRTC signalling"),
    "/rtc/v1": _not_yet("/rtc/v1", "WebRTC signalling"),
    "/agent": _not_yet("/agent", "the agent worker protocol"),
}
"""The answers to those who ask for a WebSocket."""
