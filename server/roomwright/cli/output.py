"""Standard output, whose reader may leave at any time (`roomwright config | head -1`)."""

import os
import sys


def say(text: str) -> None:
    """Print a text at once; that nobody reads it any more is no error, now or later."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
