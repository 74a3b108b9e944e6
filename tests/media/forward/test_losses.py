"""Lost packets: asked for from the publisher, sent again to subscribers, on links that lose and mix up."""

import random
from collections import Counter

import pytest

from roomwright.media.forward.losses import MAX_MISSING, TRIES, Losses
from roomwright.media.rtp import rtcp
from roomwright.media.rtp.rtcp_write import nack
from roomwright.media.sdp import Wanted
from tests.media.forward.support import KEY, World, numbers, packet, published, sent


def asked(packets: list[bytes]) -> list[int]:
    """The sequence numbers that are asked for."""
    found = [m for raw in packets for m in rtcp.parse(raw) if isinstance(m, rtcp.Nack)]
    return [number for message in found for number in message.numbers]


def rtx(sequence: int, original: bytes, ssrc: int = 2222, extensions: dict[int, bytes] | None = None) -> bytes:
    """The retransmission of a packet."""
    body = original[2:4] + original[12:]
    timestamp = int.from_bytes(original[4:8], "big")
    return packet(
        sequence, timestamp, ssrc=ssrc, payload_type=97, payload=body, marker=original[1] > 127, extensions=extensions
    )


@pytest.fixture
def world() -> World:
    return World("video").connect(published(retransmissions={2222: 1111}))


def test_a_gap_is_asked_for_after_a_moment_and_not_forever(world):
    world.publish(packet(10, payload=KEY), packet(13))
    world.advance(0.005)
    assert asked(world.told("pub")) == []
    world.advance(0.015)
    assert asked(world.told("pub")) == [11, 12]
    world.advance(5)
    assert Counter(asked(world.told("pub"))) == {11: TRIES - 1, 12: TRIES - 1}


def test_what_was_only_late_is_not_asked_for(world):
    world.publish(packet(10, payload=KEY), packet(12), packet(11))
    world.advance(1)
    assert asked(world.told("pub")) == []
    assert world.up.streams[1111].reordered == 1


def test_what_was_asked_for_is_no_packet_out_of_order(world):
    world.publish(packet(10, payload=KEY), packet(12))
    world.advance(0.02)
    world.publish(rtx(500, packet(11)))
    assert world.up.streams[1111].reordered == 0
    assert (world.router.counts.repairs, world.router.counts.repairs_octets) == (1, len(rtx(500, packet(11))))


def test_a_retransmission_becomes_the_packet_that_was_lost(world):
    lost = packet(11, 900, payload=b"\x10\x01lost", marker=True)
    world.publish(packet(10, payload=KEY), packet(12), rtx(500, lost))
    seen = world.received()
    assert numbers(seen) == [10, 12, 11]
    assert (seen[2].payload, seen[2].marker, seen[2].timestamp, seen[2].payload_type) == (
        b"\x10\x01lost",
        True,
        900,
        120,
    )
    world.advance(1)
    assert asked(world.told("pub")) == []


def test_a_retransmission_of_what_was_there_changes_nothing(world):
    world.publish(packet(10, payload=KEY), packet(11))
    world.publish(rtx(500, packet(11, payload=b"\x10\x01forged")), rtx(501, packet(10))[:12])
    assert numbers(world.received()) == [10, 11]


def test_retransmissions_of_layers_are_learned_from_the_repaired_rid():
    world = World("video").connect(published(ssrcs=(), rids=("q",)))
    world.publish(packet(1, ssrc=5, payload=KEY, extensions={4: b"0", 10: b"q"}), packet(3, ssrc=5))
    world.publish(rtx(9, packet(2), ssrc=6, extensions={4: b"0", 11: b"q"}))
    assert numbers(world.received()) == [1, 3, 2]


