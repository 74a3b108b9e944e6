"""What clients tried, counted where nothing else would tell: what comes to nothing makes no event."""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roomwright.sfu.sorts import Sort


class Tally:
    """Since the start.

    `refused` clients were not let in; `announced` tracks by sort. Of messages of the signalling: `requests` of clients
    that were read and `garbled` ones, `responses` that were sent and `unsent` ones, for which there was no socket.
    """

    def __init__(self) -> None:
        self.refused = 0
        self.announced: Counter[Sort] = Counter()
        self.requests = self.garbled = 0
        self.responses = self.unsent = 0

    def read(self, *, garbled: bool) -> None:
        """A frame came."""
        self.requests += not garbled
        self.garbled += garbled

    def said(self, *, heard: bool) -> None:
        """A message was made for a client."""
        self.responses += heard
        self.unsent += not heard

    def __repr__(self) -> str:
        return f"<Tally: {self.requests} requests, {self.responses} responses>"
