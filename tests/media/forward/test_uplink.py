"""What publishers are told they may send."""

from roomwright.media.forward.uplink import Uplink
from roomwright.media.rtp import rtcp
from tests.media.forward.support import KEY, World, packet


class Sender:
    """A publisher that sends what it is told it may, through a link that loses what is too much."""

    def __init__(self, capacity: int, wish: int) -> None:
        self.uplink = Uplink(4_000_000, 20_000_000)
        self.capacity, self.wish = capacity, wish
        self.received = self.lost = self.octets = 0
        self.now = 0.0

    def run(self, seconds: int) -> float:
        """The share that was lost in that time."""
        received, lost = self.received, self.lost
        for _ in range(seconds):
            self.now += 1
            sent = min(self.wish, self.uplink.bitrate) // 8_000
            through = min(sent, self.capacity // 8_000)
            self.received, self.lost = self.received + through, self.lost + sent - through
            self.octets += 1_000 * through
            self.uplink.update(self.received, self.lost, self.octets, self.now)
        came, missed = self.received - received, self.lost - lost
        return missed / max(1, came + missed)


def test_without_loss_the_bound_rises_while_it_is_used():
    sender = Sender(capacity=50_000_000, wish=50_000_000)
    sender.run(30)
    assert sender.uplink.bitrate == 20_000_000


def test_what_is_not_used_is_not_promised():
    sender = Sender(capacity=50_000_000, wish=1_000_000)
    sender.run(60)
    assert sender.uplink.bitrate == 4_000_000


def test_a_narrow_link_is_respected():
    sender = Sender(capacity=1_000_000, wish=50_000_000)
    sender.run(5)
    assert sender.run(60) < 0.08
    assert 700_000 < sender.uplink.bitrate < 1_300_000


def test_silence_changes_nothing():
    uplink = Uplink(4_000_000, 20_000_000)
    for second in range(10):
        assert uplink.update(0, 0, 0, float(second)) == 4_000_000


def test_counters_that_begin_anew_do_no_harm():
    uplink = Uplink(4_000_000, 20_000_000)
    uplink.update(1_000, 10, 1_000_000, 1.0)
    assert uplink.update(5, 0, 5_000, 2.0) == 4_000_000


def test_the_bound_reaches_the_publisher():
    world = World("video").connect()
    world.publish(packet(1, payload=KEY))
    world.advance(1.01)
    (message,) = (m for raw in world.told("pub") for m in rtcp.parse(raw) if isinstance(m, rtcp.Remb))
    assert message.ssrcs == (1111,)
    assert 3_990_000 < message.bitrate <= 4_000_000
