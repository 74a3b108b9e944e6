"""Recorded WebSockets of clients without media, opened again: what the server says, in which order, and who hangs up.

Left out are what a recording holds by accident: `update` and `room_update` come whenever the reference gets to it, and
the order of what follows `join` changes from one recording to the next. Candidates are in our offers, not in `trickle`.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from betterproto2 import which_one_of

from roomwright import codec
from roomwright.app import Server
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.auth.tokens import mint
from roomwright.clock import SystemClock
from roomwright.config import Config
from roomwright_proto import livekit as pb
from tests.conformance.cases import RECORDINGS
from tests.serving import KEY, SECRET

UNTIMELY = ("update", "room_update", "trickle")
VARYING = ("timestamp", "pong", "sid", "version", "message")
PATIENCE_S = 30.0
SILENCE_S = 0.3
EMPTY_JOIN_REQUEST = "CAA="


@dataclass
class Recorded:
    """One WebSocket. `steps` are the client's frames, each with the server's messages until the next; first: none."""

    name: str
    path: str
    query: list[tuple[str, Any]]
    token_in_header: bool
    steps: list[tuple[bytes | str | None, list[dict[str, Any]]]] = field(default_factory=list)
    ended_by_server: bool = False

    def __str__(self) -> str:
        return self.name


def _frame(line: dict[str, Any]) -> bytes | str:
    if "text" in line:
        return line["text"]
    if "base64" in line:
        return b"\xff\xff\xff"
    return codec.encode(codec.from_json(pb.SignalRequest, json.dumps(line["message"]).encode()))


def _said(line: dict[str, Any]) -> dict[str, Any]:
    return json.loads(line["text"]) if "text" in line else line["message"]


def _read(file: str) -> list[Recorded]:
    found: dict[int, Recorded] = {}
    note = ""
    for text in (RECORDINGS.parent / "signal" / file).read_text("utf-8").split("\n")[:-1]:
        line = json.loads(text)
        match line["kind"]:
            case "note":
                note = line["text"]
            case "ws-open":
                header = any(name == "Authorization" for name, _ in line["request_headers"])
                one = found[line["conn"]] = Recorded(
                    f"{file.removesuffix('.jsonl')}-{line['conn']}: {note}", line["path"], line["query"], header
                )
                one.steps.append((None, []))
            case "ws" if line["from"] == "client":
                found[line["conn"]].steps.append((_frame(line), []))
            case "ws":
                found[line["conn"]].steps[-1][1].append(_said(line))
            case "ws-close":
                found[line["conn"]].ended_by_server = line["from"] == "server"
            case _:
                pass
    return list(found.values())


SESSIONS = [session for file in ("raw_basic.jsonl", "raw_parameters.jsonl") for session in _read(file)]

INSTEAD = {"raw_basic-7": ("simulate", "nothing is simulated: the client is told so, and stays")}
"""Sessions whose last step has another outcome here: by name, the request and the reason."""


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET})) as running:
        yield running


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """A message without what differs from one session to the next."""
    return {
        name: _plain(value) if isinstance(value, dict) else value
        for name, value in message.items()
        if name not in VARYING and value not in ({}, [], "", 0, None)
    }


def _kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [kind for message in messages for kind in message if kind not in UNTIMELY]


def _answers(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{kind: _plain(message)} for message in messages for kind in _kinds([message])]


class Again:
    """A recorded session in another one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.ended = False
        self.code: int | None = None

    async def hear(self, at_least: int) -> list[dict[str, Any]]:
        """What the server says: as much as was recorded, and what comes right after it."""
        heard: list[dict[str, Any]] = []
        while not self.ended:
            patience = PATIENCE_S if len(_kinds(heard)) < at_least else SILENCE_S
            try:
                message = await asyncio.wait_for(self.socket.receive(), patience)
            except TimeoutError:
                break
            if message.type is aiohttp.WSMsgType.TEXT:
                heard.append(json.loads(message.data))
            elif message.type is aiohttp.WSMsgType.BINARY:
                heard.append(_decoded(message.data))
            else:
                self.ended, self.code = True, self.code or message.data
        return heard

    async def say(self, frame: bytes | str) -> None:
        await (self.socket.send_str(frame) if isinstance(frame, str) else self.socket.send_bytes(frame))


def _decoded(data: bytes) -> dict[str, Any]:
    response = codec.decode(pb.SignalResponse, data)
    kind, content = which_one_of(response, "message")
    if kind in ("request_response", "track_published", "leave", "pong_resp"):
        return _snake(json.loads(codec.to_json(response)))
    return {kind: content if isinstance(content, int | str) else {}}


def _snake(value: Any) -> Any:
    if not isinstance(value, dict):
        return [_snake(item) for item in value] if isinstance(value, list) else value
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): _snake(item) for name, item in value.items()}


async def _open(session: Recorded, server: Server, http: aiohttp.ClientSession) -> Again:
    grant = VideoGrant(room_join=True, room="sig")
    token = mint(Claims(identity="raw", name="Raw", video=grant), key=KEY, secret=SECRET, ttl=600, clock=SystemClock())
    own = {"access_token": token, "join_request": EMPTY_JOIN_REQUEST}
    query = {name: own.get(name, value) for name, value in session.query}
    headers = {"Authorization": f"Bearer {token}"} if session.token_in_header else {}
    return Again(await http.ws_connect(server.url + session.path, params=query, headers=headers))


@pytest.mark.parametrize("session", SESSIONS, ids=str)
async def test_a_recorded_session(session: Recorded, server: Server) -> None:
    deviates = INSTEAD.get(session.name.partition(":")[0])
    async with aiohttp.ClientSession() as http:
        again = await _open(session, server, http)
        greeting = await again.hear(len(_kinds(session.steps[0][1])))
        expected = _kinds(session.steps[0][1])
        assert _kinds(greeting)[0] == expected[0]
        assert sorted(_kinds(greeting)) == sorted(expected)
        for frame, recorded in session.steps[1:]:
            assert frame is not None
            await again.say(frame)
            heard = await again.hear(len(_kinds(recorded)))
            if deviates and frame is session.steps[-1][0]:
                assert _kinds(heard) == ["request_response"]
                assert not again.ended, deviates
            else:
                assert _answers(heard) == _answers(recorded)
        assert again.ended is (session.ended_by_server and not deviates)
        if again.ended:
            assert again.code == 1000
        await again.socket.close()


def test_every_deviation_names_a_session() -> None:
    assert INSTEAD.keys() <= {session.name.partition(":")[0] for session in SESSIONS}
