"""What a client of a benchmark says when it joins. Pure functions.

The offer is a browser's: places for three audio and three video tracks, and data channels; with fewer codecs.
"""

from benchlib import KEY, SECRET
from livekit import api

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


def token(identity: str, room: str) -> str:
    """Opens a room."""
    grants = api.VideoGrants(room_join=True, room=room)
    return api.AccessToken(KEY, SECRET).with_identity(identity).with_grants(grants).to_jwt()
