"""A client's side of negotiations, as small as the rules allow: sections that it offers, answers that it checks."""

from dataclasses import dataclass, field

from roomwright.media.sdp.description import Direction, Extension, Msid, RtpCodec, Section, SessionDescription
from roomwright.media.sdp.parameters import DtlsParameters, IceParameters
from roomwright.media.sdp.reader import parse
from roomwright.media.sdp.writer import render

_ICE = IceParameters("client", "client-password-client")
_DTLS = DtlsParameters(":".join(["01"] * 32), "actpass")
_CODECS = {
    "audio": [RtpCodec(payload_type=111, name="opus", clock_rate=48_000, channels=2, fmtp="minptime=10")],
    "video": [
        RtpCodec(payload_type=96, name="VP8", clock_rate=90_000, feedback=("nack", "transport-cc", "nack pli")),
        RtpCodec(payload_type=97, name="rtx", clock_rate=90_000, fmtp="apt=96"),
        RtpCodec(payload_type=120, name="ulpfec", clock_rate=90_000),
    ],
}


@dataclass
class OfferingClient:
    """A single peer connection that always offers."""

    sections: list[Section] = field(default_factory=list)
    carried: dict[str, str] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, direction: Direction, cid: str = "") -> Section:
        codecs = _CODECS.get(kind, [])
        section = Section(
            kind=kind,
            mid=str(len(self.sections)),
            protocol="UDP/TLS/RTP/SAVPF" if codecs else "UDP/DTLS/SCTP",
            formats=tuple(str(codec.payload_type) for codec in codecs) or ("webrtc-datachannel",),
            direction=direction,
            codecs=codecs,
            extensions=[Extension(4, "urn:ietf:params:rtp-hdrext:sdes:mid"), Extension(9, "urn:unknown")],
            msid=Msid("-", cid) if cid else None,
            ice=_ICE,
            dtls=_DTLS,
            sctp_port=0 if codecs else 5000,
        )
        self.sections.append(section)
        return section

    def offer(self) -> str:
        mids = tuple(section.mid for section in self.sections)
        return render(SessionDescription(session_id=7, version=1, bundle=mids, sections=self.sections))

    def accept(self, sdp: str) -> None:
        """Take an answer; `events` gets what a browser would tell: a track begins or ends on a section."""
        answered = parse(sdp)
        assert [(s.kind, s.mid) for s in answered.sections] == [(s.kind, s.mid) for s in self.sections]
        for section in answered.sections:
            track = section.msid.track if section.msid and section.direction.sends else ""
            before = self.carried.get(section.mid, "")
            assert not (before and track and before != track), "a browser tells nothing of a track that takes over"
            if before != track:
                self.events.append(("begins" if track else "ends", track or before))
            self.carried[section.mid] = track

    @property
    def received(self) -> list[str]:
        """The tracks that are received."""
        return [track for track in self.carried.values() if track]
