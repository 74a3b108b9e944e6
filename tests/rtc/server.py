"""The server under test, as a user starts it, in a process of its own."""

import asyncio
import os
import re
import shlex
import signal
import sys
from typing import Any, Self

import aiohttp
from livekit import api

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.auth.tokens import mint
from roomwright.clock import SystemClock

KEY, SECRET = "devkey", "secret"
COMMAND = (sys.executable, "-m", "roomwright", "--dev", "--port", "0")
_URL = re.compile(r"http://[\w.]+:\d+")


class Server:
    """A running server. `RTC_SERVER` names another command to try the same on; it must print its URL."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, reader: asyncio.Task[None]) -> None:
        self._process = process
        self._reader = reader
        self.url = url

    @classmethod
    async def start(cls, *arguments: str) -> Self:
        command = shlex.split(os.environ.get("RTC_SERVER", "")) or COMMAND
        process = await asyncio.create_subprocess_exec(*command, *arguments, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        url = await asyncio.wait_for(_url(process.stdout), 60)
        return cls(process, url, asyncio.create_task(_discard(process.stdout)))

    async def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), 60)
        except TimeoutError:
            self._process.kill()
            raise
        finally:
            self._reader.cancel()

    async def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        await self._process.wait()
        self._reader.cancel()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def api(self) -> api.LiveKitAPI:
        """The official client of the server's API, in a session that the caller closes."""
        return api.LiveKitAPI(self.url, KEY, SECRET)

    async def perform_rpc(self, room: str, identity: str, method: str, payload: str) -> dict[str, Any]:
        """Call a participant's method, which LiveKit's own API client cannot; the answer, or Twirp's error."""
        video = VideoGrant(room_admin=True, room=room)
        token = mint(Claims(video=video), key=KEY, secret=SECRET, ttl=600, clock=SystemClock())
        body = {"room": room, "destination_identity": identity, "method": method, "payload": payload}
        url, headers = f"{self.url}/twirp/livekit.RoomService/PerformRpc", {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as answer:
            return await answer.json()


def join_token(identity: str, room: str, **grants) -> str:
    """A token that lets somebody into a room, with further grants, or other values for the usual ones."""
    video = VideoGrant(**{"room_join": True, "room": room, "can_update_own_metadata": True, **grants})
    return mint(Claims(identity=identity, video=video), key=KEY, secret=SECRET, ttl=600, clock=SystemClock())


async def _url(output: asyncio.StreamReader) -> str:
    async for line in output:
        if found := _URL.search(line.decode()):
            return found[0]
    raise AssertionError("the server ended before it printed its URL")


async def _discard(output: asyncio.StreamReader) -> None:
    async for _ in output:
        pass
