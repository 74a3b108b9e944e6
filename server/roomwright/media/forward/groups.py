"""Fanning out: subscribers that get a packet rewritten in the same way are served together."""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from roomwright.media.forward.sink import Sender, Sink
from roomwright.media.rtp.rewrite import Recipe, Rewriter

_header = struct.Struct("!HHII").pack


class Target(NamedTuple):
    """One subscriber's part of a header: offsets of sequence number and timestamp, SSRC.

    `first` is the extended source number of the first packet that it gets.
    """

    sender: Sender
    shift: int
    ahead: int
    ssrc: int
    first: int


class Group:
    """Targets with one recipe. `packets` and `octets` (of payload) count what each of them was sent."""

    __slots__ = ("_queue", "_rewriter", "octets", "packets", "targets")

    def __init__(self, recipe: Recipe, targets: Iterable[Target], sink: Sink) -> None:
        self.targets = tuple(targets)
        self.packets = 0
        self.octets = 0
        self._rewriter = Rewriter(recipe)
        self._queue = sink.queue_rtp

    def send(self, packet: bytes, start: int, sequence: int, timestamp: int, stamp: bytes) -> None:
        """Send a packet to all targets. Called for every packet: kept flat for speed."""
        rewritten = self._rewriter.rewrite(packet, start, stamp)
        if rewritten is None:
            return
        first, extension, payload = rewritten
        rest = extension + payload if extension else payload
        queue, header = self._queue, _header
        for sender, shift, ahead, ssrc, _ in self.targets:
            queue(sender, header(first, sequence + shift & 0xFFFF, timestamp + ahead & 0xFFFF_FFFF, ssrc), rest)
        self.packets += 1
        self.octets += len(payload)

    def send_late(self, packet: bytes, start: int, number: int, timestamp: int, stamp: bytes) -> None:
        """Send a packet that came late (`number` is extended) to those who have got its neighbours."""
        rewritten = self._rewriter.rewrite(packet, start, stamp)
        if rewritten is None:
            return
        first, extension, payload = rewritten
        for sender, shift, ahead, ssrc, begin in self.targets:
            if number >= begin:
                header = _header(first, number + shift & 0xFFFF, timestamp + ahead & 0xFFFF_FFFF, ssrc)
                self._queue(sender, header, extension + payload)
