"""What a client of a benchmark says when it joins, and what it reads in the answer. Pure functions.

The offer is a browser's: places for three audio and three video tracks, and data channels; with fewer codecs.
"""

import base64
import gzip
from dataclasses import dataclass

from benchlib import KEY, SECRET, CannotMeasureError
from livekit import api

from roomwright import codec
from roomwright_proto import livekit as pb

_AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 111 63
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
"""
_VIDEO = """m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:103 H264/90000
a=rtcp-fb:103 ccm fir
a=rtcp-fb:103 nack
a=rtcp-fb:103 nack pli
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
"""
_TRACK = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\na=rtcp-mux\na=rtcp-rsize\na=recvonly\n"
_DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=sctp-port:5000\na=max-message-size:262144\n"
_SECTIONS = (*[_AUDIO + _TRACK] * 3, *[_VIDEO + _TRACK] * 3, _DATA)


def offer(ufrag: str, pwd: str, fingerprint: str) -> str:
    """A session description as a browser would send it first."""
    transport = (
        f"c=IN IP4 0.0.0.0\na=ice-ufrag:{ufrag}\na=ice-pwd:{pwd}\na=ice-options:trickle\n"
        f"a=fingerprint:sha-256 {fingerprint}\na=setup:actpass\n"
    )
    mids = " ".join(map(str, range(len(_SECTIONS))))
    head = f"v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE {mids}\n"
    sections = [f"{section}{transport}a=mid:{mid}\n" for mid, section in enumerate(_SECTIONS)]
    return "".join([head, *sections]).replace("\n", "\r\n")


@dataclass(frozen=True, slots=True)
class Server:
    """What an answer says of the server's transport."""

    ufrag: str
    pwd: str
    fingerprint: str
    address: tuple[str, int]

    @classmethod
    def of(cls, sdp: str) -> "Server":
        """Read an answer's first transport."""
        candidate = _first(sdp, "a=candidate:").split()
        fingerprint = _first(sdp, "a=fingerprint:sha-256 ")
        address = (candidate[4], int(candidate[5]))
        return cls(_first(sdp, "a=ice-ufrag:"), _first(sdp, "a=ice-pwd:"), fingerprint, address)


def _first(sdp: str, start: str) -> str:
    for line in sdp.splitlines():
        if line.startswith(start):
            return line.removeprefix(start)
    raise CannotMeasureError(f"the answer has no line {start}…:\n{sdp}")


def join_request(sdp: str | None) -> str:
    """The query's value of the same name; without an offer only signalling begins."""
    description = pb.SessionDescription(type="offer", sdp=sdp, id=1) if sdp else None
    request = pb.JoinRequest(client_info=pb.ClientInfo(protocol=16), publisher_offer=description)
    packed = gzip.compress(codec.encode(request))
    wrapped = pb.WrappedJoinRequest(compression=pb.WrappedJoinRequestCompression.GZIP, join_request=packed)
    return base64.urlsafe_b64encode(codec.encode(wrapped)).decode()


def token(identity: str, room: str) -> str:
    """Opens a room."""
    grants = api.VideoGrants(room_join=True, room=room)
    return api.AccessToken(KEY, SECRET).with_identity(identity).with_grants(grants).to_jwt()
