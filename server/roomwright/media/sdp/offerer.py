"""Our side of a connection on which we offer: the subscriber's side of `/rtc`.

The first section holds the data channels, each further one a track. Sections are never removed, only left and used
again. One offer is in flight at a time; what is wanted meanwhile is gathered in the next.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from roomwright.media.sdp import extensions, sections
from roomwright.media.sdp.codecs import Codecs
from roomwright.media.sdp.description import Direction, Section, SessionDescription
from roomwright.media.sdp.errors import SdpError
from roomwright.media.sdp.parameters import TransportParameters
from roomwright.media.sdp.reader import parse
from roomwright.media.sdp.slots import Slot, Slots
from roomwright.media.sdp.tracks import Sent, Wanted
from roomwright.media.sdp.writer import render

_DATA_MID = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is sent to the client. `id` is unique among the offers of a connection, the first is 1."""

    id: int
    sdp: str
    mid_to_track_id: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What the client's answer led to: `sent` is the whole state after this negotiation."""

    remote: TransportParameters
    sent: tuple[Sent, ...]
    data: bool


class Offerer:
    """State of the negotiations of one connection.

    `local` holds what the transport says; the client decides who begins the handshake. `session_id` is as of
    `Answerer`.
    """

    def __init__(self, codecs: Codecs, session_id: int, local: TransportParameters) -> None:
        self._codecs = codecs
        self._session_id = session_id
        self._local = _undecided(local)
        self._slots = Slots(returning=False)
        self._wanted: tuple[Wanted, ...] = ()
        self._count = 0
        self._in_flight: SessionDescription | None = None
        self._due = True

    def __repr__(self) -> str:
        state = "waiting for an answer" if self._in_flight else "due" if self._due else "settled"
        return f"<Offerer: {state}, offer {self._count}, {len(self._slots.placed())} sent>"

    @property
    def waiting(self) -> bool:
        """Whether an offer is not answered yet."""
        return self._in_flight is not None

    def want(self, wanted: Iterable[Wanted]) -> None:
        """All tracks that the client shall receive from now on. Ask for `offer()` afterwards."""
        self._wanted = tuple(dict.fromkeys(wanted))
        self._due = self._due or set(self._wanted) != self._slots.placed()

    def restart(self, local: TransportParameters) -> None:
        """Restart ICE with new credentials. An offer in flight was never seen: it is given up."""
        self._local = _undecided(local)
        self._in_flight = None
        self._due = True

    def offer(self) -> Offer | None:
        """The next offer, or None: nothing is new, or one is in flight."""
        if not self._due or self._in_flight:
            return None
        self._due = False
        self._place()
        self._count += 1
        described = [sections.data(_DATA_MID, "UDP/DTLS/SCTP", ("webrtc-datachannel",))]
        described += [self._section(slot) for slot in self._slots]
        sections.attach(described, self._local)
        self._in_flight = SessionDescription(
            session_id=self._session_id,
            version=self._count,
            bundle=tuple(section.mid for section in described),
            sections=described,
        )
        tracks = {slot.mid: slot.wanted.track_sid for slot in self._slots if slot.wanted}
        return Offer(id=self._count, sdp=render(self._in_flight), mid_to_track_id=tracks)

    def accept(self, sdp: str, offer_id: int = 0) -> Accepted | None:
        """Take the client's answer. `offer_id` is what it says it answers, 0: it does not say.

        Returns None for an answer to nothing or to an older offer. Raises SdpError when the answer cannot be used: then
        that negotiation has failed, and the next change leads to a new offer.
        """
        offered = self._in_flight
        if offered is None or offer_id not in (0, self._count):
            return None
        self._in_flight = None
        answer = parse(sdp, len(offered.sections))
        _check(offered, answer)
        self._slots.rest()
        return Accepted(
            remote=answer.transport(),
            sent=tuple(sent for section in answer.sections if (sent := self._sent(section))),
            data=answer.sections[0].port != 0,
        )

    def _place(self) -> None:
        homeless = self._slots.settle(self._wanted)
        for wanted in homeless:
            self._slots.add(str(len(self._slots) + 1), wanted.kind).take(wanted)

    def _section(self, slot: Slot) -> Section:
        codecs = self._codecs.offered(slot.kind)
        section = Section(
            kind=slot.kind,
            mid=slot.mid,
            formats=tuple(str(codec.payload_type) for codec in codecs),
            codecs=codecs,
            extensions=extensions.offered(slot.kind),
            direction=Direction.SENDONLY if slot.wanted else Direction.INACTIVE,
        )
        if slot.wanted:
            sections.carry(section, slot.wanted)
        return section

    def _sent(self, section: Section) -> Sent | None:
        slot = self._slots.get(section.mid)
        if slot is None or slot.wanted is None or not section.port or not section.direction.receives:
            return None
        return Sent(
            wanted=slot.wanted,
            mid=section.mid,
            codecs=tuple(self._codecs.select(section.kind, section.codecs)),
            extensions=tuple(extensions.common(section.extensions, extensions.SENT)),
        )


def _undecided(local: TransportParameters) -> TransportParameters:
    return replace(local, dtls=replace(local.dtls, setup="actpass"))


def _check(offered: SessionDescription, answer: SessionDescription) -> None:
    ours = [(section.kind, section.mid) for section in offered.sections]
    theirs = [(section.kind, section.mid) for section in answer.sections]
    if ours != theirs:
        raise SdpError(f"the answer has sections {theirs[:20]} where the offer has {ours[:20]}")
