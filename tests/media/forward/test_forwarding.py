"""One publisher, one subscriber: what arrives is what was sent, under other numbers."""

import pytest

from roomwright.media.forward.events import MediaStarted
from roomwright.media.forward.settings import DownSettings
from roomwright.media.rtp import rtcp
from roomwright.media.rtp.rtcp_write import receiver_report, sender_report
from roomwright.media.sdp.extensions import ABS_SEND_TIME
from roomwright.media.sdp.tracks import Sent
from tests.media.forward.support import (
    DELTA,
    KEY,
    OPUS,
    RED,
    World,
    numbers,
    packet,
    published,
    sent,
    vp8,
)


@pytest.fixture
def video() -> World:
    return World("video").connect()


@pytest.fixture
def audio() -> World:
    return World("audio").connect()


def requests(packets: list[bytes]) -> list[int]:
    """The SSRCs that key frames are asked for."""
    return [m.ssrc for raw in packets for m in rtcp.parse(raw) if isinstance(m, rtcp.KeyFrameRequest)]


def test_audio_is_forwarded_from_the_first_packet(audio):
    audio.publish(packet(10, 960, payload_type=111, payload=b"opus", marker=True, extensions={1: b"\x85", 4: b"0"}))
    (seen,) = audio.received()
    assert (seen.sequence, seen.timestamp, seen.ssrc, seen.payload_type, seen.marker) == (10, 960, 7777, 109, True)
    assert seen.payload == b"opus"
    assert seen.extensions == b"\x60\x85\0\0"  # the level under the subscriber's id, without mid


def test_video_is_forwarded_from_a_key_frame_which_is_asked_for(video):
    video.publish(packet(1), packet(2))
    assert video.received() == []
    assert requests(video.told("pub")) == [1111]
    video.publish(packet(3, payload=KEY), packet(4))
    seen = video.received()
    assert numbers(seen) == [3, 4]
    assert [item.payload for item in seen] == [KEY, DELTA]
    assert all(item.extensions[0] == 5 << 4 | 2 for item in seen)  # abs-send-time is ours


def test_the_first_packet_says_what_the_track_is(video):
    video.publish(packet(1))
    video.publish(packet(2))
    assert video.router.take_events() == [MediaStarted("PA_1", "TR_1", "0", "video/VP8")]


def test_a_gap_and_a_late_packet_stay_what_they_are(video):
    video.publish(packet(65_534, payload=KEY), packet(1), packet(65_535), packet(0))
    assert numbers(video.received()) == [65_534, 1, 65_535, 0]


def test_what_is_older_than_the_beginning_is_not_sent(video):
    video.publish(packet(10), packet(12, payload=KEY), packet(11), packet(13))
    assert numbers(video.received()) == [12, 13]


def test_a_packet_that_comes_twice_is_sent_once(video):
    video.publish(
        packet(1, payload=KEY), packet(2), packet(4), packet(3), packet(3), packet(2, payload=b"\x10\x01forged")
    )
    assert numbers(video.received()) == [1, 2, 4, 3]


def test_a_pause_leaves_no_gap_and_ends_with_a_key_frame(video):
    video.publish(packet(1, payload=KEY), packet(2))
    video.down.configure(DownSettings(disabled=True), video.now)
    video.publish(packet(3), packet(4))
    video.down.configure(DownSettings(), video.now)
    video.publish(packet(5), packet(6, 9_000, payload=KEY), packet(7, 12_000))
    seen = video.received()
    assert numbers(seen) == [1, 2, 3, 4]
    assert [item.timestamp for item in seen] == [0, 0, 9_000, 12_000]


def test_a_muted_track_is_not_forwarded_whatever_is_sent(audio):
    audio.publish(packet(1, payload_type=111))
    audio.up.set_muted(True, audio.now)
    audio.publish(packet(2, payload_type=111))
    audio.up.set_muted(False, audio.now)
    audio.publish(packet(3, 960, payload_type=111))
    assert numbers(audio.received()) == [1, 2]


def test_a_jump_of_the_publishers_numbers_is_a_new_beginning_without_a_gap(video):
    video.publish(packet(1, payload=KEY), packet(2), packet(30_000), packet(30_001, payload=KEY), packet(30_002))
    assert numbers(video.received()) == [1, 2, 3, 4]


def test_a_payload_type_that_was_not_negotiated_is_not_sent(video):
    video.publish(packet(1, payload=KEY), packet(2, payload_type=50), packet(3))
    assert numbers(video.received()) == [1, 3]


def test_redundant_audio_goes_whole_to_who_knows_it_and_its_newest_part_to_others():
    payload = b"\xef\x00\x00\x03\x6fold" + b"new"
    both = World("audio").connect()
    both.publish(packet(1, payload_type=63, payload=payload))
    assert [(s.payload_type, s.payload) for s in both.received()] == [(61, payload)]
    subscription = sent("audio")
    plain = tuple(codec for codec in subscription.codecs if codec.name == "opus")
    other = World("audio").connect(subscription=sent("audio", codecs=plain))
    other.publish(packet(1, payload_type=63, payload=payload), packet(2, payload_type=111, payload=b"x"))
    assert [(s.payload_type, s.payload) for s in other.received()] == [(109, b"new"), (109, b"x")]


