"""Where log lines go, what they look like, and which request they belong to.

`configure` is called once, by the composition root. A line says what happened as its event, and to whom as fields:
`room` (name), `participant` (sid), `identity`, `request_id`. The last is added here while a request is answered.
"""

import contextlib
import logging
import secrets
import sys
from collections.abc import Generator, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
"""The reference's names of levels."""
REQUEST_IDS = ("X-Request-Id", "X-Livekit-Request-Id")
"""Headers by which a caller names its request; LiveKit's SDKs use the second."""
MAX_REQUEST_ID = 128
"""Characters of a caller's id that are kept."""
_LIBRARY_FORMAT = "%(levelname)s %(name)s: %(message)s"
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.,:;/@#%&*()<>?!~^$|")


class Request:
    """A request that is being answered. Its id is found, or made, when somebody asks for it."""

    __slots__ = ("_headers", "_id", "answered")

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self._id = ""
        self.answered = False

    @property
    def id(self) -> str:
        """The caller's id, as far as it may stand in a log and a header, or one of our own."""
        if not self._id:
            given = next((value for name in REQUEST_IDS if (value := self._find(name))), "")
            self._id = "".join(c for c in given[:MAX_REQUEST_ID] if "!" <= c <= "~") or secrets.token_hex(8)
        return self._id

    def _find(self, name: str) -> str | None:
        """A header; HTTP/2 has them in small letters."""
        return self._headers.get(name) or self._headers.get(name.lower())

    def __repr__(self) -> str:
        return f"<Request {self.id}{', answered' if self.answered else ''}>"


_current: ContextVar[Request | None] = ContextVar("request", default=None)


@contextlib.contextmanager
def outside_of_requests() -> Generator[None, None, None]:
    """For what begins in a request and outlives it: its lines name no request."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def request_id() -> str | None:
    """The id of the request that is being answered; None outside of any."""
    current = _current.get()
    return current.id if current is not None and not current.answered else None


enter = _current.set
"""Have lines name this request until it is `answered`; timers and tasks that it starts know it too."""


def configure(level: str, *, as_json: bool) -> None:
    """Write entries of `level` and above to standard error, as JSON or for people; libraries' warnings too."""
    threshold = LEVELS[level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _name_request,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if as_json else for_people,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,  # sys.stderr may be replaced while we run
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), stream=sys.stderr, format=_LIBRARY_FORMAT)


def for_people(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> str:
    """One line: time, level, event, fields; a traceback below it."""
    time, level, event = (entry.pop(name, "") for name in ("timestamp", "level", "event"))
    traceback = entry.pop("exception", None)
    fields = " ".join(f"{name}={_shown(value)}" for name, value in entry.items() if value is not None)
    line = f"{time} {level:<7} {event}{'  ' if fields else ''}{fields}"
    return f"{line}\n{traceback}" if traceback else line


def _shown(value: object) -> str:
    text = str(value)
    return text if text and _PLAIN.issuperset(text) else repr(text)


def _name_request(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if (name := request_id()) is not None:
        entry.setdefault("request_id", name)
    return entry
