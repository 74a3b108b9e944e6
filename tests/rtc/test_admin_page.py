"""The page `/admin` in Chromium: a room with real guests is watched and moderated on it, and the guests notice."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import RawTestServer as TestServer
from livekit import api

from tests.rtc.conftest import Invite
from tests.rtc.families import FAMILIES, PROGRAMS, npm_packages
from tests.rtc.network import Network
from tests.rtc.server import Server, join_token
from tests.support import skip_or_fail

NASTY = "<img src=x onerror=alert(1)>"
SEEN = """\
the link of development signs in by itself
the page is live
a room is opened, and a name is only a text
a track is muted
refused: ...
data is sent, and metadata changed
a participant is renamed
refused: ...
a room is created with the keyboard alone
a room is deleted, once that was confirmed
a recording is stopped
a room is recorded
file: ...
refused: ...
webhooks that wait are counted
a webhook that was given up is delivered again
and so are all others
what happened is told
refused: ...
a phone shows the same, and stays signed in
a participant is removed, and the other page sees it
refused: ...
refused: ...
refused: ...
a token shows its room, and no more
a token that lists rooms is told what it may not see
signing out forgets
"""


async def start(network: Network, program: str, *arguments: str) -> asyncio.subprocess.Process:
    """A program that drives Chromium."""
    if missing := FAMILIES["browser"].missing:
        skip_or_fail(f"the page needs {' and '.join(missing)}")
    with network.outside():
        npm_packages(PROGRAMS)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        "node", program, *arguments, cwd=PROGRAMS, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )


async def visit(network: Network, program: str, *arguments: str) -> str:
    """What a program that drives Chromium prints."""
    process = await start(network, program, *arguments)
    output, _ = await asyncio.wait_for(process.communicate(), 300)
    return output.decode()


class Late:
    """Takes webhooks when they come for the second time; `taken` are their rooms."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.taken: list[str] = []

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        event = await request.json()
        if event["id"] not in self._seen:
            self._seen.add(event["id"])
            return web.Response(status=410)
        self.taken.append(event["room"]["name"])
        return web.Response()


@pytest_asyncio.fixture(loop_scope="session")
async def late(network: Network) -> AsyncIterator[tuple[Late, str]]:
    """Such a listener, and its URL."""
    late = Late()
    async with TestServer(late) as listener:
        yield late, str(listener.make_url("/hook?key=secret"))


@pytest_asyncio.fixture(loop_scope="session")
async def server(network: Network, late: tuple[Late, str], tmp_path: Path) -> AsyncIterator[Server]:
    """A server of the test's own: one of its URLs takes nothing, the other is told of rooms and takes them late."""
    rooms = f"{{url: '{late[1]}', filter_params: {{include_events: [room_started]}}}}"
    settings = f"""
        webhook: {{urls: ['http://127.0.0.1:9/hook', {rooms}], outbox_directory: '{tmp_path}'}}
        egress: {{directory: '{tmp_path}', state_directory: '{tmp_path}'}}
    """
    server = await Server.start("--config-body", settings)
    yield server
    await server.stop()


async def test_a_room_is_watched_and_moderated(
    server: Server,
    late: tuple[Late, str],
    network: Network,
    invite: Invite,
    livekit: api.LiveKitAPI,
    room: str,
    tmp_path: Path,
) -> None:
    """`PAGE_PICTURES=folder` keeps the screenshots there."""
    ada, guest = await invite("python", "ada"), await invite("python", NASTY)
    microphone = await ada.do("publish", name="mic", source="microphone", hz=440)
    await ada.do("publish", name="cam", source="camera", colour="red", width=640, height=360)
    await guest.hears("ada", "mic", 440)
    recording = api.TrackEgressRequest(
        room_name=room, track_id=microphone, file=api.DirectFileOutput(filepath="ada.ogg")
    )
    await livekit.egress.start_track_egress(recording)
    moderator = join_token("moderator", room, room_join=False, room_admin=True)
    lister = join_token("lister", "", room_join=False, room_list=True)
    pictures = os.environ.get("PAGE_PICTURES", str(tmp_path))
    output = await visit(network, "page/admin.mjs", server.url, room, moderator, lister, pictures)
    told = [re.sub(r"^(refused|file): .*", r"\1: ...", line) for line in output.splitlines()]
    assert "\n".join(told) + "\n" == SEEN, output
    [file] = re.findall(r"^file: (.*)", output, re.MULTILINE)
    assert file.startswith(f"desk/{room}-")
    assert (tmp_path / file).stat().st_size > 1_000
    assert sorted(late[0].taken) == [room, f"{room}-too"]
    await ada.event("data", payload="Good morning ☀", topic="greeting")
    await ada.until(lambda state: state["me"]["tracks"]["mic"]["muted"])
    await ada.until(lambda state: state["metadata"] == '{"topic": "<b>"}')
    await ada.until(lambda state: state["me"]["name"] == "Ada Lovelace")
    await guest.event("disconnected", reason="PARTICIPANT_REMOVED")


async def test_a_page_whose_server_was_away_is_live_again(network: Network) -> None:
    server = await Server.start()
    process = await start(network, "page/away.mjs", server.url)
    assert process.stdin is not None
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 120) == b"live\n"
    await server.kill()
    process.stdin.write(b"\n")
    assert await asyncio.wait_for(process.stdout.readline(), 120) == b"away\n"
    again = await Server.start("--port", server.url.rpartition(":")[2])
    try:
        async with again.api() as livekit:
            await livekit.room.create_room(api.CreateRoomRequest(name="afterwards"))
        process.stdin.write(b"\n")
        assert await asyncio.wait_for(process.stdout.read(), 120) == b"live again\n"
    finally:
        await again.stop()
