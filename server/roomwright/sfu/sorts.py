"""What sort of track one is, in words from closed sets: whatever a client announces, there are only so many."""

from typing import NamedTuple

from roomwright_proto import livekit as pb

_CODECS = {
    "audio": ("opus", "red", "pcmu", "pcma", "g722"),
    "video": ("vp8", "vp9", "h264", "h265", "av1"),
}
_MIMES = {f"{kind}/{name}" for kind, names in _CODECS.items() for name in names}


class Sort(NamedTuple):
    """`kind` is such as `AUDIO`, `source` such as `CAMERA`, `mime` such as `video/vp8`; empty: not known yet."""

    kind: str
    source: str
    mime: str = ""

    @classmethod
    def of(cls, track: pb.TrackInfo) -> "Sort":
        """The sort of a track."""
        mime = track.mime_type.lower()
        return cls(
            kind=pb.TrackType(track.type).name or "OTHER",
            source=pb.TrackSource(track.source).name or "UNKNOWN",
            mime=mime if mime in _MIMES or not mime else "other",
        )
