"""The page `/admin`, on which people watch and moderate rooms. It holds no data: what it shows it asks for itself.

Whoever opens it signs in with a token there, or with a key whose tokens it makes, and calls the server's API with
that; `web/admin/` is its source. What the page does is decided here only by what a browser lets it do.
`admin_outbox.py` answers what it asks beside that.
"""

import base64
import hashlib
import re
from functools import cache
from importlib import resources

from aiohttp import web

from roomwright.auth.claims import Claims
from roomwright.wire.answer import NOT_FOUND, Answer

_INSIDE = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)


async def admin_page(request: web.BaseRequest, _query: str, _claims: Claims | None) -> Answer:
    """The page, for whoever asks."""
    return _page() if request.method in {"GET", "HEAD"} else NOT_FOUND


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
