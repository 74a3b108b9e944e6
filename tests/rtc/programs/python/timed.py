"""Plays the source that tells its time, picture and sound by one clock."""

import asyncio
import sys
import time
from pathlib import Path

from livekit import rtc

sys.path.insert(0, str(Path(__file__).parents[4]))
from tests.egress import source

FPS = 30


async def perform(picture: rtc.VideoSource, sound: rtc.AudioSource, width: int, height: int) -> None:
    """For good: each frame at its time, and the sound up to it."""
    began, heard = time.monotonic(), 0
    for number in range(10**9):
        await asyncio.sleep(max(0, began + number / FPS - time.monotonic()))
        image = source.picture(number, width, height, FPS).to_ndarray().tobytes()
        picture.capture_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, image))
        while heard / source.RATE < (number + 1) / FPS:
            wave = source.samples(heard / source.RATE, 480)
            await sound.capture_frame(rtc.AudioFrame(wave.tobytes(), source.RATE, 1, 480))
            heard += 480
