"""The RTP header extensions that are understood, and in which direction each is used."""

from roomwright.media.sdp.description import Extension

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

RECEIVED = {"audio": frozenset({MID, AUDIO_LEVEL}), "video": frozenset({MID, RID, REPAIRED_RID, ABS_SEND_TIME})}
"""What is negotiated, by kind. Transport-wide sequence numbers are not supported yet."""

SENT = frozenset({AUDIO_LEVEL, ABS_SEND_TIME})
"""What we send of it. Subscribers know our streams by SSRC, so mid and rid are not sent."""

_OFFERED = {"audio": (Extension(1, AUDIO_LEVEL),), "video": (Extension(3, ABS_SEND_TIME),)}
"""The ids of our own offers. One id stands for the same extension in all sections."""


def offered(kind: str) -> list[Extension]:
    """The extensions of our own offers."""
    return list(_OFFERED[kind])


def common(extensions: list[Extension], understood: frozenset[str]) -> list[Extension]:
    """Those of `extensions` that are in `understood`, with the peer's ids; the first where one is there twice."""
    found: dict[str, Extension] = {}
    for extension in extensions:
        if extension.uri in understood:
            found.setdefault(extension.uri, extension)
    return list(found.values())
