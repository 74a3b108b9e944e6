"""The page `/admin`, on which people watch and moderate rooms. It holds no data: what it shows it asks for itself.

Whoever opens it signs in with a token there, or with a key whose tokens it makes, and calls the server's API with
that; `web/admin/` is its source. What the page does is decided here only by what a browser lets it do. Webhooks have no
API of LiveKit's, so `/admin/outbox` says how many wait.
"""

import asyncio
import base64
import hashlib
import re
from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from roomwright.auth.claims import Claims
from roomwright.wire.answer import NOT_FOUND, Answer, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from roomwright.webhooks.summary import UrlSummary
    from roomwright.wire.http import Door

_INSIDE = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)


class Admin:
    """`doors` are the handlers by path, for the HTTP port. `outbox` reads what the outbox holds, and may take its time.

    It raises OSError or ValueError, with a text for people, when that cannot be read.
    """

    def __init__(self, outbox: "Callable[[], Sequence[UrlSummary]]") -> None:
        self._outbox = outbox
        self._reading = asyncio.Lock()
        self.doors: Mapping[str, Door] = {"/admin": self._page, "/admin/outbox": self._summary}

    async def _page(self, request: web.BaseRequest, _query: str, _claims: Claims | None) -> Answer:
        return _page() if request.method in {"GET", "HEAD"} else NOT_FOUND

    async def _summary(self, request: web.BaseRequest, _query: str, claims: Claims | None) -> Answer:
        """`{"urls": [{"url", "pending", "dead", "oldest", "last_error"}]}`, for those who may list all rooms."""
        if request.method != "GET":
            return NOT_FOUND
        if claims is None or claims.video is None or not claims.video.room_list:
            return text(401, "roomList is required")
        async with self._reading:  # one at a time: it takes a thread
            try:
                urls = await asyncio.to_thread(self._outbox)
            except (OSError, ValueError) as error:
                return text(503, f"the outbox cannot be read: {error}")
        body = orjson.dumps({"urls": [asdict(each) for each in urls]})
        return Answer(200, body, "application/json", {"Cache-Control": "no-store"})


@cache
def _page() -> Answer:
    page = resources.files("roomwright.pages").joinpath("admin.html").read_bytes()
    headers = {
        "Content-Security-Policy": policy(page),
        "Cache-Control": "no-cache",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Answer(200, page, "text/html; charset=utf-8", headers)


def policy(page: bytes) -> str:
    """What the page may do: run the one script and wear the one style that are in it, and talk to this server.

    Scripts cannot make markup of texts (`require-trusted-types-for`), so no name or metadata becomes an element.
    """
    hashes = {tag.decode(): _hash(text) for tag, text in _INSIDE.findall(page)}
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {hashes['script']}",
            f"style-src {hashes['style']}",
            "img-src data:",
            "connect-src 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
