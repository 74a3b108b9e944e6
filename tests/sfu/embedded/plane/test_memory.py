"""What is left of clients that have gone: nothing."""

import gc
import weakref
from pathlib import Path

import pytest
from aiortc.mediastreams import AudioStreamTrack

from roomwright_proto import livekit as pb
from tests.sfu.embedded.callers import Caller, eventually

_CYCLES, _SETTLED = 300, 100
_GROWTH_MB = 12
"""Both ends of each call live in this process; most of what stays is the other implementation's."""


async def visit(backend, room: str, number: int, *, stays: Caller) -> weakref.ref:
    """Come, be heard, go. Returns a reference to what the server had of the visitor."""
    visitor = Caller(backend, single=number % 2 == 0)
    await visitor.join(room, "visitor")
    sid = await visitor.publish(AudioStreamTrack())
    await eventually(lambda: sid in stays.subscribed)
    media = weakref.ref(visitor.client.media)
    visitor.say(leave=pb.LeaveRequest())
    await visitor.close()
    await eventually(lambda: sid not in stays.subscribed)
    return media


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024 / 1024


async def test_a_client_that_has_gone_is_forgotten(backend, caller):
    host = caller()
    await host.join("room", "host")
    gone = [await visit(backend, "room", number, stays=host) for number in range(4)]
    gc.collect()
    assert [media() for media in gone] == [None] * 4
    hub = backend.media.hub
    assert list(hub.clients) == [host.client.participant.sid]
    assert len(hub.router.endpoints) == (1 if host.single else 2)
    assert len(host.subscriber.getTransceivers()) <= 4


@pytest.mark.suite
async def test_three_hundred_calls_leave_memory_flat(backend, caller):
    host = caller()
    await host.join("room", "host")
    before = 0.0
    for number in range(_CYCLES):
        if number == _SETTLED:
            gc.collect()
            before = resident_mb()
        await visit(backend, "room", number, stays=host)
    gc.collect()
    assert resident_mb() - before < _GROWTH_MB
