"""A data track of a participant: what it is, and who receives it under which number."""

from roomwright_proto import livekit as pb

LAST_HANDLE = 65_535
"""The largest number of a data track, on either side: it has two bytes in a packet."""


class DataTrack:
    """State of one data track.

    `info` is a snapshot that nobody changes. `subscribers` maps the sid of each participant that receives it to the
    number under which it does; a media plane looks it up for every packet. `origin` is the data track that a forwarded
    one mirrors: both have the same `subscribers`, each those of its own room.
    """

    __slots__ = ("info", "origin", "subscribers")

    def __init__(self, info: pb.DataTrackInfo, origin: "DataTrack | None" = None) -> None:
        self.info = info
        self.origin = origin
        self.subscribers: dict[str, int] = {} if origin is None else origin.subscribers

    def mirrored(self, sid: str) -> "DataTrack":
        """A data track that shows this one under another sid."""
        info = pb.DataTrackInfo()
        vars(info).update(vars(self.info))
        info.sid = sid
        return DataTrack(info, self)

    def __repr__(self) -> str:
        return f"<DataTrack {self.info.sid} {self.info.name!r}: {len(self.subscribers)} subscribers>"
