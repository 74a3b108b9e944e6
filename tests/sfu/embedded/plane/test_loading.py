"""The media libraries are heavy: who needs none does not have them, and who loads them holds up nobody else."""

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys, time
from roomwright.clock import RandomIds, SystemClock
from roomwright.sfu.embedded.plane import MediaAddress, WebRtc

async def main():
    plane = WebRtc(MediaAddress(), SystemClock(), RandomIds())
    await plane.start()
    heavy = [name for name in ("aiortc", "OpenSSL", "pylibsrtp") if name in sys.modules]
    assert not heavy, heavy
    turns = gaps = 0
    begun = last = time.perf_counter()
    loading = [asyncio.create_task(plane.prepare()) for _ in range(3)]
    while not all(task.done() for task in loading):
        await asyncio.sleep(0.001)
        turns, gaps, last = turns + 1, max(gaps, time.perf_counter() - last), time.perf_counter()
    assert "aiortc" in sys.modules
    print(turns, gaps, last - begun)
    await plane.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def measured() -> tuple[int, float, float]:
    """Turns of the loop while the libraries were loaded, the longest one, the time that loading took."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    turns, gap, took = done.stdout.split()
    return int(turns), float(gap), float(took)


def test_the_loop_goes_on_while_they_are_loaded(measured: tuple[int, float, float]) -> None:
    turns, gap, took = measured
    assert turns > 10
    assert gap < took / 2
