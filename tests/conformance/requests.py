"""From a recorded request to the one that is sent: variables put in, tokens minted, bodies built."""

import base64
import gzip
import json
import re
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import ParseDict

from tests.conformance import rawhttp
from tests.conformance.protobuf import message_class
from tests.conformance.tokens import Credentials, mint

_VARIABLE = re.compile(r"\{\{(\w+)\}\}")


def build(recorded: Mapping[str, Any], variables: Mapping[str, Any], credentials: Credentials) -> rawhttp.Request:
    """The request to send, with `{{name}}` replaced by what `name` holds."""
    known = dict(variables)
    for name, descriptor in (recorded.get("tokens") or {}).items():
        known[name] = _token(descriptor, known, credentials)
    return rawhttp.Request(
        method=recorded["method"],
        path=fill(recorded["path"], known),
        headers=_headers(recorded.get("headers") or {}, known, credentials),
        body=_body(recorded.get("body"), known),
        chunked=bool(recorded.get("chunked")),
    )


def fill(text: str, variables: Mapping[str, Any]) -> str:
    """Text with its variables replaced; an unknown one stays, so that the request shows it."""
    return _VARIABLE.sub(lambda found: str(variables.get(found[1], found[0])), text)


def fill_deep(value: Any, variables: Mapping[str, Any]) -> Any:
    """The same for every string inside a JSON value."""
    return json.loads(fill(json.dumps(value), variables))


def _token(descriptor: Mapping[str, Any], variables: Mapping[str, Any], credentials: Credentials) -> str:
    return mint(fill_deep(descriptor, variables), credentials)


def _headers(
    recorded: Mapping[str, Any], variables: Mapping[str, Any], credentials: Credentials
) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    for name, value in recorded.items():
        if isinstance(value, dict):
            headers.append((name, value.get("scheme", "Bearer ") + _token(value["token"], variables, credentials)))
        else:
            headers += [(name, fill(text, variables)) for text in ([value] if isinstance(value, str) else value)]
    return tuple(headers)


def _body(recorded: Any, variables: Mapping[str, Any]) -> bytes | None:
    match recorded:
        case None:
            return None
        case str():
            return fill(recorded, variables).encode("utf-8", "surrogatepass")
        case {"repeat": [prefix, unit, count, suffix]}:
            return (prefix + unit * count + suffix).encode()
        case {"gzip": text}:
            return gzip.compress(text.encode(), mtime=0)
        case {"protobuf_json": message, "type": name} if _VARIABLE.search(json.dumps(message)):
            filled = ParseDict(fill_deep(message, variables), message_class(name)())
            return filled.SerializeToString(deterministic=True)
        case {"base64": data}:
            return base64.b64decode(data)
        case _:
            raise ValueError(f"unknown form of a request body: {recorded}")
