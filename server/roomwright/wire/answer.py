"""An HTTP answer as data, decided before anything is written."""

from collections.abc import Mapping
from typing import NamedTuple

TEXT = "text/plain; charset=utf-8"

_NO_HEADERS: Mapping[str, str] = {}


class Answer(NamedTuple):
    """What to send: status, body, its content type ("" for none) and headers beyond those of every answer."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = _NO_HEADERS


def text(status: int, body: str) -> Answer:
    """A plain-text answer."""
    return Answer(status, body.encode(), TEXT)


NOT_FOUND = Answer(404, b"404 page not found\n", TEXT, {"X-Content-Type-Options": "nosniff"})
