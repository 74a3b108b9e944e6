"""The media libraries are heavy: who needs none does not have them, and who loads them holds up nobody else."""

import subprocess
import sys

PROGRAM = """
import asyncio, sys
from roomwright.clock import RandomIds, SystemClock
from roomwright.sfu.embedded.plane import MediaAddress, WebRtc

async def main():
    plane = WebRtc(MediaAddress(), SystemClock(), RandomIds())
    await plane.start()
    heavy = [name for name in ("aiortc", "OpenSSL", "pylibsrtp") if name in sys.modules]
    assert not heavy, heavy
    turns = 0
    loading = [asyncio.create_task(plane.prepare()) for _ in range(3)]
    while not all(task.done() for task in loading):
        await asyncio.sleep(0.001)
        turns += 1
    assert "aiortc" in sys.modules
    print(turns)
    await plane.close()

asyncio.run(main())
"""


def test_the_loop_goes_on_while_they_are_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10, "turns of the loop while the libraries were loaded"
