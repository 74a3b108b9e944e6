"""One section of an answer, and what it means. Pure functions."""

from collections.abc import Iterable

from roomwright.media.sdp import extensions
from roomwright.media.sdp.codecs import Codecs, redundancy_first, wished_first, with_opus_parameters
from roomwright.media.sdp.description import Direction, Msid, Section, SsrcGroup
from roomwright.media.sdp.parameters import TransportParameters
from roomwright.media.sdp.slots import Slot
from roomwright.media.sdp.tracks import Announced, Published, Wanted

SCTP_PORT = 5000
MAX_MESSAGE_SIZE = 262_144


def sends(section: Section) -> bool:
    """Whether the client wants to send media on an offered section."""
    return section.is_media and section.port != 0 and section.direction.sends


def answer(offered: Section, codecs: Codecs, track: Announced | None, slot: Slot | None) -> Section:
    """The answer to one section; port 0 where nothing is common. The transport is attached later."""
    if offered.port == 0:
        return _refused(offered)
    if not offered.is_media:
        return data(offered.mid, offered.protocol, offered.formats)
    chosen = codecs.select(offered.kind, offered.codecs)
    if track is not None and offered.kind == "audio":
        chosen = with_opus_parameters(redundancy_first(chosen, red=track.red), stereo=track.stereo, dtx=track.dtx)
    if track is not None and offered.kind == "video":
        chosen = wished_first(chosen, track.wish(offered.msid.track if offered.msid else ""))
    if not chosen:
        return _refused(offered)
    section = Section(
        kind=offered.kind,
        mid=offered.mid,
        protocol=offered.protocol,
        formats=tuple(str(codec.payload_type) for codec in chosen),
        codecs=chosen,
        extensions=extensions.common(offered.extensions, extensions.RECEIVED[offered.kind]),
        direction=_direction(sends(offered) and track is not None, slot is not None and slot.wanted is not None),
    )
    if section.direction.receives and offered.simulcast:
        section.simulcast, section.rids = True, offered.rids
    if slot is not None and slot.wanted is not None:
        carry(section, slot.wanted)
    return section


def data(mid: str, protocol: str, formats: tuple[str, ...]) -> Section:
    """The section of the data channels."""
    return Section(
        kind="application",
        mid=mid,
        protocol=protocol,
        formats=formats,
        sctp_port=SCTP_PORT,
        max_message_size=MAX_MESSAGE_SIZE,
    )


def carry(section: Section, wanted: Wanted) -> None:
    """Say in a section which track we send on it, and with which SSRCs."""
    section.msid = Msid(wanted.stream, wanted.track_sid)
    section.ssrcs = {wanted.ssrc: wanted.participant_sid}
    if wanted.rtx_ssrc and any(codec.name.lower() == "rtx" for codec in section.codecs):
        section.ssrcs[wanted.rtx_ssrc] = wanted.participant_sid
        section.ssrc_groups = [SsrcGroup("FID", (wanted.ssrc, wanted.rtx_ssrc))]


def published(offered: Section, answered: Section, track: Announced) -> Published:
    """What the client sends on a section from now on."""
    retransmissions = offered.retransmissions()
    return Published(
        track_sid=track.track_sid,
        mid=offered.mid,
        kind=offered.kind,
        cid=offered.msid.track if offered.msid else "",
        codecs=tuple(answered.codecs),
        extensions=tuple(answered.extensions),
        ssrcs=tuple(ssrc for ssrc in _in_layer_order(offered) if ssrc not in retransmissions),
        retransmissions=retransmissions,
        rids=answered.rids,
    )


def attach(answered: Iterable[Section], local: TransportParameters) -> None:
    """Put the transport into all sections that are in use, the candidates into the first."""
    candidates = list(local.candidates)
    for section in answered:
        if section.port:
            section.ice, section.dtls = local.ice, local.dtls
            section.candidates, section.end_of_candidates = candidates, bool(candidates)
            candidates = []


def _in_layer_order(offered: Section) -> Iterable[int]:
    for group in offered.ssrc_groups:
        if group.semantics == "SIM":
            return group.ssrcs
    return offered.ssrcs


def _refused(offered: Section) -> Section:
    return Section(
        kind=offered.kind,
        mid=offered.mid,
        port=0,
        protocol=offered.protocol,
        formats=offered.formats,
        direction=Direction.INACTIVE,
    )


def _direction(receiving: bool, sending: bool) -> Direction:
    if receiving:
        return Direction.SENDRECV if sending else Direction.RECVONLY
    return Direction.SENDONLY if sending else Direction.INACTIVE
