"""The POST: signature, headers, time-out, and what the answer means."""

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import Mapping

import aiohttp

from roomwright import __version__
from roomwright.auth import jws
from roomwright.clock import Clock
from roomwright.webhooks.letter import Letter
from roomwright.webhooks.policy import Outcome, Verdict, verdict

CONTENT_TYPE = "application/webhook+json"
SEQUENCE = "Roomwright-Sequence"
"""The header with a letter's sequence: it orders events of different rooms, too."""
TOKEN_S = 300
LARGEST_HEAD = 16_384
"""Bytes of an answer's head."""
_LARGEST_ANSWER = 65_536
"""Bytes of an answer that are read, so that its connection can be used again."""
_LINGER_S = 1.0
"""How long the rest of an answer is waited for, for the same reason."""
_LONGEST_REASON = 300
_HUNG_UP = Outcome(Verdict.RETRY, "it closed the connection without an answer")
"""Perhaps a connection that had been kept and was given up just then: worth another one at once."""


class Sender:
    """Posts letters. `keys` are API keys and secrets; `signing` says with which key a configured URL is signed."""

    def __init__(self, keys: Mapping[str, str], signing: Mapping[str, str], timeout: float, clock: Clock) -> None:
        self._keys = {name: jws.prepare_key(secret) for name, secret in keys.items()}
        self._signing = signing
        self._clock = clock
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=LARGEST_HEAD,
            max_field_size=LARGEST_HEAD,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def post(self, letter: Letter) -> Outcome:
        """Try once. Raises nothing."""
        name = letter.api_key if letter.requested else self._signing.get(letter.url, "")
        key = self._keys.get(name)
        if key is None:
            return Outcome(Verdict.REFUSED, f"its API key {name!r} is not configured any more")
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Authorization": self._signature(letter.body, name, key),
            "User-Agent": f"Roomwright/{__version__}",
            SEQUENCE: str(letter.sequence),
        }
        outcome = await self._attempt(letter, headers)
        return await self._attempt(letter, headers) if outcome is _HUNG_UP else outcome

    async def _attempt(self, letter: Letter, headers: Mapping[str, str]) -> Outcome:
        try:
            request = self._session.post(letter.url, data=letter.body, headers=headers, allow_redirects=False)
            async with request as answer:
                status = answer.status
                await _swallow(answer)
        except aiohttp.ClientConnectorError as error:
            return Outcome(Verdict.RETRY, f"cannot connect: {_why(error.os_error)}", unreachable=True)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            return _HUNG_UP
        except TimeoutError:
            return Outcome(Verdict.RETRY, "no answer in time (webhook.timeout)")
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            return Outcome(Verdict.REFUSED, "not a URL that can be posted to")
        except aiohttp.ClientResponseError as error:  # as a text it repeats the URL, which may hold a secret
            what, _, _ = error.message.partition(":\n")
            return Outcome(Verdict.RETRY, f"its answer is not HTTP: {what}"[:_LONGEST_REASON])
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(Verdict.RETRY, f"{type(error).__name__}: {error}"[:_LONGEST_REASON])
        return Outcome(verdict(status), f"HTTP {status}")

    def _signature(self, body: bytes, name: str, key: bytes) -> str:
        """A token that holds for this body and the next minutes: what the official receivers check."""
        now = self._clock.now_ns() // 1_000_000_000
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
        return jws.sign({"iss": name, "exp": now + TOKEN_S, "nbf": now, "iat": now, "sha256": digest}, key)


async def _swallow(answer: aiohttp.ClientResponse) -> None:
    """Read a short answer, so that its connection is free again; hang up on a long, slow or broken one.

    What it means its status has said already.
    """
    read = 0
    with contextlib.suppress(aiohttp.ClientError, OSError):  # TimeoutError is one
        async with asyncio.timeout(_LINGER_S):
            while not answer.content.at_eof() and read <= _LARGEST_ANSWER:
                read += len(await answer.content.readany())
    if not answer.content.at_eof():
        answer.close()


def _why(error: OSError) -> str:
    return error.strerror or str(error) or "the connection was closed"
