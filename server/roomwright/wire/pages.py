"""What the HTTP port answers outside Twirp: health, and an honest word where something is not there.

A path that has a door (`http.py`) is not looked up here: the signalling's are for backends that take no clients.
"""

from collections.abc import Mapping

from roomwright.wire.answer import Answer, text


def _not_yet(path: str, what: str) -> Answer:
    return text(501, f"unimplemented: {what} ({path}) is not there yet")


def _no_clients(path: str) -> Answer:
    return text(501, f"unimplemented: this server's backend takes no clients ({path})")


PAGES: Mapping[str, Answer] = {
    "/": text(200, "OK"),
    "/rtc": Answer(404),
    "/rtc/v1": Answer(404),
    "/agent": Answer(404),
    "/rtc/validate": _no_clients("/rtc/validate"),
    "/rtc/v1/validate": _no_clients("/rtc/v1/validate"),
    "/whip/v1": _not_yet("/whip/v1", "WHIP"),
}
"""The answers by clean path, whatever the verb. A WebSocket's path is an empty 404 to those who do not upgrade."""

UPGRADES: Mapping[str, Answer] = {
    "/rtc": _no_clients("/rtc"),
    "/rtc/v1": _no_clients("/rtc/v1"),
    "/agent": _not_yet("/agent", "the agent worker protocol"),
}
"""The answers to those who ask for a WebSocket."""
