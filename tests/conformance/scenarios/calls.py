"""Calls of the API, as the recorder of the scenarios made them."""

import json
from collections.abc import Mapping
from typing import Any

from tests.conformance import rawhttp
from tests.conformance.replayer import Target
from tests.conformance.requests import build

_JSON = {"Content-Type": "application/json"}


class Calls:
    """Calls about one room, with a token that may do everything there."""

    def __init__(self, target: Target, room: str) -> None:
        self._target, self._room = target, room

    async def call(self, method: str, message: Mapping[str, Any]) -> tuple[int, Any]:
        """The status and the JSON of an answer; `method` with its service."""
        video = {"roomCreate": True, "roomList": True, "roomAdmin": True, "room": self._room}
        token = {"identity": "caller", "grants": {"video": video}}
        recorded = {
            "method": "POST",
            "path": f"/twirp/livekit.{method}",
            "headers": {"Authorization": {"token": token}, **_JSON},
            "body": json.dumps(message),
        }
        request = build(recorded, {}, self._target.credentials)
        answer = await rawhttp.send(self._target.host, self._target.port, request)
        return answer.status, json.loads(answer.body)

    async def rooms(self) -> list[dict[str, Any]]:
        """The room, if there is one."""
        _, answer = await self.call("RoomService/ListRooms", {"names": [self._room]})
        return answer["rooms"]

    async def participants(self) -> list[dict[str, Any]]:
        """Who is in the room."""
        _, answer = await self.call("RoomService/ListParticipants", {"room": self._room})
        return answer.get("participants", [])

    async def delete_room(self) -> None:
        """Delete the room, whether or not there is one."""
        await self.call("RoomService/DeleteRoom", {"room": self._room})
