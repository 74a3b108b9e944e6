"""Creates empty rooms in a memory backend and says what one takes: `{"bytes_per_room": …, "seconds_per_room": …}`.

Usage: python tools/bench_rooms.py COUNT traced|resident

`traced` counts what Python's allocator was asked for, `resident` by how much the process grew, slack included.
"""

import asyncio
import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable

from benchlib import resident_bytes

from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Config
from roomwright.sfu.backend import Caller
from roomwright.sfu.memory import MemoryBackend
from roomwright_proto import livekit as pb

WARM_UP = 100


def traced() -> int:
    """Bytes that are allocated now."""
    return tracemalloc.get_traced_memory()[0]


def resident() -> int:
    """Bytes of this process that are in RAM now."""
    return resident_bytes(os.getpid())


async def create(backend: MemoryBackend, prefix: str, count: int) -> None:
    """Create rooms, and keep nothing of the answers."""
    caller = Caller()
    for i in range(count):
        await backend.create_room(pb.CreateRoomRequest(name=f"{prefix}-{i}"), caller)


async def measure(count: int, used: Callable[[], int]) -> dict[str, float]:
    """Bytes and seconds per room; the first rooms, with all that is made once, do not count."""
    config = Config()
    backend = MemoryBackend(config.room, config.limit, SystemClock(), RandomIds())
    await create(backend, "warm-up", WARM_UP)
    gc.collect()
    before, start = used(), time.perf_counter()
    await create(backend, "room", count)
    seconds = time.perf_counter() - start
    gc.collect()
    grown = used() - before
    await backend.close()
    return {"bytes_per_room": grown / count, "seconds_per_room": seconds / count}


def main() -> None:
    """The command line."""
    count, how = int(sys.argv[1]), sys.argv[2]
    if how == "traced":
        tracemalloc.start()
    print(json.dumps(asyncio.run(measure(count, traced if how == "traced" else resident))), flush=True)


if __name__ == "__main__":
    main()
