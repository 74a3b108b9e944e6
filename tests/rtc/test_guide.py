"""The page that docs/getting-started.md begins is one: who opens it is in the call, and sees the others."""

import asyncio
from pathlib import Path

from livekit import api

from tests.docs.blocks import blocks_for
from tests.rtc.conftest import Invite
from tests.rtc.network import Network
from tests.rtc.server import Server, join_token
from tests.rtc.test_admin_page import start

[PAGE] = blocks_for(__file__)


async def test_the_guides_page_joins_publishes_and_shows_others(
    server: Server, network: Network, invite: Invite, livekit: api.LiveKitAPI, room: str, tmp_path: Path
) -> None:
    bob = await invite("python", "bob")
    await bob.do("publish", name="cam", source="camera", colour="red", width=320, height=180)
    file = tmp_path / "page.mjs"
    file.write_text(PAGE.text, encoding="utf-8")
    process = await start(network, "page/guide.mjs", server.url, join_token("ada", room), str(file))
    assert process.stdin is not None
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"somebody is seen\n"
    await bob.until(lambda state: state["others"]["ada"]["tracks"])
    ada = await livekit.room.get_participant(api.RoomParticipantIdentity(room=room, identity="ada"))
    assert {track.source for track in ada.tracks} == {api.TrackSource.CAMERA, api.TrackSource.MICROPHONE}
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 30) == 0
