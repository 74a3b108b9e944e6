"""`roomwright join` and `roomwright load-test` on a server as a user starts it, in a call with official SDKs."""

import asyncio
import contextlib
import json
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator

from livekit import api

from tests.docs.blocks import blocks_for, commands_of, is_like
from tests.rtc.conftest import Invite
from tests.rtc.server import KEY, SECRET, Server

Process = asyncio.subprocess.Process
END_S = 120

[JOIN] = blocks_for(__file__)


@contextlib.asynccontextmanager
async def running(server: Server, *arguments: str, as_shown: bool = False) -> AsyncIterator[Process]:
    """A command of ours on that server, ended at the latest when the test ends.

    `as_shown`: what it says on standard error is in its output, as in a terminal.
    """
    where = ("--url", server.url, "--api-key", KEY, "--api-secret", SECRET)
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "roomwright", arguments[0], *where, *arguments[1:])
    process = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=asyncio.subprocess.STDOUT if as_shown else pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: Process) -> tuple[str, str]:
    out, errors = await asyncio.wait_for(process.communicate(), END_S)
    return out.decode(), errors.decode()


async def test_a_synthetic_participant_is_heard_and_seen(server: Server, invite: Invite, room: str) -> None:
    bob = await invite("python", "bob")
    arguments = ("join", room, "--identity", "robot", "--hz", "600", "--size", "320x180", "--json")
    async with running(server, *arguments) as process:
        await bob.hears("robot", "tone", 600)
        await bob.watches("robot", "pattern", width=320, height=180)
        await bob.do("publish", name="mic", source="microphone", hz=440)
        assert process.stdout is not None
        events = []
        while not events or events[-1]["event"] != "is received":
            events.append(json.loads(await asyncio.wait_for(process.stdout.readline(), END_S)))
        assert [event["event"] for event in events] == ["publishes", "publishes", "is received"]
        assert (events[-1]["identity"], events[-1]["name"]) == ("bob", "mic")
        process.send_signal(signal.SIGINT)
        _, errors = await ended(process)
    assert process.returncode == 0
    assert "Traceback" not in errors


async def test_a_synthetic_participant_tells_what_the_guide_shows(server: Server, invite: Invite, room: str) -> None:
    [command] = commands_of(JOIN.text)
    arguments = [word.replace("standup", room) for word in shlex.split(command.text)[1:] if word != "--dev"]
    expected = re.sub("TR_[A-Za-z0-9]+", "TR_…", command.output).replace("standup", room)
    expected = expected.replace("http://127.0.0.1:7880", server.url)
    async with running(server, *arguments, as_shown=True) as process:
        assert process.stdout is not None
        told = [(await asyncio.wait_for(process.stdout.readline(), END_S)).decode() for _ in range(3)]
        alice = await invite("python", "alice")
        await alice.do("publish", name="microphone", source="microphone", hz=440)
        while len(told) < len(expected.splitlines()):
            told.append((await asyncio.wait_for(process.stdout.readline(), END_S)).decode())
        assert is_like("".join(told), expected), told


async def test_a_synthetic_participant_that_is_sent_away_says_so(
    server: Server, room: str, livekit: api.LiveKitAPI
) -> None:
    async with running(server, "join", room, "--identity", "robot", "--no-video") as process:
        assert process.stdout is not None
        assert b"publishes" in await asyncio.wait_for(process.stdout.readline(), END_S)
        await livekit.room.remove_participant(api.RoomParticipantIdentity(room=room, identity="robot"))
        out, _ = await ended(process)
    assert process.returncode == 1
    assert "disconnected reason='PARTICIPANT_REMOVED'" in out


async def test_who_cannot_join_is_told_why(server: Server, room: str) -> None:
    async with running(server, "join", room, "--api-secret", "w" * 32) as process:
        _, errors = await ended(process)
    assert process.returncode == 1
    assert "roomwright: error: cannot join: " in errors


async def test_a_synthetic_participant_leaves_when_its_time_is_over(server: Server, room: str) -> None:
    async with running(server, "join", room, "--no-audio", "--duration", "1s") as process:
        out, errors = await ended(process)
    assert process.returncode == 0, errors
    assert out.startswith("publishes track='TR_")


async def test_a_load_test_counts_what_arrives(server: Server, room: str) -> None:
    arguments = ("load-test", "--room", room, "--publishers", "3", "--subscribers", "4", "--duration", "5s", "--json")
    async with running(server, *arguments) as process:
        out, errors = await ended(process)
    found = json.loads(out)
    assert process.returncode == 0, errors
    assert (found["joined"], found["failed"], found["lost_participants"]) == (7, 0, 0)
    assert (found["streams_received"], found["streams_missing"]) == (3 * 2 * 6, 0)
    assert found["packets_received"] > 3 * found["packets_sent"] > 0
    assert 0 < found["joined_p50_ms"] <= found["joined_p95_ms"]


async def test_a_load_test_has_publishers_of_one_kind(server: Server, room: str) -> None:
    kinds = ("--audio-publishers", "2", "--video-publishers", "1", "--subscribers", "1")
    async with running(server, "load-test", "--room", room, *kinds, "--duration", "5s", "--json") as process:
        out, errors = await ended(process)
    found = json.loads(out)
    assert process.returncode == 0, errors
    assert (found["joined"], found["streams_received"], found["streams_missing"]) == (4, 3 * 3, 0)


async def test_a_load_test_that_is_interrupted_shows_what_it_has(server: Server, room: str) -> None:
    arguments = ("load-test", "--room", room, "--publishers", "1", "--subscribers", "1", "--duration", "1h")
    async with running(server, *arguments) as process:
        assert process.stderr is not None
        assert b"2/2 there" in await asyncio.wait_for(process.stderr.readline(), END_S)
        process.send_signal(signal.SIGINT)
        out, errors = await ended(process)
    assert process.returncode == 0, errors
    assert "participants          2 of 2 (1 publish)" in out
    assert "Traceback" not in errors


async def test_a_load_test_is_heard_by_a_real_client_as_tracks(server: Server, invite: Invite, room: str) -> None:
    bob = await invite("python", "bob")
    arguments = ("load-test", "--room", room, "--publishers", "1", "--subscribers", "0", "--duration", "1h")
    async with running(server, *arguments) as process:
        await bob.sees_track("publisher-0", "audio", subscribed=True)
        await bob.sees_track("publisher-0", "video", subscribed=True)
        process.send_signal(signal.SIGINT)
        await ended(process)


async def test_a_load_test_whose_participants_are_refused_says_why(server: Server, room: str) -> None:
    arguments = ("load-test", "--room", room + "x" * 300, "--publishers", "1", "--subscribers", "1", "--duration", "1s")
    async with running(server, *arguments) as process:
        out, _ = await ended(process)
    assert process.returncode == 1
    assert "failed                2" in out
    assert "first problem" in out
