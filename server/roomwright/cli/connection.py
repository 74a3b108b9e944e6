"""Which server a command works on, and calls to it: Twirp over HTTP, as JSON. Any LiveKit-compatible server will do.

Owns the flags `--url`, `--api-key`, `--api-secret` and `--dev`, their environment variables, and errors in words.
"""

import argparse
import http.client
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import SplitResult, urlsplit

from roomwright.cli import FAILED, CommandError
from roomwright.config import DEV_KEYS

DEV_URL = "http://127.0.0.1:7880"
"""Where a server that runs with `--dev` is."""
TIMEOUT_S = 30.0
"""How long a call may take."""
_TOKEN_S = 600
_SCHEMES = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_MAX_TEXT = 300

Json = dict[str, Any]
"""A message in Twirp's JSON."""


def add_connection_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of every command that calls a server."""
    add = parser.add_argument_group("server", argument_default=argparse.SUPPRESS).add_argument
    add("--url", metavar="URL", help="where the server is; LIVEKIT_URL")
    add_key_flags(add)
    add("--dev", action="store_true", help=f"a server that runs with --dev: {DEV_URL}, its API key and secret")


def add_key_flags(add: Callable[..., object]) -> None:
    """The flags of `key_pair`, to a group whose flags say nothing when they are not given."""
    add("--api-key", metavar="KEY", help="LIVEKIT_API_KEY")
    add("--api-secret", metavar="SECRET", help="LIVEKIT_API_SECRET keeps it out of ps")


class Connection(NamedTuple):
    """A server and the key to it. `url` is http or https, without a final slash."""

    url: str
    api_key: str
    api_secret: str

    @classmethod
    def of(cls, arguments: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> "Connection":
        """From the flags, then the environment; with `--dev`, what neither says is that of a development server."""
        url = _given(arguments, "url", environment) or (DEV_URL if getattr(arguments, "dev", False) else "")
        if not url:
            raise CommandError("no server: give --url or LIVEKIT_URL, or --dev")
        return cls(_http(url), *key_pair(arguments, environment))

    def token(self, **grants: Any) -> str:
        """A token for one call; `grants` are fields of `VideoGrant`."""
        from roomwright.auth import Claims, VideoGrant, mint
        from roomwright.clock import SystemClock

        claims = Claims(identity="roomwright-cli", video=VideoGrant(**grants))
        return mint(claims, key=self.api_key, secret=self.api_secret, ttl=_TOKEN_S, clock=SystemClock())

    def call(self, service: str, method: str, request: Json, **grants: Any) -> Json:
        """What the server answers to `livekit.SERVICE/METHOD`; a refusal is a `CommandError` with its code."""
        body = json.dumps({name: value for name, value in request.items() if value is not None}).encode()
        headers = {"Authorization": f"Bearer {self.token(**grants)}", "Content-Type": "application/json"}
        status, answer = self._post(f"/twirp/livekit.{service}/{method}", body, headers)
        try:
            read = json.loads(answer)
        except ValueError:
            read = None
        if status == 200 and isinstance(read, dict):
            return cast("Json", read)
        raise CommandError(_refusal(status, read, answer), exit_code=FAILED)

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        try:
            connection.request("POST", parts.path + path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CommandError(f"cannot reach {self.url}: {_reason(error)}", exit_code=FAILED) from error
        finally:
            connection.close()


def key_pair(arguments: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """API key and secret: the given ones, else with `--dev` the development server's, else the environment's."""
    if getattr(arguments, "dev", False) and not hasattr(arguments, "api_key"):
        return next(iter(DEV_KEYS.items()))
    key, secret = (_given(arguments, name, environment) for name in ("api_key", "api_secret"))
    if not key or not secret:
        raise CommandError(
            "no API key: give --api-key and --api-secret, or LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or --dev"
        )
    return key, secret


def items(message: Json, field: str) -> list[Json]:
    """A repeated field's messages."""
    return cast("list[Json]", message.get(field) or [])


def part(message: Json, field: str) -> Json:
    """A field's message or map; an empty one if it is not set."""
    return cast("Json", message.get(field) or {})


def _given(arguments: argparse.Namespace, name: str, environment: Mapping[str, str]) -> str:
    return getattr(arguments, name, "") or environment.get(f"LIVEKIT_{name.upper()}", "")


def _http(url: str) -> str:
    """`url` as HTTP; a WebSocket's address means the server behind it."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        scheme, _ = _SCHEMES[parts.scheme], parts.port
    except (KeyError, ValueError):
        scheme, parts = "", SplitResult("", "", "", "", "")
    if not scheme or not parts.hostname:
        raise CommandError(f"--url must be an address such as http://127.0.0.1:7880, not {url!r}")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:.0f} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _refusal(status: int, read: object, answer: bytes) -> str:
    """A Twirp error as `code: message`; anything else by its status and its first line."""
    match read:
        case {"code": str(code), "msg": str(message)}:
            return f"{code}: {message}"
        case _:
            first = answer.decode("utf-8", "replace").strip().partition("\n")[0][:_MAX_TEXT]
            return f"the server answered {status}{f': {first}' if first else ''}"
