"""Participants that only do signalling: a small WebSocket client for recorded steps (`ws_join`, `ws_send`, …).

Messages go through the official livekit-protocol package, a second opinion on the server's own codec.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
from google.protobuf.json_format import MessageToDict, Parse, ParseDict
from livekit.protocol import rtc

_ABSENT = "<absent>"
_LONGEST_ABSENCE = 1.0  # the reference broadcasts every three seconds; what must not come is waited for that long there
_QUERY = {"protocol": "16", "sdk": "python", "version": "1.0.0", "auto_subscribe": "1"}
_JOIN_WITHIN = 30.0


class StepFailedError(Exception):
    """A participant did not see what was recorded; the message says what it saw."""


class Participant:
    """One client and all that it was sent, as JSON with the schema's field names and without defaults."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._session, self._socket = session, socket
        self._messages: list[tuple[str, Any]] = []
        self._news = asyncio.Event()
        self._closed = False
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def join(cls, url: str, token: str, step: Mapping[str, Any]) -> tuple["Participant", dict[str, Any]]:
        """Connect as a `ws_join` step says; also what the step binds."""
        query = {name: value for name, value in {**_QUERY, **step.get("query", {})}.items() if value is not None}
        session = aiohttp.ClientSession()
        try:
            target = f"{url}{step.get('path', '/rtc')}?{urlencode(query)}"
            headers = {"Authorization": f"Bearer {token}"}
            participant = cls(session, await session.ws_connect(target, headers=headers, max_msg_size=0))
        except aiohttp.ClientError as error:
            await session.close()
            raise StepFailedError(f"{step['as']} was not let in: {error}") from error
        first = step.get("first", "join")
        message = await participant.expect(first, {}, _JOIN_WITHIN)
        if first != "join":
            return participant, {}
        sids = {f"{step['as']}_sid": message["participant"]["sid"], "room_sid": message["room"].get("sid", "")}
        return participant, sids

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a `SignalRequest`."""
        await self._socket.send_bytes(ParseDict(dict(message), rtc.SignalRequest()).SerializeToString())

    async def expect(self, kind: str, match: Any, within: float) -> Any:
        """The first message of a kind that contains `match`, among those that came and those that come in time."""
        try:
            async with asyncio.timeout(within):
                while True:
                    self._news.clear()
                    for name, content in self._messages:
                        if name == kind and contains(match, content):
                            return content
                    if self._closed:
                        break
                    await self._news.wait()
        except TimeoutError:
            pass
        raise StepFailedError(f"no {kind} with {match}; came: {self._messages}")

    async def expect_not(self, kind: str, match: Any, within: float) -> None:
        """No such message came or comes."""
        try:
            unwanted = await self.expect(kind, match, min(within, _LONGEST_ABSENCE))
        except StepFailedError:
            return
        raise StepFailedError(f"unexpected {kind}: {unwanted}")

    async def expect_closed(self, code: int | None, within: float) -> None:
        """The server closes the connection, with that code."""
        _, waiting = await asyncio.wait([self._reading], timeout=within)
        if waiting or (code and self._socket.close_code != code):
            raise StepFailedError(f"expected the connection closed with {code}, got {self._socket.close_code}")

    async def close(self) -> None:
        """Close the connection in good order."""
        await self._socket.close()
        await asyncio.wait([self._reading], timeout=1.0)
        self._reading.cancel()
        await self._session.close()

    async def _read(self) -> None:
        async for frame in self._socket:
            message = rtc.SignalResponse()
            if frame.type is aiohttp.WSMsgType.TEXT:
                Parse(frame.data, message, ignore_unknown_fields=True)
            else:
                message.ParseFromString(frame.data)
            kind = message.WhichOneof("message")
            self._messages.append((kind, MessageToDict(message, preserving_proto_field_name=True).get(kind)))
            self._news.set()
        self._closed = True
        self._news.set()


def contains(expected: Any, actual: Any) -> bool:
    """Whether `actual` has everything that `expected` has; items of a list may stand anywhere in it."""
    match expected, actual:
        case dict(), dict():
            return all(
                name not in actual if value == _ABSENT else name in actual and contains(value, actual[name])
                for name, value in expected.items()
            )
        case dict(), _:
            return not expected
        case list(), list():
            return all(any(contains(item, other) for other in actual) for item in expected)
        case _:
            return expected == actual