def test_a_subscriber_gets_lost_packets_again_in_a_stream_of_their_own(world):
    world.publish(packet(10, payload=KEY), packet(11, 900, payload=b"\x10\x01two", marker=True))
    world.received()
    world.subscriber.on_rtcp(nack(1, 7777, [11, 10, 9]), world.now)
    first, second = world.received()
    assert (first.ssrc, first.payload_type, first.sequence, first.marker) == (8888, 121, 0, True)
    assert first.payload == (11).to_bytes(2, "big") + b"\x10\x01two"
    assert (second.sequence, second.payload) == (1, (10).to_bytes(2, "big") + KEY)
    assert world.down.retransmitted == 2


def test_without_that_it_gets_exactly_the_same_bytes():
    wanted = Wanted(track_sid="TR_1", participant_sid="PA_1", kind="video", ssrc=7777)
    world = World("video").connect(subscription=sent(wanted=wanted))
    world.publish(packet(10, payload=KEY))
    (before,) = (raw for _, raw in world.sink.rtp)
    world.advance(0.2)
    world.sink.rtp.clear()
    world.subscriber.on_rtcp(nack(1, 7777, [10]), world.now)
    assert [raw for _, raw in world.sink.rtp] == [before]


def test_what_is_not_kept_any_more_is_not_sent_again(world):
    world.publish(packet(10, payload=KEY))
    world.publish(*(packet(10 + n) for n in range(1, 600)))
    world.received()
    world.subscriber.on_rtcp(nack(1, 7777, [10, 609]), world.now)
    assert [item.payload[:2] for item in world.received()] == [(609).to_bytes(2, "big")]


def test_an_outage_is_not_asked_for_packet_by_packet():
    losses = Losses()
    losses.add(0, 5_000, 0.0)
    assert len(losses) == MAX_MISSING
    losses.add(6_000, 6_100, 0.0)
    assert len(losses) == MAX_MISSING
    assert losses.take_due(1.0)[-1] == 6_099


@pytest.mark.parametrize("seed", range(8))
def test_over_a_bad_link_everything_arrives_once_and_in_the_end_complete(seed):
    """5 % loss on both sides, some packets late; both sides ask again. Ten seconds in a moment."""
    chance = random.Random(seed)
    world = World("video").connect(published(retransmissions={2222: 1111}))
    history: dict[int, bytes] = {}
    uplink: list[tuple[float, bytes]] = []
    got: dict[int, bytes] = {}
    highest, repairs, repaired = 0, 0, Counter()
    for frame in range(1_000):
        sequence = 65_000 + frame
        raw = packet(sequence, 3_000 * frame, payload=(KEY if frame % 100 == 0 else b"\x10\x01") + str(frame).encode())
        history[sequence & 0xFFFF] = raw
        if frame == 0 or chance.random() > 0.05:
            uplink.append((world.now + (0.03 if frame and chance.random() < 0.1 else 0.0), raw))
        for due, item in sorted(uplink):
            if due <= world.now:
                world.publish(item)
        uplink = [(due, item) for due, item in uplink if due > world.now]
        for number in asked(world.told("pub")):
            if number in history and chance.random() > 0.05:
                uplink.append((world.now + 0.02, rtx(repairs, history[number])))
                repairs += 1
        for item in world.received():
            number = int.from_bytes(item.payload[:2], "big") if item.ssrc == 8888 else item.sequence
            body = item.payload[2:] if item.ssrc == 8888 else item.payload
            if frame < 900 and chance.random() < 0.05:
                continue
            repaired[item.ssrc] += 1
            assert got.setdefault(number, body) == body
            highest = max(highest, (number - 65_000) & 0xFFFF)
        missing = [n & 0xFFFF for n in range(65_000 + max(0, highest - 60), 65_000 + highest) if n & 0xFFFF not in got]
        if missing:
            world.subscriber.on_rtcp(nack(1, 7777, missing), world.now)
        world.advance(0.01)
    complete = [frame for frame in range(900) if (65_000 + frame) & 0xFFFF in got]
    assert len(complete) >= 895
    assert all(got[(65_000 + n) & 0xFFFF].endswith(str(n).encode()) for n in complete)
    assert repaired[8888] > 20
    assert world.up.streams[1111].reception.lost <= 10
