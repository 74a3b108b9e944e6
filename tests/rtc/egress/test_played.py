"""Recordings of real calls, played from end to end by a real browser: what people do with them."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from livekit import api

from tests.rtc.conftest import Invite
from tests.rtc.families import PROGRAMS, npm_packages
from tests.rtc.network import Network
from tests.rtc.recording import active, ended, recorded, recorders, status
from tests.rtc.server import Server
from tests.rtc.test_page import need_browser


async def played(network: Network, *files: str) -> list[dict[str, Any]]:
    """What a browser says of files that it has played."""
    need_browser()
    with network.outside():
        npm_packages(PROGRAMS)
    process = await asyncio.create_subprocess_exec(
        "node", "page/play.mjs", *files, cwd=PROGRAMS, stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 120)
    finally:
        if process.returncode is None:
            process.kill()
    said = [json.loads(line) for line in output.splitlines()]
    assert [one["error"] for one in said] == [""] * len(files), said
    return said


async def _on_stage(invite: Invite, server: Server) -> tuple[str, str]:
    guest = await invite("python", "alice", url=server.socket_url)
    camera = await guest.do("publish", name="cam", source="camera", colour="red", width=640, height=360)
    return camera, await guest.do("publish", name="mic", source="microphone", hz=440)


async def test_a_browser_plays_the_mp4_of_a_room_that_one_call_recorded(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, network: Network, room: str
) -> None:
    await _on_stage(invite, recorder)
    request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=[api.EncodedFileOutput()])
    started = await livekit.egress.start_room_composite_egress(request)
    info = await recorded(livekit, started.egress_id, 5)
    assert status(info) == "EGRESS_COMPLETE", info
    [file] = info.file_results
    [said] = await played(network, file.location)
    assert said["duration"] == pytest.approx(file.duration / 1e9, abs=0.2)
    assert said["reached"] == pytest.approx(said["duration"], abs=0.2)
    assert (said["width"], said["height"]) == (1280, 720)
    assert said["pictures"] > 20 * said["duration"]
    assert said["soundBytes"] > 1_000


async def test_a_browser_plays_tracks_and_pairs_as_they_were_sent(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, network: Network, room: str
) -> None:
    camera, microphone = await _on_stage(invite, recorder)
    pair = api.TrackCompositeEgressRequest(
        room_name=room,
        audio_track_id=microphone,
        video_track_id=camera,
        preset=api.EncodingOptionsPreset.PASSTHROUGH,
        file_outputs=[api.EncodedFileOutput(filepath="pair")],
    )
    running = [
        await livekit.egress.start_track_egress(
            api.TrackEgressRequest(room_name=room, track_id=track, file=api.DirectFileOutput(filepath="{track_id}"))
        )
        for track in (camera, microphone)
    ] + [await livekit.egress.start_track_composite_egress(pair)]
    await asyncio.gather(*(active(livekit, one.egress_id) for one in running))
    over = [await recorded(livekit, one.egress_id, 2) for one in running]
    files = [info.file_results[0].location for info in over]
    assert [Path(file).suffix for file in files] == [".webm", ".ogg", ".webm"]
    picture, sound, both = await played(network, *files)
    for said in (picture, both):
        assert (said["width"], said["height"]) == (640, 360)
        assert said["pictures"] > 20
    for said in (sound, both):
        assert said["soundBytes"] > 1_000
    assert not picture["soundBytes"]


async def test_a_browser_plays_what_a_killed_recorder_leaves(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, network: Network, room: str
) -> None:
    await _on_stage(invite, recorder)
    request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=[api.EncodedFileOutput(filepath="killed")])
    started = await livekit.egress.start_room_composite_egress(request)
    await active(livekit, started.egress_id)
    await asyncio.sleep(5)
    [pid] = recorders(recorder)
    os.kill(pid, signal.SIGKILL)
    info = await ended(livekit, started.egress_id)
    assert status(info) == "EGRESS_FAILED"
    [said] = await played(network, info.file_results[0].location)
    assert said["reached"] > 2
    assert said["pictures"] > 40
    assert said["soundBytes"] > 1_000
