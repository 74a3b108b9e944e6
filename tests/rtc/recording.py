"""A server that records into a directory of the tests', and what recordings show when they are decoded."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from livekit import api
from livekit.protocol import egress as proto

from tests.rtc.server import Server

PATIENCE_S = 90.0
BUSY = 3
"""That many for each processor are too many."""
ENDED = ("EGRESS_COMPLETE", "EGRESS_FAILED", "EGRESS_ABORTED", "EGRESS_LIMIT_REACHED")


def arguments(directory: Path, room: dict[str, Any] | None = None, **more: Any) -> tuple[str, ...]:
    """The flags of a server that records into `directory`, however few cores there are."""
    settings = {
        "directory": str(directory / "files"),
        "state_directory": str(directory / "state"),
        "cpu_cost": {"max_cpu_utilization": 100},
        **more,
    }
    return ("--config-body", json.dumps({"egress": settings, "room": room or {}}))


@asynccontextmanager
async def recording_server(directory: Path, **more: Any) -> AsyncIterator[Server]:
    server = await Server.start(*arguments(directory, **more))
    try:
        yield server
    finally:
        await server.stop()


def recorders(server: Server) -> list[int]:
    """The processes of a server's recorders."""
    tasks = Path(f"/proc/{server.pid}/task")
    return [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]


def status(info: proto.EgressInfo) -> str:
    return proto.EgressStatus.Name(info.status)


@contextmanager
def in_real_time() -> Iterator[None]:
    """For what only holds where publishers and recorders get a processor when they want one; else skipped."""
    try:
        yield
    except AssertionError as error:
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        if load > BUSY * cores:
            pytest.skip(f"nothing keeps its time here: {load:.1f} want {cores} processors; {error}")
        raise


async def published(livekit: api.LiveKitAPI, room: str, sid: str) -> None:
    """Wait until the server has a track: SDKs call it published before its media is negotiated."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            people = (await livekit.room.list_participants(api.ListParticipantsRequest(room=room))).participants
            if any(track.sid == sid for person in people for track in person.tracks):
                return
            await asyncio.sleep(0.1)


async def listed(livekit: api.LiveKitAPI, egress_id: str) -> proto.EgressInfo:
    return (await livekit.egress.list_egress(api.ListEgressRequest(egress_id=egress_id))).items[0]


async def until(
    livekit: api.LiveKitAPI, egress_id: str, right: Callable[[proto.EgressInfo], bool], within: float = PATIENCE_S
) -> proto.EgressInfo:
    """The egress, once it is right."""
    deadline = time.monotonic() + within
    while True:
        info = await listed(livekit, egress_id)
        if right(info):
            return info
        assert time.monotonic() < deadline, f"after {within} s it is {info}"
        await asyncio.sleep(0.1)


async def active(livekit: api.LiveKitAPI, egress_id: str) -> proto.EgressInfo:
    return await until(livekit, egress_id, lambda info: status(info) in ("EGRESS_ACTIVE", *ENDED))


async def ended(livekit: api.LiveKitAPI, egress_id: str) -> proto.EgressInfo:
    return await until(livekit, egress_id, lambda info: status(info) in ENDED)


async def recorded(livekit: api.LiveKitAPI, egress_id: str, seconds: float) -> proto.EgressInfo:
    """Let it record for a while, stop it, wait until it has ended."""
    info = await active(livekit, egress_id)
    assert status(info) == "EGRESS_ACTIVE", info
    await asyncio.sleep(seconds)
    await livekit.egress.stop_egress(api.StopEgressRequest(egress_id=egress_id))
    return await ended(livekit, egress_id)


def size(path: str | Path) -> int:
    return Path(path).stat().st_size


def probe(path: str | Path) -> dict[str, dict[str, Any]]:
    """What ffprobe says of a file's streams, by their kind."""
    command = ("ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path))
    found = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    return {stream["codec_type"]: stream for stream in found["streams"]} | {"format": found["format"]}


def colours(path: str | Path) -> list[tuple[int, int, int]]:
    """The colour in the middle of each picture."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [tuple(int(v) for v in frame[frame.shape[0] // 2, frame.shape[1] // 2]) for frame in frames]


def pitch(path: str | Path) -> float:
    """The strongest frequency of a recording's second half, in Hz."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        heard = [frame.to_ndarray() for frame in container.decode(audio=0)]
    flat = np.concatenate([np.atleast_2d(one).astype(float)[0] for one in heard])
    half = flat[len(flat) // 2 :]
    spectrum = np.abs(np.fft.rfft(half))
    spectrum[0] = 0
    return float(np.argmax(spectrum) * rate / len(half))
