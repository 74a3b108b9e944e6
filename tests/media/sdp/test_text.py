"""Reading descriptions: what is refused, and where."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.media.sdp import Answerer, Candidate, SdpError
from roomwright.media.sdp.attributes import SECTION
from roomwright.media.sdp.reader import MAX_BYTES, MAX_SECTIONS, parse
from tests.media.sdp.support import CODECS, LOCAL, RECORDED, offers

HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "v=0"),
        ("hello", 1, "v=0"),
        ("v=0\r\nfoo", 2, "form"),
        ("v=0\r\nx=1", 2, "unknown type"),
        ("v=0\r\ns=-", 0, "no origin"),
        (HEAD + "m=audio 9", 5, "media section"),
        (HEAD + "m=text 9 RTP/AVP 98", 5, "media section"),
        (HEAD + "m=audio 99999 RTP/AVP 0", 5, "number"),
        (HEAD + "m=audio 9 RTP/AVP 128", 5, "number"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=rtpmap:x opus/48000", 6, "number"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 opus", 6, "number"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=extmap:15 urn:x", 6, "extmap"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=ssrc:4294967296 cname:x", 6, "number"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=fingerprint:sha-256 zz", 6, "fingerprint"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=setup:later", 6, "setup"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=candidate:1 1 udp", 6, "candidate"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=mid:0\r\nm=audio 9 RTP/AVP 0\r\na=mid:0", 8, "twice"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=rid:q", 6, "rid"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\na=simulcast:send", 6, "simulcast"),
        (HEAD + "a=x" * 4_000, 5, "longer"),
        (HEAD + "m=audio 9 RTP/AVP 0\r\n" * (MAX_SECTIONS + 1), 5 + MAX_SECTIONS, "more than"),
        (HEAD + "a=x\r\n" * 30_000, 0, "lines"),
        ("é" * (MAX_BYTES // 2 + 1), 0, "bytes"),
    ],
)
def test_a_fault_is_named_with_its_line(text, line, problem):
    with pytest.raises(SdpError) as caught:
        parse(text)
    assert caught.value.line == line
    assert problem in caught.value.problem


def test_too_many_of_a_kind_are_refused():
    with pytest.raises(SdpError, match="more than"):
        parse(HEAD + "m=audio 9 RTP/AVP 0\r\n" + "".join(f"a=ssrc:{n} cname:x\r\n" for n in range(200)))


def test_lines_may_end_in_line_feed_alone():
    text = RECORDED[0]["sdp"]
    assert parse(text.replace("\r\n", "\n")) == parse(text)


def test_what_the_session_says_holds_for_its_sections():
    digest = ":".join(["ab"] * 32)
    session = f"a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 {digest}\r\na=setup:active\r\n"
    text = HEAD + session + "m=audio 9 RTP/AVP 0\r\n"
    transport = parse(text + "a=sendonly\r\n").transport()
    assert (transport.ice.ufrag, transport.ice.pwd) == ("u", "p")
    assert (transport.dtls.fingerprint, transport.dtls.setup) == (digest.upper(), "active")


def test_a_simulcast_line_gives_the_order_of_layers():
    section = parse(
        HEAD + "m=video 9 RTP/AVP 96\r\na=rid:f send\r\na=rid:h send\r\na=rid:q send\r\na=simulcast:send q;~h;f,g\r\n"
    ).sections[0]
    assert section.rids == ("q", "h", "f")


def test_a_candidate_is_read_and_written():
    text = "candidate:842163049 1 tcp 1677729535 192.0.2.1 46154 typ srflx raddr 0.0.0.0 rport 0 tcptype passive"
    candidate = Candidate.parse(text)
    assert candidate.tcp_type == "passive"
    assert Candidate.parse(str(candidate)) == candidate


@pytest.mark.parametrize("text", ["", "candidate:", "candidate:1 1 udp x 1.2.3.4 9 typ host", "a b c d e f g h"])
def test_no_candidate_is_refused(text):
    with pytest.raises(SdpError):
        Candidate.parse(text)


def answer_or_refuse(text: str) -> None:
    try:
        Answerer(CODECS, 1).answer(text, LOCAL, [], [])
    except SdpError as error:
        assert str(error)  # noqa: PT017  # nothing else may be raised


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_reader(text):
    answer_or_refuse(text)


ATTRIBUTE = st.sampled_from([*SECTION, "group"])
VALUE = st.one_of(st.text(), st.sampled_from(["0 x", "1/2 y", ":", "a:b", "99999999999999999999999", "96 rtx/90000"]))
LINE = st.builds(lambda name, value: f"a={name}:{value}", ATTRIBUTE, VALUE)


@settings(deadline=None)
@given(st.lists(st.one_of(LINE, st.just("m=audio 9 UDP/TLS/RTP/SAVPF 111 0"), st.just("m=video 9 RTP/SAVPF 96 97"))))
def test_no_lines_break_the_reader(lines):
    answer_or_refuse(HEAD + "\r\n".join(lines))


@settings(deadline=None)
@given(st.sampled_from(offers()), st.data())
def test_no_change_of_a_real_offer_breaks_the_answerer(recorded, data):
    lines = recorded["sdp"].split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        lines[index] = data.draw(
            st.one_of(LINE, st.just(lines[index - 1]), st.just(""), st.just(lines[index][: len(lines[index]) // 2]))
        )
    answer_or_refuse("\r\n".join(lines))
