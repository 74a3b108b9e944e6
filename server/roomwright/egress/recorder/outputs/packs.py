"""Units of one segment into its bytes: MPEG-TS, or fragmented MP4 with its first boxes apart.

Every segment has a muxer of its own, so that it is whole when that is closed. What players expect to go on from one
segment to the next, counters and times, is seen to here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from ..units import StreamFormat, Unit
from .muxer import Muxer

if TYPE_CHECKING:
    from numpy.typing import NDArray

OFFSET_NS: Final = 100_000_000
"""Added to all times: encoders begin before 0, and muxers would shift that segment alone."""

_PACKET: Final = 188


class Pack(Protocol):
    """Makes segments of one stream of media."""

    extension: str

    def init(self, units: Sequence[Unit]) -> bytes:
        """What comes once before the first segment, which these units make; empty if nothing does."""
        ...

    def segment(self, units: Sequence[Unit]) -> bytes:
        """The next segment."""
        ...


class TransportStream:
    """MPEG-TS. Each of its streams counts its packets on through all segments."""

    extension = ".ts"

    def __init__(self, formats: Sequence[StreamFormat]) -> None:
        self._formats = formats
        self._counted = np.zeros(8192, dtype=np.int64)

    def init(self, units: Sequence[Unit]) -> bytes:
        """There is none."""
        _ = units
        return b""

    def segment(self, units: Sequence[Unit]) -> bytes:
        """The next segment."""
        packed = bytearray(_packed(units, self._formats, "mpegts", {"avoid_negative_ts": "disabled"}))
        packets = np.frombuffer(packed, np.uint8).reshape(-1, _PACKET)
        self._count_on(packets)
        return bytes(packed)

    def _count_on(self, packets: "NDArray[np.uint8]") -> None:
        streams = (packets[:, 1].astype(np.int64) & 0x1F) << 8 | packets[:, 2]
        carrying = (packets[:, 3] & 0x10) != 0
        counters = (packets[:, 3] & 0x0F) + self._counted[streams]
        packets[:, 3] = (packets[:, 3] & 0xF0) | (counters & 0x0F).astype(np.uint8)
        self._counted += np.bincount(streams[carrying], minlength=self._counted.size)


class FragmentedMp4:
    """MP4 fragments, one for each segment."""

    extension = ".m4s"

    def __init__(self, formats: Sequence[StreamFormat]) -> None:
        self._formats = formats
        self._number = 1

    def init(self, units: Sequence[Unit]) -> bytes:
        """File type and movie header."""
        return b"".join(box for kind, box in _boxes(self._boxes(units)) if kind in (b"ftyp", b"moov"))

    def segment(self, units: Sequence[Unit]) -> bytes:
        """The next fragment."""
        fragment = b"".join(box for kind, box in _boxes(self._boxes(units)) if kind in (b"moof", b"mdat"))
        self._number += 1
        return fragment

    def _boxes(self, units: Sequence[Unit]) -> bytes:
        options = {
            "movflags": "frag_custom+empty_moov+default_base_moof+frag_discont",
            "use_editlist": "0",
            "fragment_index": str(self._number),
            "avoid_negative_ts": "disabled",
        }
        return _packed(units, self._formats, "mp4", options)


def _packed(units: Sequence[Unit], formats: Sequence[StreamFormat], container: str, options: dict[str, str]) -> bytes:
    target = BytesIO()
    muxer = Muxer(target, container, formats, options)
    for unit in units:
        muxer.write(replace(unit, pts_ns=unit.pts_ns + OFFSET_NS, dts_ns=unit.dts_ns + OFFSET_NS))
    muxer.close()
    return target.getvalue()


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at : at + size]
        at += max(8, size)
