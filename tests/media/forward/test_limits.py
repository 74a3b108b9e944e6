"""What can be configured of forwarding is what happens."""

import pytest

from roomwright.media.forward.ring import Ring
from roomwright.media.forward.settings import ForwardSettings
from roomwright.media.rtp import rtcp
from roomwright.media.rtp.rtcp_write import nack, picture_loss
from tests.media.forward.support import KEY, World, packet, published


def world_with(**settings: object) -> World:
    world = World()
    world.router.settings = ForwardSettings(**settings)
    return world


def key_frames_asked_of(world: World, seconds: float) -> int:
    """How often the publisher is asked for one while its subscriber asks ten times in a second."""
    world.told("pub")
    for _ in range(round(seconds * 10)):
        world.subscriber.on_rtcp(picture_loss(1, 7777), world.now)
        world.advance(0.1)
    messages = [m for raw in world.told("pub") for m in rtcp.parse(raw)]
    return sum(isinstance(message, rtcp.KeyFrameRequest) for message in messages)


@pytest.mark.parametrize(("interval", "most"), [(0.5, 7), (2.0, 2)])
def test_key_frames_are_asked_for_as_often_as_may_be(interval, most):
    world = world_with(key_frame_intervals=(interval,), key_frame_patience=100.0).connect()
    world.publish(packet(1, payload=KEY))
    world.advance(5.0)
    world.publish(packet(2, payload=KEY))
    asked = key_frames_asked_of(world, 3.0)
    assert most - 1 <= asked <= most


def test_each_layer_has_its_own_interval_and_the_last_one_is_that_of_all_further_ones():
    world = world_with(key_frame_intervals=(1.0, 60.0)).connect(published(ssrcs=(1, 2, 3)))
    for stream in world.up.streams.values():
        stream.request_key_frame(world.now)
        stream.key_frames += 1
        stream._key_wanted, stream._key_due = False, None
        stream.request_key_frame(world.now)
    assert [stream.next_due() - world.now for stream in world.up.streams.values()] == [1.0, 60.0, 60.0]


@pytest.mark.parametrize("kept", [16, 64])
def test_as_many_packets_are_kept_as_may_be(kept):
    world = world_with(kept_video=kept).connect()
    world.publish(packet(0, payload=KEY), *(packet(number) for number in range(1, 101)))
    world.received()
    world.subscriber.on_rtcp(nack(1, 7777, [101 - kept, 100 - kept]), world.now)
    again = [int.from_bytes(seen.payload[:2], "big") for seen in world.received()]
    assert again == [101 - kept]


def test_a_ring_has_a_place_for_every_number_that_wraps():
    with pytest.raises(ValueError, match="power of two"):
        Ring(500)


def test_a_connection_has_so_many_streams():
    world = world_with(max_streams=2).connect(published(ssrcs=(), rids=("q", "h", "f")))
    for number, rid in enumerate("qhf"):
        world.publish(packet(1, ssrc=10 + number, extensions={4: b"0", 10: rid.encode()}))
    assert (len(world.publisher.streams), world.publisher.unknown) == (2, 1)


def test_a_publisher_is_told_the_bitrate_that_it_may_begin_with():
    world = World()
    world.router.settings = ForwardSettings(first_bitrate=777_000)
    world.publisher = world.router.open("PA_3", "room", "pub", world.now)
    world.connect()
    world.publish(packet(1, payload=KEY))
    world.advance(1.5)
    told = [m.bitrate for raw in world.told("pub") for m in rtcp.parse(raw) if isinstance(m, rtcp.Remb)]
    assert told
    assert told[0] == pytest.approx(777_000, rel=0.01)
