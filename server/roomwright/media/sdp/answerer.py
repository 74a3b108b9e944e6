"""Our side of a connection on which the client offers: all of `/rtc/v1`, the publisher's side of `/rtc`.

The client's offer decides which sections there are. Those on which it sends are matched to the tracks it announced;
those on which it can receive are places for the tracks it shall get. Nothing is offered from here: where places are
missing, `requirement` says how many the client should add.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from roomwright.media.sdp import extensions, sections
from roomwright.media.sdp.codecs import Codecs
from roomwright.media.sdp.description import Section, SessionDescription
from roomwright.media.sdp.errors import SdpError
from roomwright.media.sdp.matching import match
from roomwright.media.sdp.parameters import IceParameters, TransportParameters
from roomwright.media.sdp.reader import MAX_SECTIONS, parse
from roomwright.media.sdp.slots import Slots
from roomwright.media.sdp.tracks import Announced, Published, Requirement, Sent, Wanted
from roomwright.media.sdp.writer import render


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an offer led to.

    `sdp` is for the client, `remote` for the transport. `mid_to_track_id` names the tracks that we send. `published`
    and `sent` are the whole state after this negotiation: what is missing in them, compared with the last one, has
    ended. `unmatched` are mids on which the client wants to send what it never announced. `data` says whether there are
    data channels. `requirement` is what is still open, None: nothing.
    """

    sdp: str
    remote: TransportParameters
    published: tuple[Published, ...] = ()
    sent: tuple[Sent, ...] = ()
    unmatched: tuple[str, ...] = ()
    data: bool = False
    requirement: Requirement | None = None

    @property
    def mid_to_track_id(self) -> dict[str, str]:
        """The tracks that we send, by section."""
        return {sent.mid: sent.wanted.track_sid for sent in self.sent}


class Answerer:
    """State of the negotiations of one connection. An offer that is refused leaves it as it was.

    `session_id` is a number up to 2**63 - 1 that says whose descriptions these are. An offer has up to `max_sections`.
    """

    def __init__(self, codecs: Codecs, session_id: int, max_sections: int = MAX_SECTIONS) -> None:
        self.max_sections = max_sections
        self._codecs = codecs
        self._session_id = session_id
        self._version = 0
        self._slots = Slots()
        self._bound: dict[str, str] = {}
        self._order: list[str] = []
        self._remote_ice: IceParameters | None = None
        self._setup = ""

    def __repr__(self) -> str:
        return f"<Answerer: version {self._version}, {len(self._order)} sections, {len(self._slots.placed())} sent>"

    def restarts(self, sdp: str) -> bool:
        """Whether an offer restarts ICE: its credentials are not those of the one before. Raises SdpError."""
        ice = parse(sdp).transport().ice
        return self._remote_ice is not None and ice != self._remote_ice

    def requirement(self, wanted: Iterable[Wanted]) -> Requirement | None:
        """What the client has to offer so that it gets `wanted`; None when that is what it gets already."""
        return self._slots.requirement(wanted)

    def answer(
        self, sdp: str, local: TransportParameters, announced: Sequence[Announced], wanted: Sequence[Wanted]
    ) -> Answer:
        """Answer an offer. `local` holds what the transport says; the client begins the handshake unless it refuses to.

        Raises SdpError; then nothing has changed, and the connection goes on as negotiated before.
        """
        offer = parse(sdp, self.max_sections)
        remote = offer.transport()
        self._check(offer)
        matches = match(offer.sections, announced, self._bound)
        self._bound = {mid: track.track_sid for mid, track in matches.items()}
        self._order = [section.mid for section in offer.sections]
        self._remote_ice = remote.ice
        self._setup = self._setup or ("active" if remote.dtls.setup == "passive" else "passive")
        self._version += 1
        self._place(offer.sections, wanted)
        return self._answer(offer, local, remote, matches, wanted)

    def _check(self, offer: SessionDescription) -> None:
        if any(not section.mid for section in offer.sections):
            raise SdpError("a section has no mid")
        apart = [section.mid for section in offer.sections if section.port and section.mid not in offer.bundle]
        if apart and len(offer.sections) > 1:
            raise SdpError(f"section {apart[0]!r} is not bundled with the others")
        if len(offer.sections) < len(self._order):
            raise SdpError(f"{len(offer.sections)} sections where there were {len(self._order)}")

    def _place(self, offered: Iterable[Section], wanted: Iterable[Wanted]) -> None:
        usable = {s.mid: s.kind for s in offered if s.is_media and s.direction.receives and _in_use(s)}
        self._slots.keep(usable)
        self._slots.rest()
        for mid, kind in usable.items():
            self._slots.add(mid, kind)
        self._slots.settle(wanted)

    def _answer(
        self,
        offer: SessionDescription,
        local: TransportParameters,
        remote: TransportParameters,
        matches: dict[str, Announced],
        wanted: Sequence[Wanted],
    ) -> Answer:
        published: list[Published] = []
        sent: list[Sent] = []
        answered: list[Section] = []
        for offered in offer.sections:
            section = sections.answer(offered, self._codecs, matches.get(offered.mid), self._slots.get(offered.mid))
            answered.append(section)
            if section.direction.receives and (track := matches.get(offered.mid)):
                published.append(sections.published(offered, section, track))
            if section.direction.sends and (slot := self._slots.get(offered.mid)) and slot.wanted:
                found = extensions.common(section.extensions, extensions.SENT)
                sent.append(
                    Sent(wanted=slot.wanted, mid=section.mid, codecs=tuple(section.codecs), extensions=tuple(found))
                )
        sections.attach(answered, replace(local, dtls=replace(local.dtls, setup=self._setup)))
        return Answer(
            sdp=render(
                SessionDescription(
                    session_id=self._session_id,
                    version=self._version,
                    bundle=tuple(section.mid for section in answered if section.port),
                    sections=answered,
                )
            ),
            remote=remote,
            published=tuple(published),
            sent=tuple(sent),
            unmatched=tuple(s.mid for s in offer.sections if sections.sends(s) and s.mid not in matches),
            data=any(section.kind == "application" and section.port for section in answered),
            requirement=self._slots.requirement(wanted),
        )


def _in_use(section: Section) -> bool:
    return section.port != 0
