"""What negotiation is about: tracks that a client announced, tracks that it shall receive, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from roomwright.media.sdp.description import Extension, RtpCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A track that the client said it would publish.

    `cids` are the ids by which its offers name it, `wishes` the codecs (`vp9`, …) in which it would send them.
    """

    track_sid: str
    kind: str
    cids: tuple[str, ...] = ()
    red: bool = True
    dtx: bool = True
    stereo: bool = False
    wishes: Mapping[str, str] = field(default_factory=dict[str, str])

    def wish(self, cid: str) -> str:
        """The codec in which the client would send the media that an offer names so; empty: it did not say."""
        return self.wishes.get(cid) or next(iter(self.wishes.values()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A track that the client shall receive.

    `ssrc` and `rtx_ssrc` are what we send it with, new ones for each subscription; `rtx_ssrc` 0: never retransmitted
    in a stream of its own. Tracks with the same `sync` of one participant are played in lip-sync.
    """

    track_sid: str
    participant_sid: str
    kind: str
    ssrc: int
    rtx_ssrc: int = 0
    sync: str = ""

    @property
    def stream(self) -> str:
        """The id of the media stream, from which clients read whose track it is."""
        return f"{self.participant_sid}|{self.sync or self.track_sid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A section on which the client sends an announced track, as negotiated.

    `ssrcs` are announced streams (none for simulcast: they are learned from `rids`), `retransmissions` maps the SSRC of
    retransmissions to the one of the stream.
    """

    track_sid: str
    mid: str
    kind: str
    cid: str
    codecs: tuple[RtpCodec, ...]
    extensions: tuple[Extension, ...]
    ssrcs: tuple[int, ...] = ()
    retransmissions: dict[int, int] = field(default_factory=dict[int, int])
    rids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A section on which we send a wanted track, as negotiated."""

    wanted: Wanted
    mid: str
    codecs: tuple[RtpCodec, ...]
    extensions: tuple[Extension, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """How many more sections a client must offer to receive what it shall; both 0: offering again is enough."""

    audios: int = 0
    videos: int = 0
