"""The attributes that are read, one small function each; all others are skipped."""

from collections.abc import Callable, Sized
from dataclasses import dataclass, field, replace

from roomwright.media.sdp.description import Direction, Extension, Msid, RtpCodec, Section, SsrcGroup
from roomwright.media.sdp.errors import SdpError
from roomwright.media.sdp.parameters import Candidate, DtlsParameters, IceParameters
from roomwright.media.sdp.text import integer, token

MAX_ITEMS = 128
_MAX_SSRC = 2**32 - 1
_DIGEST_BYTES = 32
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_SETUPS = ("actpass", "active", "passive")
_STATIC = {
    0: RtpCodec(payload_type=0, name="PCMU", clock_rate=8000),
    8: RtpCodec(payload_type=8, name="PCMA", clock_rate=8000),
    9: RtpCodec(payload_type=9, name="G722", clock_rate=8000),
}
"""Payload types that need no rtpmap (RFC 3551)."""


@dataclass(slots=True)
class Draft:
    """A section while its lines are read: what only makes sense together is gathered here."""

    section: Section
    payload_types: tuple[int, ...] = ()
    ufrag: str = ""
    pwd: str = ""
    fingerprint: str = ""
    setup: str = ""
    direction: Direction | None = None
    rtpmaps: dict[int, RtpCodec] = field(default_factory=dict[int, RtpCodec])
    fmtps: dict[int, str] = field(default_factory=dict[int, str])
    feedbacks: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    rids: list[str] = field(default_factory=list[str])
    simulcast: list[str] = field(default_factory=list[str])

    def finish(self, session: "Draft") -> Section:
        """The section, with what the session level says for all."""
        section = self.section
        section.direction = self.direction or session.direction or Direction.SENDRECV
        ufrag, pwd = self.ufrag or session.ufrag, self.pwd or session.pwd
        fingerprint, setup = self.fingerprint or session.fingerprint, self.setup or session.setup
        section.ice = IceParameters(ufrag, pwd) if ufrag and pwd else None
        section.dtls = DtlsParameters(fingerprint, setup or "actpass") if fingerprint else None
        section.codecs = [codec for codec in map(self._codec, self.payload_types) if codec]
        section.simulcast = bool(self.simulcast)
        section.rids = tuple(self.simulcast or self.rids)
        return section

    def _codec(self, payload_type: int) -> RtpCodec | None:
        base = self.rtpmaps.get(payload_type) or _STATIC.get(payload_type)
        if base is None:
            return None
        feedback = [*self.feedbacks.get(-1, ()), *self.feedbacks.get(payload_type, ())]
        return replace(base, fmtp=self.fmtps.get(payload_type, ""), feedback=tuple(dict.fromkeys(feedback)))


def _mid(draft: Draft, value: str) -> None:
    draft.section.mid = token(value, 32)


def _ufrag(draft: Draft, value: str) -> None:
    draft.ufrag = token(value)


def _pwd(draft: Draft, value: str) -> None:
    draft.pwd = token(value)


def _fingerprint(draft: Draft, value: str) -> None:
    algorithm, _, digest = value.partition(" ")
    if algorithm.lower() != "sha-256":
        return  # everybody has it, and whoever has a better one sends both
    pairs = digest.split(":")
    if len(pairs) != _DIGEST_BYTES or not all(len(pair) == 2 and set(pair) <= _HEXADECIMAL for pair in pairs):
        raise SdpError("a sha-256 fingerprint is 32 pairs of hexadecimal digits with colons between")
    draft.fingerprint = digest.upper()


def _setup(draft: Draft, value: str) -> None:
    if value not in _SETUPS:
        raise SdpError(f"unknown setup {value[:20]!r}")
    draft.setup = value


def _candidate(draft: Draft, value: str) -> None:
    _bound(draft.section.candidates)
    draft.section.candidates.append(Candidate.parse(value))


def _rtpmap(draft: Draft, value: str) -> None:
    payload_type, _, encoding = value.partition(" ")
    name, rate, channels = [*encoding.strip().split("/"), "", ""][:3]
    number = integer(payload_type, 127)
    draft.rtpmaps[number] = RtpCodec(
        payload_type=number,
        name=token(name, 64),
        clock_rate=integer(rate, 1_000_000),
        channels=integer(channels, 255) if channels else 0,
    )


