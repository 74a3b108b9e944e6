"""The side that offers: one offer at a time, sections that are never removed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.media.sdp import Offerer, SdpError, Wanted
from roomwright.media.sdp.description import Direction, SessionDescription
from roomwright.media.sdp.parameters import DtlsParameters, IceParameters
from roomwright.media.sdp.reader import parse
from roomwright.media.sdp.slots import MAX_FREE
from roomwright.media.sdp.writer import render
from tests.media.sdp.support import CODECS, LOCAL, RECORDED


def wanted(name: str, kind: str = "audio") -> Wanted:
    ssrc = 1000 + sum(map(ord, name))
    return Wanted(track_sid=f"TR_{name}", participant_sid="PA_x", kind=kind, ssrc=ssrc, rtx_ssrc=ssrc + 50_000)


@pytest.fixture
def offerer() -> Offerer:
    return Offerer(CODECS, 1, LOCAL)


def answer(sdp: str) -> str:
    """What a client answers that takes everything."""
    offer = parse(sdp)
    for section in offer.sections:
        section.direction = Direction.RECVONLY if section.direction.sends else Direction.INACTIVE
        section.msid, section.ssrcs, section.ssrc_groups, section.candidates = None, {}, [], []
        section.ice, section.dtls = IceParameters("c", "p"), DtlsParameters(":".join(["CD"] * 32), "active")
    return render(SessionDescription(session_id=5, version=1, bundle=offer.bundle, sections=offer.sections))


def test_data_channels_are_offered_at_once(offerer):
    offer = offerer.offer()
    sections = parse(offer.sdp).sections
    assert [(section.kind, section.mid, section.sctp_port) for section in sections] == [("application", "0", 5000)]
    assert sections[0].dtls.setup == "actpass"
    assert offer.id == 1
    assert offerer.accept(answer(offer.sdp)).data


def test_one_offer_is_in_flight_and_later_wishes_are_gathered(offerer):
    offer = offerer.offer()
    offerer.want([wanted("a")])
    offerer.want([wanted("a"), wanted("v", "video")])
    assert offerer.offer() is None
    offerer.accept(answer(offer.sdp))
    second = offerer.offer()
    assert second.mid_to_track_id == {"1": "TR_a", "2": "TR_v"}
    sent = offerer.accept(answer(second.sdp)).sent
    assert [(s.mid, s.wanted.track_sid) for s in sent] == [("1", "TR_a"), ("2", "TR_v")]
    assert offerer.offer() is None
    assert {codec.name for codec in sent[1].codecs} >= {"VP8", "rtx", "H264", "AV1"}


def test_wishing_the_same_again_offers_nothing(offerer):
    offerer.want([wanted("a")])
    offerer.accept(answer(offerer.offer().sdp))
    offerer.want([wanted("a")])
    assert offerer.offer() is None


def test_a_recorded_answer_is_taken(offerer):
    """The answer of the Python SDK to an offer with data channels, audio and video."""
    answers = [r["sdp"] for r in RECORDED if (r["type"], r["from"]) == ("answer", "client")]
    recorded = next(sdp for sdp in answers if sdp.count("m=") == 3)
    offerer.want([wanted("a"), wanted("v", "video")])
    offerer.offer()
    accepted = offerer.accept(recorded)
    assert [s.mid for s in accepted.sent] == ["1", "2"]
    assert accepted.remote.dtls.setup == "active"


def test_an_answer_to_nothing_or_to_an_older_offer_is_ignored(offerer):
    first = offerer.offer()
    offerer.accept(answer(first.sdp))
    assert offerer.accept(answer(first.sdp)) is None
    offerer.want([wanted("a")])
    offerer.offer()
    assert offerer.accept(answer(first.sdp), offer_id=1) is None
    assert offerer.waiting


def test_a_bad_answer_fails_that_negotiation_only(offerer):
    first = offerer.offer()
    offerer.want([wanted("a")])
    with pytest.raises(SdpError, match="sections"):
        offerer.accept(answer(first.sdp).replace("a=mid:0", "a=mid:9"))
    assert offerer.accept(answer(offerer.offer().sdp)).sent


def test_a_refused_section_is_not_sent_on(offerer):
    offerer.want([wanted("v", "video")])
    offer = offerer.offer()
    assert offerer.accept(answer(offer.sdp).replace("m=video 9", "m=video 0")).sent == ()


def test_a_restart_offers_new_credentials_at_once(offerer):
    offerer.offer()
    offerer.restart(replace(LOCAL, ice=IceParameters("new", "credentials")))
    assert "a=ice-ufrag:new\r" in offerer.offer().sdp


@settings(deadline=None)
@given(st.lists(st.tuples(st.sets(st.sampled_from("abcvwx")), st.booleans()), max_size=14))
def test_any_history_keeps_order_and_mids_and_never_swaps_a_track(steps):
    offerer = Offerer(CODECS, 1, LOCAL)
    mids: list[tuple[str, str]] = []
    carried: dict[str, str] = {}
    tracks: list[Wanted] = []
    for names, settle in [*steps, (set("a"), True)]:
        tracks = [wanted(name, "audio" if name < "v" else "video") for name in sorted(names)]
        offerer.want(tracks)
        while settle and (offer := offerer.offer()):
            sections = parse(offer.sdp).sections
            assert [(s.kind, s.mid) for s in sections][: len(mids)] == mids
            mids = [(s.kind, s.mid) for s in sections]
            for section in sections:
                track = section.msid.track if section.msid else ""
                assert not carried.get(section.mid) or track in ("", carried[section.mid])
                carried[section.mid] = track
            offerer.accept(answer(offer.sdp))
    assert sorted(track for track in carried.values() if track) == ["TR_a"]


def test_a_track_returns_on_a_section_that_it_never_had_until_there_are_many(offerer):
    used: list[str] = []
    for ssrc in range(1, 60):
        offerer.want([replace(wanted("a"), ssrc=ssrc)])
        accepted = offerer.accept(answer(offerer.offer().sdp))
        used += [item.mid for item in accepted.sent]
        offerer.want([])
        offerer.accept(answer(offerer.offer().sdp))
    assert len(used) == 59
    assert used[:16] == [str(number) for number in range(1, 17)]
    assert len(set(used)) == MAX_FREE


def test_another_track_takes_the_first_free_section(offerer):
    for name in "abc":
        offerer.want([wanted(name)])
        assert offerer.accept(answer(offerer.offer().sdp)).sent[0].mid == "1"
        offerer.want([])
        offerer.accept(answer(offerer.offer().sdp))
