"""The outbox on the page `/admin`: what waits, what was given up, and letting it be delivered again.

Webhooks have no API of LiveKit's, so these are paths of ours: `GET /admin/outbox` for those who may list rooms,
`POST /admin/outbox/replay` for those who may create and delete them. The outbox itself is `webhooks/`.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import structlog
from aiohttp import web

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import Clock
from roomwright.webhooks import OutboxError
from roomwright.webhooks.summary import dead_letters, replay, summary
from roomwright.wire.answer import NOT_FOUND, Answer, text
from roomwright.wire.paths import query_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from roomwright.wire.http import Door

log = structlog.get_logger(__name__)

MOST_DEAD = 100
"""Dead letters that are told; how many there are is told by URL."""
_MOST_DIGITS = 18
_NOT_KEPT = {"Cache-Control": "no-store"}
_NO_GRANTS = VideoGrant()


class AdminOutbox:
    """`doors` are the handlers by path. `file` says where the outbox is, which need not be there; `urls`: configured.

    It raises OSError when there is no place for one.
    """

    def __init__(self, file: Callable[[], Path], urls: "Sequence[str]", clock: Clock) -> None:
        self._file = file
        self._urls = urls
        self._clock = clock
        self._busy = asyncio.Lock()
        self.doors: Mapping[str, Door] = {"/admin/outbox": self._look, "/admin/outbox/replay": self._replay}

    async def _look(self, request: web.BaseRequest, _query: str, claims: Claims | None) -> Answer:
        """`{"urls": [{"url", "pending", "dead", …}], "dead": [{"sequence", "url", "event", …}]}`."""
        if request.method != "GET":
            return NOT_FOUND
        if not _grants(claims).room_list:
            return text(401, "roomList is required")
        return await self._aside(
            lambda: {
                "urls": [asdict(each) for each in summary(self._file(), self._urls)],
                "dead": [asdict(each) for each in dead_letters(self._file(), MOST_DEAD)],
            }
        )

    async def _replay(self, request: web.BaseRequest, query: str, claims: Claims | None) -> Answer:
        """`{"replayed": 3}`: the dead letters of `url`, as it is shown, or the one of `sequence`; else all."""
        if request.method != "POST":
            return NOT_FOUND
        if not _grants(claims).room_create:
            return text(401, "roomCreate is required")
        url, sequence = query_value(query, "url"), query_value(query, "sequence")
        if sequence and not (sequence.isascii() and sequence.isdecimal() and len(sequence) <= _MOST_DIGITS):
            return text(400, f"sequence must be a number, not {sequence[:40]!r}")
        return await self._aside(lambda: {"replayed": self._replayed(url, sequence)})

    def _replayed(self, url: str, sequence: str) -> int:
        count = replay(self._file(), self._clock.now_ns() // 1_000_000, url=url, sequence=sequence)
        log.info("webhooks will be delivered again", events=count, url=url or None, sequence=sequence or None)
        return count

    async def _aside(self, work: Callable[[], object]) -> Answer:
        """What the file says, read in a thread; one at a time."""
        async with self._busy:
            try:
                found = await asyncio.to_thread(work)
            except (OSError, ValueError, sqlite3.Error, OutboxError) as error:
                return text(503, f"the outbox cannot be read: {error}")
        return Answer(200, orjson.dumps(found), "application/json", _NOT_KEPT)


def _grants(claims: Claims | None) -> VideoGrant:
    return (claims.video if claims is not None else None) or _NO_GRANTS
