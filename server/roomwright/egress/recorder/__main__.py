"""`python -m roomwright.egress.recorder FD`: the recorder of one egress, on an inherited end of a socket pair."""

import logging
import socket
import sys

import av.logging

from roomwright.egress.recorder.making import make
from roomwright.egress.recorder.process import Recorder


def main() -> None:
    """Run one recorder. FFmpeg's own messages name URLs with their keys: they are not printed."""
    logging.basicConfig(level=logging.WARNING, format="recorder: %(message)s", stream=sys.stderr)
    av.logging.set_level(None)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        connection.settimeout(None)
        Recorder(connection, make).run()


if __name__ == "__main__":
    main()
