"""The port to a client's WebSocket."""

from typing import Protocol

from roomwright.signalling.frames import Frame


class Socket(Protocol):
    """One WebSocket, as its client's signalling sees it. No call waits and none fails: what cannot be sent is dropped.

    What is sent before the socket is up waits for it. At most so much waits; a client that reads too slowly for that
    is cut off.
    """

    def send(self, frame: Frame) -> None:
        """Send a frame."""
        ...

    def ping(self) -> None:
        """Send a ping."""
        ...

    def close(self) -> None:
        """Close it in good order, after what was sent before."""
        ...

    def abort(self) -> None:
        """Close it at once."""
        ...
