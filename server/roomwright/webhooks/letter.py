"""One event on its way to one URL."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is posted and where to. `sequence` and `url` identify it.

    Letters of one `queue` (a room's name or an egress id) reach a URL in the order of `sequence`. `api_key` names the
    key that signs if the letter was `requested` by a call; configured URLs are signed as configured now. `since_ms`
    is when its time began to run, `attempts` how often it was tried.
    """

    sequence: int
    url: str
    queue: str
    event_id: str
    name: str
    room: str
    body: bytes
    since_ms: int
    api_key: str = ""
    requested: bool = False
    attempts: int = 0
