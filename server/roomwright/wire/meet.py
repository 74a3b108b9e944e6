"""The page for trying a call in a browser, `/meet`, and the tokens it asks for. Only a server in development has it.

The page is one file without references to others; `web/` is its source.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import Ids
from roomwright.wire.answer import NOT_FOUND, Answer, text

if TYPE_CHECKING:
    from roomwright.wire.http import Door

Mint = Callable[[Claims], str]
"""Makes a token of claims."""

_LARGEST_BODY = 4096
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "media-src blob: mediastream:",
        "connect-src 'self' ws: wss:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
"""What the page may load: nothing. It may talk to this server."""
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
_OWN_PAGES = {None, "same-origin", "none"}


class Meet:
    """`doors` are the handlers by path, for the HTTP port."""

    def __init__(self, mint: Mint, ids: Ids) -> None:
        self._mint = mint
        self._ids = ids
        self.doors: Mapping[str, Door] = {"/meet": self._page, "/meet/token": self._token}

    async def _page(self, request: web.BaseRequest, _query: str, _claims: Claims | None) -> Answer:
        return _page() if request.method in {"GET", "HEAD"} else NOT_FOUND

    async def _token(self, request: web.BaseRequest, _query: str, _claims: Claims | None) -> Answer:
        """`{"room", "name"}` in, `{"token", "identity"}` out: the token lets that name into that room."""
        if request.method != "POST":
            return NOT_FOUND
        if request.headers.get("Sec-Fetch-Site") not in _OWN_PAGES:
            return text(403, "tokens are for this server's own page only")
        try:
            room, name = _asked(await request.read() if 0 < (request.content_length or 0) <= _LARGEST_BODY else b"")
        except ValueError as error:
            return text(400, str(error))
        identity = f"{name}-{self._ids.sid('U')[-4:]}"
        video = VideoGrant(room_join=True, room=room, can_update_own_metadata=True)
        token = self._mint(Claims(identity=identity, name=name, video=video))
        return Answer(200, orjson.dumps({"token": token, "identity": identity}), "application/json")


def _asked(body: bytes) -> tuple[str, str]:
    """Room and name. Raises ValueError."""
    match orjson.loads(body):
        case {"room": str(room), "name": str(name)} if room and name:
            return room, name
        case _:
            raise ValueError('the body must be {"room": "…", "name": "…"}')


@cache
def _page() -> Answer:
    page = resources.files("roomwright.pages").joinpath("meet.html").read_bytes()
    return Answer(200, page, "text/html; charset=utf-8", _HEADERS)
