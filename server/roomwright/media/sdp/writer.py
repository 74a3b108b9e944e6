"""Session descriptions to text, in the order of attributes that clients are used to."""

from collections.abc import Iterator

from roomwright.media.sdp.description import RtpCodec, Section, SessionDescription


def render(description: SessionDescription) -> str:
    """The description as text with CRLF line ends."""
    return "\r\n".join([*_session(description), *_sections(description), ""])


def _session(description: SessionDescription) -> Iterator[str]:
    yield "v=0"
    yield f"o=- {description.session_id} {description.version} IN IP4 0.0.0.0"
    yield "s=-"
    yield "t=0 0"
    yield "a=ice-lite"
    yield "a=extmap-allow-mixed"
    yield "a=msid-semantic:WMS *"
    yield f"a=group:BUNDLE {' '.join(description.bundle)}".rstrip()


def _sections(description: SessionDescription) -> Iterator[str]:
    for section in description.sections:
        yield f"m={section.kind} {section.port} {section.protocol} {' '.join(section.formats)}"
        yield "c=IN IP4 0.0.0.0"
        yield f"a=mid:{section.mid}"
        yield from _transport(section)
        yield from _media(section) if section.is_media else _data(section)
        yield from (f"a={candidate}" for candidate in section.candidates)
        if section.end_of_candidates:
            yield "a=end-of-candidates"


def _transport(section: Section) -> Iterator[str]:
    if section.ice:
        yield f"a=ice-ufrag:{section.ice.ufrag}"
        yield f"a=ice-pwd:{section.ice.pwd}"
    if section.dtls:
        yield f"a=fingerprint:sha-256 {section.dtls.fingerprint}"
        yield f"a=setup:{section.dtls.setup}"


def _data(section: Section) -> Iterator[str]:
    if section.sctp_port:
        yield f"a=sctp-port:{section.sctp_port}"
        yield f"a=max-message-size:{section.max_message_size}"


def _media(section: Section) -> Iterator[str]:
    yield f"a={section.direction}"
    yield "a=rtcp-mux"
    yield "a=rtcp-rsize"
    for codec in section.codecs:
        yield from _codec(codec)
    yield from (f"a=extmap:{extension.id} {extension.uri}" for extension in section.extensions)
    yield from (f"a=rid:{rid} recv" for rid in section.rids)
    if section.simulcast:
        yield f"a=simulcast:recv {';'.join(section.rids)}"
    yield from _sources(section)


def _codec(codec: RtpCodec) -> Iterator[str]:
    channels = f"/{codec.channels}" if codec.channels else ""
    yield f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}"
    if codec.fmtp:
        yield f"a=fmtp:{codec.payload_type} {codec.fmtp}"
    yield from (f"a=rtcp-fb:{codec.payload_type} {feedback}" for feedback in codec.feedback)


def _sources(section: Section) -> Iterator[str]:
    msid = f"{section.msid.stream} {section.msid.track}" if section.msid else ""
    if msid:
        yield f"a=msid:{msid}"
    for group in section.ssrc_groups:
        yield f"a=ssrc-group:{group.semantics} {' '.join(map(str, group.ssrcs))}"
    for ssrc, cname in section.ssrcs.items():
        yield f"a=ssrc:{ssrc} cname:{cname}"
        if msid:
            yield f"a=ssrc:{ssrc} msid:{msid}"
