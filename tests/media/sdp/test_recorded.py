"""Descriptions of real clients, and of the server they were recorded with."""

import pytest
from aiortc.sdp import SessionDescription as AiortcDescription

from roomwright.media.sdp import Announced, Answerer, SdpError, Wanted
from roomwright.media.sdp.description import Direction
from roomwright.media.sdp.reader import parse
from roomwright.media.sdp.writer import render
from tests.media.sdp.support import CODECS, LOCAL, RECORDED, offers

every = pytest.mark.parametrize("recorded", RECORDED, ids=lambda r: f"{r['session']}:{r['line']}")
every_offer = pytest.mark.parametrize("recorded", offers(), ids=lambda r: f"{r['session']}:{r['line']}")


def announced_by(sdp: str) -> list[Announced]:
    sending = [s for s in parse(sdp).sections if s.is_media and s.direction is Direction.SENDONLY]
    return [Announced(track_sid=f"TR_{s.mid}", kind=s.kind, cids=(s.msid.track,)) for s in sending if s.msid]


@every
def test_a_recorded_description_is_read(recorded):
    description = parse(recorded["sdp"])
    assert len(description.sections) == recorded["sdp"].count("\r\nm=")
    assert description.transport().ice.pwd in recorded["sdp"]
    for section in description.sections:
        assert len(section.codecs) == (len(section.formats) if section.is_media else 0)


@every
def test_what_is_written_is_read_as_the_same(recorded):
    description = parse(recorded["sdp"])
    assert parse(render(description)) == description


@every_offer
def test_an_answer_has_the_sections_of_the_offer_and_the_announced_tracks(recorded):
    sdp = recorded["sdp"]
    announced = announced_by(sdp)
    answer = Answerer(CODECS, 1).answer(sdp, LOCAL, announced, [])
    offered, answered = parse(sdp), parse(answer.sdp)
    assert [(s.kind, s.mid) for s in answered.sections] == [(s.kind, s.mid) for s in offered.sections]
    assert [p.track_sid for p in answer.published] == [track.track_sid for track in announced]
    assert not answer.unmatched
    assert answer.data
    assert answer.remote == offered.transport()


@every_offer
def test_an_answer_is_read_by_another_implementation(recorded):
    wanted = [
        Wanted(track_sid="TR_a", participant_sid="PA_x", kind="audio", ssrc=1),
        Wanted(track_sid="TR_v", participant_sid="PA_x", kind="video", ssrc=2, rtx_ssrc=3),
    ]
    answer = Answerer(CODECS, 1).answer(recorded["sdp"], LOCAL, announced_by(recorded["sdp"]), wanted)
    description = AiortcDescription.parse(answer.sdp)
    assert [media.rtp.muxId for media in description.media] == [s.mid for s in parse(recorded["sdp"]).sections]
    assert all(media.ice.usernameFragment == LOCAL.ice.ufrag for media in description.media)
    sent = {sent.mid: sent.wanted for sent in answer.sent}
    for media in description.media:
        ssrcs = [source.ssrc for source in media.ssrc]
        wish = sent.get(media.rtp.muxId)
        assert ssrcs == ([] if wish is None else [n for n in (wish.ssrc, wish.rtx_ssrc) if n])


@every_offer
def test_a_recorded_offer_cut_anywhere_is_answered_or_refused(recorded):
    lines = recorded["sdp"].split("\r\n")
    for length in range(0, len(lines), 17):
        try:
            Answerer(CODECS, 1).answer("\r\n".join(lines[:length]), LOCAL, [], [])
        except SdpError as error:
            assert str(error)  # noqa: PT017  # either is right, nothing else may be raised
