"""Garbage from a client is its own problem: nothing is raised, nothing grows without bound, others go on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.media.forward.settings import ForwardSettings
from roomwright.media.rtp.rtcp_write import nack
from roomwright.media.sdp import Wanted
from tests.media.forward.support import KEY, World, numbers, packet, published, sent

SSRCS = st.sampled_from([1111, 2222, 3333, 0, 2**32 - 1])
TYPES = st.sampled_from([96, 97, 111, 63, 50, 200 - 128])
HEADER = st.builds(
    lambda first, kind, marker, sequence, timestamp, ssrc: (
        bytes((0x80 | first, marker << 7 | kind))
        + sequence.to_bytes(2, "big")
        + timestamp.to_bytes(4, "big")
        + ssrc.to_bytes(4, "big")
    ),
    st.integers(0, 63),
    TYPES,
    st.booleans(),
    st.integers(0, 0xFFFF),
    st.integers(0, 2**32 - 1),
    SSRCS,
)
RTP = st.one_of(
    st.binary(min_size=12, max_size=60), st.builds(lambda h, body: h + body, HEADER, st.binary(max_size=50))
)
RTCP = st.one_of(
    st.binary(min_size=8, max_size=60),
    st.builds(
        lambda count, kind, ssrc, body: (
            bytes((0x80 | count, kind)) + (1 + (len(body) + 4) // 4).to_bytes(2, "big") + bytes(4) + ssrc + body
        ),
        st.integers(0, 31),
        st.sampled_from([200, 201, 203, 205, 206]),
        st.sampled_from([(7777).to_bytes(4, "big"), (8888).to_bytes(4, "big"), (1111).to_bytes(4, "big")]),
        st.integers(0, 12).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words)),
    ),
)
INPUT = st.one_of(
    st.tuples(st.just("rtp"), RTP),
    st.tuples(st.just("rtcp"), RTCP),
    st.tuples(st.just("feedback"), RTCP),
    st.tuples(st.just("time"), st.floats(0, 2)),
)
PUBLICATIONS = st.sampled_from(
    [
        published(retransmissions={2222: 1111}),
        published(ssrcs=(), rids=("q", "h", "f")),
        published(ssrcs=()),
        published("audio"),
    ]
)


def assert_numbers_mean_one_packet(packets) -> None:
    """Two different packets under one SSRC and number would reveal the key of AES-GCM."""
    meant: dict[bytes, bytes] = {}
    for raw in packets:
        assert meant.setdefault(raw[8:12] + raw[2:4], raw) == raw


@settings(deadline=None)
@given(PUBLICATIONS, st.lists(INPUT, max_size=40))
def test_no_packets_break_forwarding(publication, inputs):
    world = World().connect(publication, sent(publication.kind))
    for kind, value in inputs:
        if kind == "rtp":
            world.publisher.on_rtp(value, world.now)
        elif kind == "rtcp":
            world.publisher.on_rtcp(value, world.now)
        elif kind == "feedback":
            world.subscriber.on_rtcp(value, world.now)
        else:
            world.advance(value)
    if publication.kind == "video":  # what comes twice under one SSRC is refused by SRTP before
        assert_numbers_mean_one_packet(raw for to, raw in world.sink.rtp if to == "sub")
    world.router.close(world.publisher, world.now)
    world.router.close(world.subscriber, world.now)
    assert world.router.next_timeout() is None


def test_a_forged_retransmission_of_an_old_packet_is_not_sent_under_its_number():
    wanted = Wanted(track_sid="TR_1", participant_sid="PA_1", kind="video", ssrc=7777)
    world = World().connect(published(retransmissions={2222: 1111}), sent(wanted=wanted))
    world.publish(*(packet(number, payload=KEY) for number in range(1_100)))
    for number in range(1_100):
        body = number.to_bytes(2, "big") + b"\x10forged"
        world.publish(packet(number, ssrc=2222, payload_type=97, payload=body))
    world.subscriber.on_rtcp(nack(1, 7777, range(1_100)), world.now)
    assert_numbers_mean_one_packet(raw for _, raw in world.sink.rtp)


def test_a_flood_of_ssrcs_is_bounded():
    world = World().connect(published(ssrcs=()))
    for ssrc in range(10_000):
        world.publish(packet(1, ssrc=ssrc, payload=KEY))
    assert len(world.publisher.streams) <= ForwardSettings().max_streams
    assert world.publisher.unknown >= 9_900


def test_what_one_publisher_sends_changes_nothing_for_another():
    world = World("video").connect()
    other = world.router.open("PA_9", "room", "other", world.now)
    up = other.publish(published(track_sid="TR_9"), world.now)
    wanted = Wanted(track_sid="TR_9", participant_sid="PA_9", kind="video", ssrc=9999)
    world.subscriber.subscribe(up, sent(wanted=wanted), world.now)
    for number in range(50):
        world.publish(packet(number * 777, ssrc=1111, payload=b""), packet(number, ssrc=5)[: 12 + number % 3])
        other.on_rtp(packet(number, payload=KEY), world.now)
    assert numbers(item for item in world.received() if item.ssrc == 9999) == list(range(50))


def test_streams_that_have_ended_are_named_with_their_retransmissions():
    world = World().connect(published(retransmissions={2222: 1111}))
    assert sorted(world.publisher.unpublish("0", world.now)) == [1111, 2222]
    assert world.publisher.unpublish("0", world.now) == []


def test_an_ssrc_is_used_for_one_subscription_only():
    world = World().connect()
    assert world.subscriber.subscribe(world.up, sent(), world.now) is world.down
    world.subscriber.unsubscribe(world.down, world.now)
    with pytest.raises(ValueError, match="7777"):
        world.subscriber.subscribe(world.up, sent(), world.now)
