"""Simulcast: layers are learned, chosen, and switched at key frames without a seam."""

from itertools import pairwise

import pytest

from roomwright.media.forward.settings import DownSettings, Quality
from roomwright.media.rtp import rtcp, vp8
from roomwright.media.rtp.rtcp_write import sender_report
from tests.media.forward.support import World, numbers, packet, published
from tests.media.forward.support import vp8 as payload

SSRC = {"q": 10, "h": 11, "f": 12}
ARRIVE = {"q": 100, "h": 20_000, "f": 65_500}
"""The first sequence number of each layer."""
CLOCK = {"q": 0, "h": 1_000_000, "f": 4_294_900_000}
"""The timestamp of each layer at the same moment."""
PICTURE = {"q": 5, "h": 0x7FFD, "f": 900}


class Simulcast(World):
    """A publisher of three layers that sends a frame of one packet on each, at 30 frames per second."""

    def __init__(self, **changes: object) -> None:
        super().__init__("video")
        self.frame = 0
        self.layers = ["q", "h", "f"]
        self.connect(published(ssrcs=(), rids=("q", "h", "f"), **changes))

    def send(self, frames: int = 1, key: str = "") -> None:
        for _ in range(frames):
            for rid in self.layers:
                extensions = {4: b"0", 10: rid.encode()}
                self.publish(
                    packet(
                        ARRIVE[rid] + self.frame,
                        CLOCK[rid] + 3_000 * self.frame,
                        ssrc=SSRC[rid],
                        payload=payload(PICTURE[rid] + self.frame, tl0=self.frame, key=rid in key) + rid.encode(),
                        extensions=extensions,
                    )
                )
            self.frame += 1
            self.advance(1 / 30)

    def report(self) -> None:
        for rid in self.layers:
            now = (int(self.now) << 32) + int((self.now % 1) * 2**32)
            rtp = (CLOCK[rid] + int(3_000 * self.frame)) & 0xFFFF_FFFF
            self.publisher.on_rtcp(sender_report(rtcp.SenderReport(SSRC[rid], now, rtp, 0, 0)), self.now)


@pytest.fixture
def world() -> Simulcast:
    return Simulcast()


def layers(seen) -> str:
    return "".join(item.payload[-1:].decode() for item in seen)


def check_seamless(seen) -> None:
    """Numbers go up by one, time goes on by a frame, pictures are counted on."""
    assert all((b - a) & 0xFFFF == 1 for a, b in pairwise(numbers(seen)))
    pictures = [vp8.describe(item.payload) for item in seen]
    for before, after in pairwise(pictures):
        assert (after.picture_id - before.picture_id) & 0x7FFF == 1
        assert (after.tl0_index - before.tl0_index) & 0xFF == 1


def test_layers_are_learned_and_the_largest_is_chosen(world):
    world.send(2, key="qhf")
    world.send(3, key="qhf")
    seen = world.received()
    assert layers(seen)[-3:] == "fff"
    assert {stream.layer for stream in world.up.streams.values()} == {0, 1, 2}
    assert world.publisher.unknown == 0


def test_a_packet_without_a_rid_of_ours_is_not_taken(world):
    world.publish(packet(1, ssrc=99, extensions={4: b"0"}), packet(1, ssrc=98, extensions={4: b"0", 10: b"x"}))
    world.publish(packet(1, ssrc=97, extensions={4: b"7", 10: b"q"}))
    assert world.publisher.unknown == 3


def test_a_switch_waits_for_a_key_frame_and_leaves_no_seam(world):
    world.send(1, key="qhf")
    world.send(5, key="qhf")
    world.report()
    world.down.configure(DownSettings(quality=Quality.LOW), world.now)
    world.send(4)
    world.send(1, key="q")
    world.send(3)
    world.down.configure(DownSettings(quality=Quality.MEDIUM), world.now)
    world.send(1, key="h")
    world.send(2)
    seen = world.received()
    tail = seen[-11:]
    assert layers(tail) == "fffqqqqqhhh"
    check_seamless(tail)
    frames = [0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 9]  # the key frame of h came just after the same moment's frame of q
    for frame, item in zip(frames, tail, strict=True):
        assert (item.timestamp - tail[0].timestamp) & 0xFFFF_FFFF == pytest.approx(3_000 * frame, abs=2)


def test_without_sender_reports_the_clock_on_the_wall_decides(world):
    world.send(1, key="qhf")
    world.send(3, key="qhf")
    world.down.configure(DownSettings(quality=Quality.LOW), world.now)
    world.send(1, key="q")
    world.send(3)
    tail = world.received()[-6:]
    assert layers(tail) == "ffqqqq"
    steps = [(b.timestamp - a.timestamp) & 0xFFFF_FFFF for a, b in pairwise(tail)]
    assert all(abs(step - 3_000) <= 30 for step in steps)


def test_the_size_that_is_shown_chooses_the_layer(world):
    world.up.sizes = ((320, 180), (640, 360), (1280, 720))
    cases = {(200, 100): 0, (321, 180): 1, (640, 360): 1, (700, 1): 2, (4000, 4000): 2}
    for (width, height), layer in cases.items():
        world.down.configure(DownSettings(width=width, height=height, quality=Quality.LOW), world.now)
        assert world.up.wanted_layers() == {layer}


def test_a_layer_that_stops_is_replaced_and_comes_back(world):
    world.send(1, key="qhf")
    world.send(5, key="qhf")
    world.layers = ["q", "h"]
    world.send(60)
    assert world.received()[-1].payload.endswith(b"f")
    world.send(2, key="qh")
    world.send(20, key="")
    assert layers(world.received())[-1] == "h"
    world.layers = ["q", "h", "f"]
    world.send(20)
    world.send(2, key="f")
    seen = world.received()
    assert layers(seen)[-1] == "f"
    check_seamless(seen)


def test_nothing_is_wanted_of_a_track_that_nobody_watches(world):
    assert world.up.wanted_layers() == {2}
    world.down.configure(DownSettings(disabled=True), world.now)
    assert world.up.wanted_layers() == set()
    world.down.configure(DownSettings(quality=Quality.OFF), world.now)
    assert world.up.wanted_layers() == set()


def test_key_frames_are_asked_of_the_layer_that_is_waited_for(world):
    world.send(1, key="qhf")
    world.send(3, key="qhf")
    world.told("pub")
    world.down.configure(DownSettings(quality=Quality.LOW), world.now)
    world.advance(0.6)
    asked = [m.ssrc for raw in world.told("pub") for m in rtcp.parse(raw) if isinstance(m, rtcp.KeyFrameRequest)]
    assert set(asked) == {SSRC["q"]}


def test_layers_by_ssrc_are_in_the_order_of_their_announcement():
    world = World("video").connect(published(ssrcs=(10, 11, 12)))
    assert [stream.layer for stream in world.up.streams.values()] == [0, 1, 2]
    assert world.up.layered
