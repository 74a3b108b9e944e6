"""G.711 to Opus: no container that the API knows takes G.711."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# PyAV annotates packets without their type parameter.

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import av

from roomwright.egress.recorder.intake.clock import SECOND
from roomwright.egress.recorder.intake.decode import AudioDecoder
from roomwright.egress.recorder.intake.unpack import opus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from roomwright.egress.recorder.intake.coded import Coded

_FRAME: Final = 960
_BIT_RATE: Final = 32_000


class ToOpus:
    """One track's encoder, mono. It delays sound by 6.5 ms."""

    def __init__(self) -> None:
        self._decoder = AudioDecoder("mono")
        self._fifo = av.AudioFifo()
        self._encoder = av.CodecContext.create("libopus", "w")
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = opus.RATE, "mono", "s16"
        self._encoder.bit_rate = _BIT_RATE
        self._encoder.options = {"application": "voip"}

    def convert(self, coded: "Coded") -> "Iterator[Coded]":
        """The Opus frames that are full now, with `ticks` at 48 kHz."""
        for _, frame in self._decoder.decode(coded):
            frame.pts = None
            self._fifo.write(frame)
        begin = coded.ticks * opus.RATE // 8_000
        while self._fifo.samples >= _FRAME:
            early = self._fifo.samples - len(coded.data) * opus.RATE // 8_000
            at_ns, ticks = coded.at_ns - early * SECOND // opus.RATE, begin - early
            frame = self._fifo.read(_FRAME)
            for packet in self._encoder.encode(frame):
                yield replace(coded, codec="opus", at_ns=at_ns, ticks=ticks, data=bytes(packet))
