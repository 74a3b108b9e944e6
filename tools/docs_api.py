"""Pieces about the API: every method, what the caller's token needs for it, and whether it is there."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import reduce
from types import SimpleNamespace

from docs_text import table

import roomwright.services
from roomwright.auth.claims import Claims
from roomwright.auth.grants import NEEDS
from roomwright.errors import ServiceError
from roomwright.services.routes import snake_case

_REQUEST = SimpleNamespace(room="R", room_name="R", destination_room="D")
_WORDS = (
    (" is required", ""),
    ('for room "R"', "for the room"),
    ('destinationRoom "D"', "destinationRoom for the other"),
)


def methods() -> str:
    """A table of all methods."""
    rows = []
    for path in NEEDS:
        service, method = path.removeprefix("/livekit.").split("/")
        rows.append(
            (service, f"`{method}`", ", ".join(_needed(path)), "yes" if _is_there(service, method) else "unimplemented")
        )
    return table(("service", "method", "the token needs", "there"), rows)


def _needed(path: str) -> Iterator[str]:
    """What a token without grants is told that it lacks, without the room."""
    for need in NEEDS[path]:
        try:
            text = need(_REQUEST, Claims())
        except ServiceError:
            continue  # says that the request lacks something, not the token
        if text:
            yield reduce(lambda said, words: said.replace(*words), _WORDS, text)


def _is_there(service: str, method: str) -> bool:
    """Whether a handler is: a method of a class that is called like the service."""
    modules = [
        importlib.import_module(f"roomwright.services.{each.name}")
        for each in pkgutil.iter_modules(roomwright.services.__path__)
    ]
    named = [getattr(module, name, None) for module in modules for name in (service, f"{service}Service")]
    return any(hasattr(handlers, snake_case(method)) for handlers in named if handlers is not None)


PIECES = {"all methods": methods}
