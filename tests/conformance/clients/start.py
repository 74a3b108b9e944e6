"""Starts the program in which recorded participants live, in the network of the tests with real clients."""

import sys
from pathlib import Path

from tests.rtc.guests import Program

FOLDER = Path(__file__).parent


async def start(connections: str = "single") -> Program:
    """The program, ready for commands; it takes the network of the calling thread.

    `connections` is `single` or `double`: one peer connection for a participant and `/rtc/v1`, or two and `/rtc`.
    """
    return await Program.start((sys.executable, "program.py", connections), FOLDER)
