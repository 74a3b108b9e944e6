"""Which codecs are negotiated: those that are enabled, as the peer numbers them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from roomwright.media.sdp.description import RtpCodec

FEEDBACK = ("goog-remb", "ccm fir", "nack", "nack pli")
"""The RTCP feedback that is understood, in the order in which it is written."""

_AUDIO = (
    RtpCodec(payload_type=111, name="opus", clock_rate=48_000, channels=2, fmtp="minptime=10;useinbandfec=1"),
    RtpCodec(payload_type=63, name="red", clock_rate=48_000, channels=2, fmtp="111/111"),
    RtpCodec(payload_type=0, name="PCMU", clock_rate=8_000),
    RtpCodec(payload_type=8, name="PCMA", clock_rate=8_000),
)
_H264 = "level-asymmetry-allowed=1;packetization-mode={};profile-level-id={}"
_VIDEO = (
    (96, 97, "VP8", ""),
    (98, 99, "VP9", "profile-id=0"),
    (100, 101, "VP9", "profile-id=2"),
    (108, 109, "H264", _H264.format(1, "42e01f")),
    (125, 126, "H264", _H264.format(0, "42e01f")),
    (102, 103, "H264", _H264.format(1, "42001f")),
    (104, 105, "H264", _H264.format(1, "4d001f")),
    (106, 107, "H264", _H264.format(1, "64001f")),
    (35, 36, "AV1", ""),
    (116, 117, "H265", ""),
)
"""Payload type, the one of its retransmissions, name, format parameters: what our own offers hold."""


class Codecs:
    """The codecs that are enabled, by MIME type such as `video/VP8`."""

    def __init__(self, mimes: Iterable[str]) -> None:
        self._enabled = frozenset(mime.lower() for mime in mimes)

    def select(self, kind: str, offered: Iterable[RtpCodec]) -> list[RtpCodec]:
        """The peer's codecs that are enabled, in its order; retransmission and redundancy only with what they serve."""
        chosen = [_supported(kind, codec) for codec in offered if self._enables(kind, codec)]
        numbers = {codec.payload_type for codec in chosen if codec.name.lower() not in ("rtx", "red")}
        return [codec for codec in chosen if _served(codec, numbers)]

    def offered(self, kind: str) -> list[RtpCodec]:
        """The codecs of our own offers."""
        return self.select(kind, _AUDIO if kind == "audio" else _video())

    def _enables(self, kind: str, codec: RtpCodec) -> bool:
        return f"{kind}/{codec.name}".lower() in self._enabled


def redundancy_first(codecs: list[RtpCodec], *, red: bool) -> list[RtpCodec]:
    """Put redundant audio before all others, so that the publisher uses it, or leave it out."""
    return wished_first(codecs, "red") if red else [codec for codec in codecs if codec.name.lower() != "red"]


def wished_first(codecs: list[RtpCodec], name: str) -> list[RtpCodec]:
    """Put a codec before all others, so that the publisher uses it: browsers leave that choice to the answer."""
    return sorted(codecs, key=lambda codec: codec.name.lower() != name.lower())


def with_opus_parameters(codecs: list[RtpCodec], *, stereo: bool, dtx: bool) -> list[RtpCodec]:
    """Ask an Opus publisher for discontinuous transmission and stereo as its announcement says."""
    wishes = [name for name, wished in (("stereo=1", stereo), ("usedtx=1", dtx)) if wished]
    return [_asking(codec, wishes) if codec.name.lower() == "opus" else codec for codec in codecs]


def matching(codec: RtpCodec, candidates: Sequence[RtpCodec]) -> RtpCodec | None:
    """The candidate that can carry what `codec` carries: same name and rate, the same profile if there is a choice."""
    same = [c for c in candidates if (c.name.lower(), c.clock_rate) == (codec.name.lower(), codec.clock_rate)]
    return next((c for c in same if _profile(c) == _profile(codec)), same[0] if same else None)


def retransmission_of(payload_type: int, codecs: Iterable[RtpCodec]) -> RtpCodec | None:
    """The retransmission format of a payload type."""
    return next((codec for codec in codecs if codec.repairs == payload_type), None)


def _video() -> Iterable[RtpCodec]:
    for payload_type, repair, name, fmtp in _VIDEO:
        yield RtpCodec(payload_type=payload_type, name=name, clock_rate=90_000, fmtp=fmtp, feedback=FEEDBACK)
        yield RtpCodec(payload_type=repair, name="rtx", clock_rate=90_000, fmtp=f"apt={payload_type}")


def _supported(kind: str, codec: RtpCodec) -> RtpCodec:
    known = tuple(feedback for feedback in FEEDBACK if feedback in codec.feedback)
    return replace(codec, feedback=known if kind == "video" else ())


def _served(codec: RtpCodec, numbers: set[int]) -> bool:
    match codec.name.lower():
        case "rtx":
            return codec.repairs in numbers
        case "red":
            return codec.fmtp.partition("/")[0] in map(str, numbers)
        case _:
            return True


def _profile(codec: RtpCodec) -> tuple[str, ...]:
    match codec.name.lower():
        case "h264":
            return (codec.parameter("packetization-mode") or "0", (codec.parameter("profile-level-id") or "")[:4])
        case "vp9":
            return (codec.parameter("profile-id") or "0",)
        case "av1":
            return (codec.parameter("profile") or "0",)
        case _:
            return ()


def _asking(codec: RtpCodec, wishes: list[str]) -> RtpCodec:
    kept = [item for item in codec.fmtp.split(";") if item and item.partition("=")[0] not in ("stereo", "usedtx")]
    return replace(codec, fmtp=";".join([*kept, *wishes]))
