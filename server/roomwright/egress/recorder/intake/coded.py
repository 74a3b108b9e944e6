"""What intake makes of packets before anything is decoded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coded:
    """One encoded frame of a track, whole.

    `at_ns` is when it was captured, by the server's clock. `ticks` is its RTP time stamp without wraps, comparable
    within `layer`. `lost` counts packets that are missing right before it. `codec` is a MIME subtype: `opus`, `vp8`, ….
    """

    codec: str
    layer: int
    at_ns: int
    ticks: int
    key: bool
    lost: int
    data: bytes
