"""Pieces about the API: every method, what the caller's token needs for it, and whether it is there.

Whether it is there is asked of a server that runs for a moment: what answers `unimplemented` is not.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from functools import reduce
from types import SimpleNamespace

import aiohttp
from docs_text import table

from roomwright import logs
from roomwright.app import Server
from roomwright.auth import Claims, VideoGrant, mint
from roomwright.auth.claims import SipGrant
from roomwright.auth.grants import NEEDS
from roomwright.clock import SystemClock
from roomwright.config import DEV_KEYS, Config, EgressSettings
from roomwright.errors import ServiceError

_REQUEST = SimpleNamespace(room="R", room_name="R", destination_room="D")
_WORDS = (
    (" is required", ""),
    ('for room "R"', "for the room"),
    ('destinationRoom "D"', "destinationRoom for the other"),
)
_EVERYTHING = Claims(
    identity="docs",
    video=VideoGrant(
        room_create=True,
        room_list=True,
        room_record=True,
        room_admin=True,
        room="R",
        destination_room="D",
        ingress_admin=True,
    ),
    sip=SipGrant(admin=True, call=True),
)


def methods() -> str:
    """A table of all methods."""
    rows = []
    there = asyncio.run(_there())
    for path in NEEDS:
        service, method = path.removeprefix("/livekit.").split("/")
        rows.append((service, f"`{method}`", ", ".join(_needed(path)), "yes" if path in there else "unimplemented"))
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


async def _there() -> set[str]:
    """The paths of the methods that do not answer `unimplemented`, whatever else they answer."""
    logs.configure("error", as_json=False)
    [(key, secret)] = DEV_KEYS.items()
    token = mint(_EVERYTHING, key=key, secret=secret, ttl=60, clock=SystemClock())
    with tempfile.TemporaryDirectory() as folder:
        egress = EgressSettings(directory=folder, state_directory=folder)
        config = Config(port=0, bind_addresses=("127.0.0.1",), keys=DEV_KEYS, egress=egress)
        headers = {"Authorization": f"Bearer {token}"}
        async with Server(config) as server, aiohttp.ClientSession(server.url, headers=headers) as session:
            return {path for path in NEEDS if await _code(session, path) != "unimplemented"}


async def _code(session: aiohttp.ClientSession, path: str) -> str:
    async with session.post(f"/twirp{path}", json=vars(_REQUEST)) as answer:
        return (await answer.json()).get("code", "")


PIECES = {"all methods": methods}