def _fmtp(draft: Draft, value: str) -> None:
    payload_type, _, parameters = value.partition(" ")
    draft.fmtps[integer(payload_type, 127)] = parameters.strip()


def _feedback(draft: Draft, value: str) -> None:
    payload_type, _, feedback = value.partition(" ")
    kinds = draft.feedbacks.setdefault(-1 if payload_type == "*" else integer(payload_type, 127), [])
    _bound(kinds)
    kinds.append(feedback.strip())


def _extmap(draft: Draft, value: str) -> None:
    number, _, rest = value.partition(" ")
    uri = rest.split(" ")[0]
    number = integer(number.partition("/")[0], 255)
    if not 0 < number < 255 or number == 15 or not uri:
        raise SdpError(f"not an extmap: {value[:60]!r}")
    _bound(draft.section.extensions)
    draft.section.extensions.append(Extension(number, uri))


def _msid(draft: Draft, value: str) -> None:
    stream, _, track = value.partition(" ")
    draft.section.msid = Msid(token(stream, 512), track[:512])


def _ssrc(draft: Draft, value: str) -> None:
    number, _, attribute = value.partition(" ")
    ssrc = integer(number, _MAX_SSRC)
    name, _, content = attribute.partition(":")
    if ssrc not in draft.section.ssrcs:
        _bound(draft.section.ssrcs)
        draft.section.ssrcs[ssrc] = ""
    if name == "cname":
        draft.section.ssrcs[ssrc] = content
    elif name == "msid" and draft.section.msid is None:
        _msid(draft, content)


def _ssrc_group(draft: Draft, value: str) -> None:
    semantics, *ssrcs = value.split() or [""]
    _bound(draft.section.ssrc_groups)
    draft.section.ssrc_groups.append(SsrcGroup(semantics, tuple(integer(ssrc, _MAX_SSRC) for ssrc in ssrcs)))


def _rid(draft: Draft, value: str) -> None:
    fields = value.split()
    if len(fields) < 2 or fields[1] not in ("send", "recv"):
        raise SdpError(f"not a rid: {value[:40]!r}")
    _bound(draft.rids)
    draft.rids.append(token(fields[0], 64))


def _simulcast(draft: Draft, value: str) -> None:
    fields = value.split()
    if len(fields) % 2 or not fields or fields[0] not in ("send", "recv"):
        raise SdpError(f"not a simulcast line: {value[:40]!r}")
    streams = fields[1].split(";")  # of each stream's alternatives (comma) the first; a tilde means paused
    draft.simulcast = [token(stream.split(",")[0].removeprefix("~"), 64) for stream in streams[:MAX_ITEMS]]


def _sctp_port(draft: Draft, value: str) -> None:
    draft.section.sctp_port = integer(value, 65_535)


def _max_message_size(draft: Draft, value: str) -> None:
    draft.section.max_message_size = integer(value, 2**64 - 1)


def _end_of_candidates(draft: Draft, _value: str) -> None:
    draft.section.end_of_candidates = True


def _direction(direction: Direction) -> Callable[[Draft, str], None]:
    def take(draft: Draft, _value: str) -> None:
        draft.direction = direction

    return take


def _bound(items: Sized) -> None:
    if len(items) >= MAX_ITEMS:
        raise SdpError(f"more than {MAX_ITEMS} of a kind in one section")


SECTION: dict[str, Callable[[Draft, str], None]] = {
    "mid": _mid,
    "ice-ufrag": _ufrag,
    "ice-pwd": _pwd,
    "fingerprint": _fingerprint,
    "setup": _setup,
    "candidate": _candidate,
    "end-of-candidates": _end_of_candidates,
    "rtpmap": _rtpmap,
    "fmtp": _fmtp,
    "rtcp-fb": _feedback,
    "extmap": _extmap,
    "msid": _msid,
    "ssrc": _ssrc,
    "ssrc-group": _ssrc_group,
    "rid": _rid,
    "simulcast": _simulcast,
    "sctp-port": _sctp_port,
    "max-message-size": _max_message_size,
    **{direction.value: _direction(direction) for direction in Direction},
}
"""What to do with an attribute, by its name. At session level they are the defaults of all sections."""
