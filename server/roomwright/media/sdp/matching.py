"""Which section of an offer carries which announced track."""

from collections.abc import Mapping, Sequence

from roomwright.media.sdp import sections
from roomwright.media.sdp.description import Section
from roomwright.media.sdp.tracks import Announced


def match(offered: Sequence[Section], announced: Sequence[Announced], bound: Mapping[str, str]) -> dict[str, Announced]:
    """The announced track of each section on which the client sends, by mid.

    First by the id that the section names, then as it was (`bound`: mid -> track sid), then by kind, in order: some
    clients announce another id than they offer. One announcement may own several sections only by its ids.
    """
    sending = [section for section in offered if sections.sends(section)]
    found = {section.mid: track for section in sending if (track := _by_cid(section, announced))}
    by_sid = {track.track_sid: track for track in announced}
    for section in sending:
        track = by_sid.get(bound.get(section.mid, ""))
        if section.mid not in found and track and track not in found.values() and track.kind == section.kind:
            found[section.mid] = track
    for section in sending:
        if section.mid not in found and (track := _by_kind(section, announced, found)):
            found[section.mid] = track
    return found


def _by_cid(section: Section, announced: Sequence[Announced]) -> Announced | None:
    cid = section.msid.track if section.msid else ""
    return next((track for track in announced if cid and cid in track.cids and track.kind == section.kind), None)


def _by_kind(section: Section, announced: Sequence[Announced], found: Mapping[str, Announced]) -> Announced | None:
    taken = {track.track_sid for track in found.values()}
    return next((t for t in announced if t.kind == section.kind and t.track_sid not in taken), None)
