"""The side that answers: published tracks, received tracks, and how sections are used again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.media.sdp import Announced, Answer, Answerer, Codecs, Requirement, SdpError, TransportParameters, Wanted
from roomwright.media.sdp.description import Direction
from roomwright.media.sdp.reader import parse
from tests.media.sdp.clients import OfferingClient
from tests.media.sdp.support import CODECS, LOCAL, offers

SEND, RECEIVE = Direction.SENDONLY, Direction.RECVONLY


def wanted(name: str, kind: str = "audio", ssrc: int = 0) -> Wanted:
    ssrc = ssrc or 1000 + sum(map(ord, name))
    return Wanted(track_sid=f"TR_{name}", participant_sid="PA_other", kind=kind, ssrc=ssrc, rtx_ssrc=ssrc + 50_000)


@pytest.fixture
def client() -> OfferingClient:
    return OfferingClient()


@pytest.fixture
def server() -> Answerer:
    return Answerer(CODECS, 1)


def exchange(client: OfferingClient, server: Answerer, announced=(), tracks=()) -> Answer:
    answer = server.answer(client.offer(), LOCAL, announced, tracks)
    client.accept(answer.sdp)
    return answer


def test_a_track_is_known_by_the_id_that_it_was_announced_with(client, server):
    client.add("audio", SEND, "mic")
    client.add("audio", SEND, "screen-audio")
    announced = [
        Announced(track_sid="TR_2", kind="audio", cids=("screen-audio",)),
        Announced(track_sid="TR_1", kind="audio", cids=("mic",)),
    ]
    published = exchange(client, server, announced).published
    assert {(p.mid, p.track_sid, p.cid) for p in published} == {("0", "TR_1", "mic"), ("1", "TR_2", "screen-audio")}


def test_a_track_under_another_id_is_known_by_its_kind_and_stays_known(client, server):
    client.add("video", SEND, "unknown")
    first = Announced(track_sid="TR_1", kind="video", cids=("cam",))
    assert exchange(client, server, [first]).published[0].track_sid == "TR_1"
    second = Announced(track_sid="TR_0", kind="video", cids=("other",))
    assert exchange(client, server, [second, first]).published[0].track_sid == "TR_1"


def test_two_sections_of_one_track_are_its_two_codecs(client, server):
    client.add("video", SEND, "cam")
    client.add("video", SEND, "cam-backup")
    track = Announced(track_sid="TR_1", kind="video", cids=("cam", "cam-backup"))
    assert [(p.track_sid, p.cid) for p in exchange(client, server, [track]).published] == [
        ("TR_1", "cam"),
        ("TR_1", "cam-backup"),
    ]


def test_what_was_never_announced_is_not_received(client, server):
    client.add("audio", SEND, "mic")
    answer = exchange(client, server)
    assert answer.unmatched == ("0",)
    assert parse(answer.sdp).sections[0].direction is Direction.INACTIVE


def test_an_offer_has_so_many_sections_and_the_next_one_is_answered_again(client):
    server = Answerer(CODECS, 1, max_sections=2)
    client.add("audio", SEND, "one")
    client.add("audio", SEND, "two")
    exchange(client, server)
    three = OfferingClient()
    for name in ("one", "two", "three"):
        three.add("audio", SEND, name)
    with pytest.raises(SdpError, match="more than 2 media sections"):
        server.answer(three.offer(), LOCAL, (), ())
    assert exchange(client, server).unmatched == ("0", "1")


def test_a_section_is_used_again_for_the_next_track(client, server):
    section = client.add("audio", SEND, "mic")
    exchange(client, server, [Announced(track_sid="TR_1", kind="audio", cids=("mic",))])
    section.direction, section.msid = Direction.INACTIVE, None
    assert exchange(client, server).published == ()
    section.direction = SEND
    published = exchange(client, server, [Announced(track_sid="TR_2", kind="audio", cids=("new",))]).published
    assert [(p.mid, p.track_sid) for p in published] == [("0", "TR_2")]


def test_only_what_is_enabled_and_understood_is_negotiated(client):
    client.add("video", SEND, "cam")
    answer = exchange(client, Answerer(Codecs(["video/vp8"]), 1), [Announced(track_sid="TR_1", kind="video")])
    section = parse(answer.sdp).sections[0]
    assert [codec.name for codec in section.codecs] == ["VP8"]
    assert section.codecs[0].feedback == ("nack", "nack pli")
    assert [extension.id for extension in section.extensions] == [4]


def test_a_section_without_a_common_codec_is_refused_and_the_others_go_on(client):
    client.add("video", SEND, "cam")
    client.add("audio", SEND, "mic")
    announced = [Announced(track_sid="TR_1", kind="video"), Announced(track_sid="TR_2", kind="audio")]
    answer = exchange(client, Answerer(Codecs(["audio/opus"]), 1), announced)
    description = parse(answer.sdp)
    assert [section.port for section in description.sections] == [0, 9]
    assert description.bundle == ("1",)
    assert [p.track_sid for p in answer.published] == ["TR_2"]


def test_simulcast_is_received_layer_by_layer(client, server):
    section = client.add("video", SEND, "cam")
    section.simulcast, section.rids = True, ("q", "h", "f")
    offer = client.offer().replace(" recv\r", " send\r").replace("simulcast:recv", "simulcast:send")
    answer = server.answer(offer, LOCAL, [Announced(track_sid="TR_1", kind="video", cids=("cam",))], [])
    assert answer.published[0].rids == ("q", "h", "f")
    assert "a=simulcast:recv q;h;f" in answer.sdp
    assert "a=rid:h recv" in answer.sdp


def test_redundant_audio_comes_first_unless_the_announcement_forbids_it():
    recorded = offers("single_pc_off")[1]["sdp"]
    track = {"track_sid": "TR_1", "kind": "audio"}
    answer = Answerer(CODECS, 1).answer(recorded, LOCAL, [Announced(**track)], [])
    assert [codec.name for codec in answer.published[0].codecs] == ["red", "opus", "PCMU", "PCMA"]
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1" in answer.sdp
    plain = Answerer(CODECS, 1).answer(recorded, LOCAL, [Announced(**track, red=False, dtx=False, stereo=True)], [])
    assert [codec.name for codec in plain.published[0].codecs] == ["opus", "PCMU", "PCMA"]
    assert "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r" in plain.sdp


@pytest.mark.parametrize(
    ("wishes", "first"),
    [({}, "VP8"), ({"cam": "h264"}, "H264"), ({"cam": "VP9", "backup": "vp8"}, "VP9"), ({"cam": "none"}, "VP8")],
)
def test_the_codec_that_a_publisher_wishes_comes_first(wishes, first):
    def codecs(**announced):
        client = OfferingClient()
        section = client.add("video", SEND, "cam")
        section.codecs = CODECS.offered("video")
        section.formats = tuple(str(codec.payload_type) for codec in section.codecs)
        track = Announced(track_sid="TR_1", kind="video", cids=("cam", "backup"), **announced)
        return exchange(client, Answerer(CODECS, 1), [track]).published[0].codecs

    assert codecs(wishes=wishes)[0].name == first
    assert sorted(codecs(wishes=wishes), key=str) == sorted(codecs(), key=str)


def test_data_channels_take_large_messages(client, server):
    client.add("application", Direction.SENDRECV)
    answer = exchange(client, server)
    assert answer.data
    assert "a=sctp-port:5000\r\na=max-message-size:262144" in answer.sdp


def test_wanted_tracks_take_the_sections_on_which_the_client_can_receive(client, server):
    for kind in ("audio", "video", "video"):
        client.add(kind, RECEIVE)
    answer = exchange(client, server, (), [wanted("v", "video"), wanted("a")])
    assert answer.mid_to_track_id == {"0": "TR_a", "1": "TR_v"}
    directions = [section.direction for section in parse(answer.sdp).sections]
    assert directions == [Direction.SENDONLY, Direction.SENDONLY, Direction.INACTIVE]
    assert "a=msid:PA_other|TR_v TR_v\r" in answer.sdp
    assert answer.requirement is None


def test_the_same_wish_keeps_its_section(client, server):
    client.add("audio", RECEIVE)
    client.add("audio", RECEIVE)
    first = exchange(client, server, (), [wanted("a"), wanted("b")]).mid_to_track_id
    again = exchange(client, server, (), [wanted("b"), wanted("a")]).mid_to_track_id
    assert first == again == {"0": "TR_a", "1": "TR_b"}


def test_missing_sections_are_counted_by_kind(client, server):
    client.add("audio", RECEIVE)
    tracks = [wanted("a"), wanted("b"), wanted("c"), wanted("v", "video")]
    answer = exchange(client, server, (), tracks)
    assert answer.requirement == server.requirement(tracks) == Requirement(audios=2, videos=1)
    for kind in ("audio", "audio", "video"):
        client.add(kind, RECEIVE)
    assert exchange(client, server, (), tracks).requirement is None


def test_a_left_section_stays_empty_for_one_negotiation(client, server):
    client.add("audio", RECEIVE)
    exchange(client, server, (), [wanted("a")])
    assert server.requirement([wanted("b")]) == Requirement(audios=1)
    answer = exchange(client, server, (), [wanted("b")])
    assert answer.sent == ()
    assert answer.requirement == Requirement()
    assert exchange(client, server, (), [wanted("b")]).mid_to_track_id == {"0": "TR_b"}
    assert client.events == [("begins", "TR_a"), ("ends", "TR_a"), ("begins", "TR_b")]


def test_a_new_subscription_to_the_same_track_is_a_new_wish(client, server):
    client.add("audio", RECEIVE)
    exchange(client, server, (), [wanted("a", ssrc=1)])
    exchange(client, server, (), [wanted("a", ssrc=2)])
    assert exchange(client, server, (), [wanted("a", ssrc=2)]).sent[0].wanted.ssrc == 2


def test_nothing_is_required_when_nothing_would_change(client, server):
    assert server.requirement([]) is None
    client.add("audio", RECEIVE)
    exchange(client, server, (), [wanted("a")])
    assert server.requirement([wanted("a")]) is None
    assert server.requirement([]) == Requirement()


@pytest.mark.parametrize(
    ("offered", "answered"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")]
)
def test_who_begins_the_handshake_is_decided_once(client, server, offered, answered):
    client.add("audio", RECEIVE)
    for setup in (offered, "actpass"):
        sdp = server.answer(client.offer().replace("setup:actpass", f"setup:{setup}"), LOCAL, [], []).sdp
        assert f"a=setup:{answered}\r" in sdp


def test_a_transport_gives_its_parameters_as_it_has_them(client, server):
    client.add("audio", RECEIVE)
    digest = ":".join(["EF"] * 32)
    local = TransportParameters.of("u", "p", digest, [LOCAL.candidates[0]])
    sdp = server.answer(client.offer(), local, [], []).sdp
    assert f"a=fingerprint:sha-256 {digest}\r" in sdp
    assert "a=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r\na=end-of-candidates\r" in sdp


def test_new_credentials_are_a_restart_of_ice(client, server):
    client.add("audio", RECEIVE)
    assert not server.restarts(client.offer())
    exchange(client, server)
    assert not server.restarts(client.offer())
    assert server.restarts(client.offer().replace("ice-pwd:client", "ice-pwd:another"))


def test_a_refused_offer_changes_nothing(client, server):
    client.add("audio", RECEIVE)
    exchange(client, server, (), [wanted("a")])
    before = repr(server)
    with pytest.raises(SdpError):
        server.answer("v=0", LOCAL, [], [])
    with pytest.raises(SdpError, match="ice-ufrag"):
        server.answer(client.offer().replace("a=ice-pwd", "a=ice-forgotten"), LOCAL, [], [])
    smaller = OfferingClient()
    smaller.add("application", Direction.SENDRECV)
    client.add("audio", RECEIVE)
    exchange(client, server, (), [wanted("a")])
    before = repr(server)
    with pytest.raises(SdpError, match="not bundled"):
        server.answer(client.offer().replace("BUNDLE 0 1", "BUNDLE 0"), LOCAL, [], [])
    with pytest.raises(SdpError, match="where there were 2"):
        server.answer(smaller.offer(), LOCAL, [], [])
    assert repr(server) == before


STEP = st.tuples(
    st.sets(st.sampled_from("abcd")),
    st.sets(st.sampled_from("vwx")),
    st.integers(0, 1),
    st.integers(0, 1),
)


@settings(deadline=None)
@given(st.lists(STEP, max_size=12))
def test_any_history_of_subscriptions_ends_with_what_is_wanted(steps):
    """After each change a few rounds are enough; sections keep their order, and none changes its track directly."""
    client, server = OfferingClient(), Answerer(CODECS, 1)
    for audios, videos, more_audio, more_video in steps:
        for kind, more in (("audio", more_audio), ("video", more_video)):
            for _ in range(more):
                client.add(kind, RECEIVE)
        tracks = [wanted(name) for name in sorted(audios)] + [wanted(name, "video") for name in sorted(videos)]
        for _ in range(4):
            requirement = server.requirement(tracks)
            if requirement is None:
                break
            for kind, count in (("audio", requirement.audios), ("video", requirement.videos)):
                for _ in range(count):
                    client.add(kind, RECEIVE)
            exchange(client, server, (), tracks)
        assert server.requirement(tracks) is None
        assert sorted(client.received) == sorted(track.track_sid for track in tracks)
    assert len(client.sections) <= 2 * 7 + 2 * len(steps)