def test_subscribers_with_other_numbers_get_the_same_payloads(video):
    other = video.router.open("PA_3", "room", "third", video.now)
    wanted = sent().wanted
    plain = Sent(wanted=wanted, mid="1", codecs=published().codecs, extensions=())
    other.subscribe(video.up, plain, video.now)
    video.publish(packet(1, payload=KEY))
    first, second = (raw for _, raw in video.sink.rtp)
    assert first.endswith(KEY)
    assert second.endswith(KEY)
    assert (first[1], second[1]) == (120, 96)
    assert (first[0], second[0]) == (0x90, 0x80)


def test_requests_of_subscribers_reach_the_publisher_but_not_too_often(video):
    video.publish(packet(1, payload=KEY))
    video.told("pub")
    request = b"\x81\xce\x00\x02" + bytes(4) + (7777).to_bytes(4, "big")
    video.advance(1)
    video.told("pub")
    for _ in range(20):
        video.subscriber.on_rtcp(request, video.now)
    assert requests(video.told("pub")) == [1111]
    video.publish(packet(2, payload=KEY))
    video.subscriber.on_rtcp(request, video.now)
    assert requests(video.told("pub")) == []
    video.advance(0.5)
    assert requests(video.told("pub")) == [1111]
    video.advance(3)
    assert len(requests(video.told("pub"))) == 3  # once a second until one comes


def test_sender_reports_keep_the_publishers_clock_and_get_the_offset():
    world = World("video").connect()
    world.publish(packet(1, 1_000, payload=KEY), packet(2, 1_000))
    report = rtcp.SenderReport(1111, 0x1234_5678_9ABC_DEF0, 5_000, 2, 20)
    world.publisher.on_rtcp(sender_report(report), world.now)
    (raw,) = world.told("sub")
    ours = next(rtcp.parse(raw))
    assert ours == rtcp.SenderReport(7777, report.ntp, 5_000, 2, len(KEY) + len(DELTA))


def test_the_round_trip_is_measured_from_the_reports_of_subscribers(video):
    video.publish(packet(1, payload=KEY))
    report = rtcp.SenderReport(1111, 0x0000_AAAA_BBBB_0000, 5_000, 2, 20)
    video.publisher.on_rtcp(sender_report(report), video.now)
    video.advance(0.3)
    block = rtcp.ReportBlock(7777, 128, 3, 1, 0, 0xAAAA_BBBB, int(0.1 * 65_536))
    video.subscriber.on_rtcp(receiver_report(5, [block]), video.now)
    assert video.down.round_trip == pytest.approx(0.2, abs=0.001)
    assert video.down.loss == 0.5


def test_a_track_that_ends_leaves_its_subscribers_silent(video):
    video.publish(packet(1, payload=KEY))
    video.publisher.unpublish("0", video.now)
    video.publish(packet(2))
    assert numbers(video.received()) == [1]
    assert video.publisher.unknown == 1
    video.subscriber.unsubscribe(video.down, video.now)
    video.subscriber.unsubscribe(video.down, video.now)


def test_a_section_that_carries_another_track_ends_the_first(video):
    video.publish(packet(1, payload=KEY))
    video.publisher.publish(published(track_sid="TR_2", ssrcs=(2222,)), video.now)
    video.publish(packet(2), packet(1, ssrc=2222))
    assert numbers(video.received()) == [1]
    assert video.publisher.unknown == 1


def test_nothing_is_left_when_all_have_gone(video):
    video.publish(packet(1, payload=KEY), packet(5))
    video.router.close(video.subscriber, video.now)
    video.router.close(video.publisher, video.now)
    video.router.close(video.publisher, video.now)
    assert video.router.next_timeout() is None
    video.publish(packet(6))
    assert numbers(video.received()) == [1, 5]


def test_a_tap_gets_every_packet_as_it_came(video):
    taken = []
    video.up.taps = (lambda raw, layer, now: taken.append((raw, layer, now)),)
    raw = packet(1, payload=vp8(5), extensions={4: b"0"})
    video.publish(raw)
    assert taken == [(raw, 0, video.now)]


def test_extensions_that_the_subscriber_did_not_negotiate_are_not_sent():
    world = World("audio").connect(published("audio", codecs=(OPUS, RED)), sent("audio", extensions=()))
    world.publish(packet(1, payload_type=111, extensions={1: b"\x01", 4: b"0"}))
    assert world.received()[0].extensions == b""
    assert ABS_SEND_TIME not in {e.uri for e in world.up.published.extensions}


def test_a_subscriber_without_a_common_codec_gets_nothing_and_it_can_be_seen():
    world = World("video").connect(subscription=sent("audio"))
    world.publish(packet(1, payload=KEY))
    assert not world.down.supported
    assert world.received() == []
