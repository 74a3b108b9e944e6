"""Session descriptions as values: only what WebRTC peers need of RFC 8866, 8829 and 8843.

Owns no text and no rules: `reader` and `writer` do the text, `answerer` and `offerer` the rules.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from roomwright.media.sdp.errors import SdpError
from roomwright.media.sdp.parameters import Candidate, DtlsParameters, IceParameters, TransportParameters

DEFAULT_MESSAGE_BYTES = 65_536
"""What a side that says nothing takes as one data channel message (RFC 8841, 6.1)."""


class Direction(StrEnum):
    """Which way media flows, seen by who wrote the description."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the writer wants to send."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the writer wants to receive."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpCodec:
    """A payload type and what it stands for. `clock_rate` in Hz; `channels` 0 means not said."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 0
    fmtp: str = ""
    feedback: tuple[str, ...] = ()

    def parameter(self, name: str) -> str | None:
        """The value of a format parameter, `name=value` in `fmtp`; None where it is not there."""
        for item in self.fmtp.split(";"):
            key, _, value = item.strip().partition("=")
            if key.lower() == name:
                return value
        return None

    @property
    def repairs(self) -> int | None:
        """The payload type that this retransmission format (RFC 4588) repairs; None for other codecs."""
        apt = self.parameter("apt") if self.name.lower() == "rtx" else None
        return int(apt) if apt and apt.isascii() and apt.isdigit() and len(apt) <= 3 else None


@dataclass(frozen=True, slots=True)
class Extension:
    """An RTP header extension and the id that stands for it (RFC 8285)."""

    id: int
    uri: str


@dataclass(frozen=True, slots=True)
class Msid:
    """The stream and the track that a section carries (RFC 8830)."""

    stream: str
    track: str


@dataclass(frozen=True, slots=True)
class SsrcGroup:
    """SSRCs that belong together: `FID` is a stream and its retransmissions, `SIM` are layers."""

    semantics: str
    ssrcs: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Section:
    """One m-line and what follows it.

    `ssrcs` maps each announced SSRC to its cname. `rids` are the restriction identifiers in the order of the
    simulcast line, else of the rid lines, without their directions.
    """

    kind: str
    mid: str = ""
    port: int = 9
    protocol: str = "UDP/TLS/RTP/SAVPF"
    formats: tuple[str, ...] = ()
    direction: Direction = Direction.SENDRECV
    codecs: list[RtpCodec] = field(default_factory=list[RtpCodec])
    extensions: list[Extension] = field(default_factory=list[Extension])
    msid: Msid | None = None
    ssrcs: dict[int, str] = field(default_factory=dict[int, str])
    ssrc_groups: list[SsrcGroup] = field(default_factory=list[SsrcGroup])
    rids: tuple[str, ...] = ()
    simulcast: bool = False
    ice: IceParameters | None = None
    dtls: DtlsParameters | None = None
    candidates: list[Candidate] = field(default_factory=list[Candidate])
    end_of_candidates: bool = False
    sctp_port: int = 0
    max_message_size: int = DEFAULT_MESSAGE_BYTES

    @property
    def is_media(self) -> bool:
        """Whether it is audio or video, not data."""
        return self.kind in ("audio", "video")

    def extension(self, uri: str) -> int:
        """The id of a header extension; 0 where it is not there."""
        return next((extension.id for extension in self.extensions if extension.uri == uri), 0)

    def retransmissions(self) -> dict[int, int]:
        """Which SSRC retransmits which: retransmission -> stream."""
        return {g.ssrcs[1]: g.ssrcs[0] for g in self.ssrc_groups if g.semantics == "FID" and len(g.ssrcs) == 2}


@dataclass(slots=True, kw_only=True)
class SessionDescription:
    """An offer or an answer. `bundle` are the mids that share the transport."""

    session_id: int
    version: int = 0
    bundle: tuple[str, ...] = ()
    sections: list[Section] = field(default_factory=list[Section])

    def transport(self) -> TransportParameters:
        """What the first section that is in use says about the transport they all share. Raises SdpError."""
        for section in self.sections:
            if section.ice and section.dtls and (section.port or section.mid in self.bundle):
                return TransportParameters(section.ice, section.dtls, self._candidates(), self._max_message_bytes())
        raise SdpError("no section has ice-ufrag, ice-pwd and a sha-256 fingerprint")

    def _candidates(self) -> tuple[Candidate, ...]:
        return tuple(dict.fromkeys(candidate for section in self.sections for candidate in section.candidates))

    def _max_message_bytes(self) -> int:
        stated = (s.max_message_size for s in self.sections if s.kind == "application" and s.port)
        size = next(stated, None)
        return DEFAULT_MESSAGE_BYTES if size is None else size
