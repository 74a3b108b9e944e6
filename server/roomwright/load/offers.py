"""What a light participant says when it joins, and what it reads in the answer. Pure functions.

The offers are a browser's with fewer codecs: Opus and VP8, no retransmission streams.
"""

import base64
import gzip
from collections.abc import Sequence
from dataclasses import dataclass

from roomwright import codec
from roomwright_proto import livekit as pb

AUDIO_TYPE, VIDEO_TYPE = 111, 96
"""Payload types."""
PASSWORD = "the-password-of-a-load-test"  # noqa: S105 - everybody may know it: only connectivity checks are signed
_MEDIA = {
    "audio": f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO_TYPE}\na=rtpmap:{AUDIO_TYPE} opus/48000/2\n",
    "video": (
        f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO_TYPE}\na=rtpmap:{VIDEO_TYPE} VP8/90000\n"
        f"a=rtcp-fb:{VIDEO_TYPE} nack pli\na=rtcp-fb:{VIDEO_TYPE} nack\n"
    ),
}
_RTP = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\na=rtcp-mux\na=rtcp-rsize\n"
_DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=sctp-port:5000\na=max-message-size:262144\n"


class AnswerError(Exception):
    """The server's answer cannot be used."""


@dataclass(frozen=True, slots=True)
class Section:
    """A place for one track. With an `ssrc` it is sent, under the id `cid`; without, it is for receiving."""

    kind: str
    cid: str = ""
    ssrc: int = 0

    def text(self) -> str:
        """Its lines, without those of the transport."""
        if not self.ssrc:
            return f"{_MEDIA[self.kind]}{_RTP}a=recvonly\n"
        return f"{_MEDIA[self.kind]}{_RTP}a=sendonly\na=msid:- {self.cid}\na=ssrc:{self.ssrc} cname:load\n"


def offer(ufrag: str, fingerprint: str, sections: Sequence[Section], version: int = 1) -> str:
    """A session description: data channels, then the sections, in an order that later offers keep."""
    transport = (
        f"c=IN IP4 0.0.0.0\na=ice-ufrag:{ufrag}\na=ice-pwd:{PASSWORD}\na=ice-options:trickle\n"
        f"a=fingerprint:sha-256 {fingerprint}\na=setup:actpass\n"
    )
    bodies = [_DATA, *(section.text() for section in sections)]
    mids = " ".join(map(str, range(len(bodies))))
    head = f"v=0\no=- 1 {version} IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE {mids}\n"
    return "".join([head, *(f"{body}{transport}a=mid:{mid}\n" for mid, body in enumerate(bodies))]).replace(
        "\n", "\r\n"
    )


@dataclass(frozen=True, slots=True)
class Server:
    """What an answer says of the server's transport."""

    ufrag: str
    pwd: str
    fingerprint: str
    address: tuple[str, int]

    @classmethod
    def of(cls, sdp: str) -> "Server":
        """Read an answer's first transport. Raises AnswerError."""
        if "a=ice-lite" not in sdp:
            raise AnswerError("the server is not ICE-lite: only such servers can be tested")
        candidate = _first(sdp, "a=candidate:").split()
        fingerprint = _first(sdp, "a=fingerprint:sha-256 ")
        address = (candidate[4], int(candidate[5]))
        return cls(_first(sdp, "a=ice-ufrag:"), _first(sdp, "a=ice-pwd:"), fingerprint, address)


def _first(sdp: str, start: str) -> str:
    for line in sdp.splitlines():
        if line.startswith(start):
            return line.removeprefix(start)
    raise AnswerError(f"the server's answer has no line {start}…")


def join_request(sdp: str | None, tracks: Sequence[pb.AddTrackRequest] = ()) -> str:
    """The query's value of the same name; without an offer only signalling begins."""
    description = pb.SessionDescription(type="offer", sdp=sdp, id=1) if sdp else None
    request = pb.JoinRequest(
        client_info=pb.ClientInfo(sdk=pb.ClientInfoSdk.PYTHON, protocol=16),
        connection_settings=pb.ConnectionSettings(auto_subscribe=True),
        add_track_requests=list(tracks),
        publisher_offer=description,
    )
    packed = gzip.compress(codec.encode(request))
    wrapped = pb.WrappedJoinRequest(compression=pb.WrappedJoinRequestCompression.GZIP, join_request=packed)
    return base64.urlsafe_b64encode(codec.encode(wrapped)).decode()
