"""LiveKit's own API client, usable from any event loop.

The client is the official one. Only its HTTP session is ours: it sends requests from the server's event loop, so that
the client is bound to none of the test's, needs no closing, and works with `asyncio.run` as well.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from roomwright.testing.bridge import LoopThread
from roomwright.testing.errors import NotPossibleError

if TYPE_CHECKING:
    from livekit import api

TIMEOUT_S = 30.0


class _Answer:
    """What the official client looks at in a response."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    async def read(self) -> bytes:
        return self._body

    async def text(self) -> str:
        return self._body.decode()

    async def json(self) -> Any:
        return orjson.loads(self._body)


class _Request:
    """An HTTP request as an asynchronous context."""

    def __init__(self, session: "Session", verb: str, url: str, options: dict[str, Any]) -> None:
        self._session, self._verb, self._url, self._options = session, verb, url, options

    async def __aenter__(self) -> _Answer:
        return await self._session.send(self._verb, self._url, self._options)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""


class Session:
    """As much of an `aiohttp.ClientSession` as the official client uses; its requests leave from the server's loop."""

    def __init__(self, thread: LoopThread) -> None:
        self._thread = thread
        self._session: aiohttp.ClientSession | None = None
        self.timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)

    def post(self, url: str, **options: Any) -> _Request:
        """A POST request."""
        return _Request(self, "POST", url, options)

    def get(self, url: str, **options: Any) -> _Request:
        """A GET request."""
        return _Request(self, "GET", url, options)

    async def send(self, verb: str, url: str, options: dict[str, Any]) -> _Answer:
        """Send a request from the server's loop."""
        return await self._thread.arun(self._send(verb, url, options))

    async def _send(self, verb: str, url: str, options: dict[str, Any]) -> _Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self.timeout)
        given = {name: value for name, value in options.items() if value is not None}
        async with self._session.request(verb, url, **given) as response:
            return _Answer(response.status, response.headers, await response.read())

    async def close(self) -> None:
        """For the server: close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def official_package() -> Any:
    """The package `livekit.api`; raises NotPossibleError when it is not installed."""
    try:
        from livekit import api
    except ImportError as error:
        raise NotPossibleError(
            "LiveKit's API client is not installed: pip install 'roomwright[testing]', or livekit-api"
        ) from error
    return api


def official_client(session: Session, url: str, key: str, secret: str) -> "api.LiveKitAPI":
    """A client of the server's API."""
    return official_package().LiveKitAPI(url, key, secret, session=session)
