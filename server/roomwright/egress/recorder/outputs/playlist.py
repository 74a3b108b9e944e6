"""The text of HLS playlists (RFC 8216, version 4; 7 with fragmented MP4). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

SECOND: Final = 1_000_000_000

LIVE_SEGMENTS: Final = 5
"""So many segments are in the live playlist."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stored segment: its path, its time since the epoch and its length."""

    path: str
    at_ns: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Playlist:
    """What stays the same. `names` are the segments' as the playlist says them, `init` that of the first boxes."""

    target_seconds: float
    init: str = ""

    def whole(self, segments: Sequence[Segment], names: Sequence[str], ended: bool) -> str:
        """Every segment from the first on."""
        return self._text(segments, names, 0, ["#EXT-X-PLAYLIST-TYPE:EVENT"], ended)

    def live(self, segments: Sequence[Segment], names: Sequence[str], ended: bool) -> str:
        """The last segments."""
        first = max(0, len(segments) - LIVE_SEGMENTS)
        return self._text(segments[first:], names[first:], first, [], ended)

    def _text(
        self, segments: Sequence[Segment], names: Sequence[str], first: int, more: Sequence[str], ended: bool
    ) -> str:
        longest = max((round(segment.duration_ns / SECOND) for segment in segments), default=0)
        lines = [
            "#EXTM3U",
            f"#EXT-X-VERSION:{7 if self.init else 4}",
            *more,
            f"#EXT-X-TARGETDURATION:{max(ceil(self.target_seconds), longest)}",
            f"#EXT-X-MEDIA-SEQUENCE:{first}",
            *([f'#EXT-X-MAP:URI="{self.init}"'] if self.init else []),
        ]
        for segment, name in zip(segments, names, strict=True):
            lines += [
                f"#EXT-X-PROGRAM-DATE-TIME:{_date(segment.at_ns)}",
                f"#EXTINF:{segment.duration_ns / SECOND:.3f},",
                name,
            ]
        return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])


def _date(at_ns: int) -> str:
    at = datetime.fromtimestamp(at_ns // SECOND, UTC) + timedelta(microseconds=at_ns % SECOND // 1000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
