"""Data packets of one client: what is read of its channels, what waits for them."""

import asyncio

import pytest

from roomwright import codec
from roomwright.sfu.embedded.plane.data import LOSSY, RELIABLE, Inbound, Outbound
from roomwright_proto import livekit as pb

BACKLOG_BYTES = 8 * 1024 * 1024


class FakeTransport:
    """Takes messages while `room` is there for them."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.room = 0
        self.waiting = 0

    def send(self, label: str, data: bytes) -> bool:
        if self.room <= 0:
            return False
        self.room -= 1
        self.sent.append((label, data))
        return True

    def buffered(self, label: str) -> int:
        return self.waiting


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
async def outbound(transport) -> Outbound:
    return Outbound(transport, asyncio.get_running_loop(), BACKLOG_BYTES)


class TestWhatComes:
    @pytest.mark.parametrize(
        ("label", "kind"), [(RELIABLE, pb.DataPacketKind.RELIABLE), (LOSSY, pb.DataPacketKind.LOSSY)]
    )
    def test_is_of_the_kind_of_its_channel(self, label, kind):
        claimed = pb.DataPacket(user=pb.UserPacket(payload=b"x"))
        claimed.kind = pb.DataPacketKind.LOSSY if label == RELIABLE else pb.DataPacketKind.RELIABLE
        packet = Inbound().read(label, codec.encode(claimed))
        assert packet.kind is kind

    @pytest.mark.parametrize(
        ("label", "data"), [("_data_track", b""), ("chat", b""), (RELIABLE, b"\xff"), (LOSSY, b"\x08")]
    )
    def test_is_passed_over_if_it_is_no_packet(self, label, data):
        assert Inbound().read(label, data) is None

    def test_counts_once_whatever_is_sent_again(self):
        inbound = Inbound()
        read = [inbound.read(RELIABLE, codec.encode(pb.DataPacket(sequence=n))) for n in (1, 2, 1, 2, 3, 0)]
        assert [packet is not None for packet in read] == [True, True, False, False, True, True]
        assert inbound.last_sequence == 3

    def test_that_is_lossy_has_no_order(self):
        inbound = Inbound()
        assert all(inbound.read(LOSSY, codec.encode(pb.DataPacket(sequence=n))) for n in (5, 3))
        assert inbound.last_sequence == 0


class TestWhatGoes:
    async def test_waits_for_its_channel(self, outbound, transport):
        outbound.send(RELIABLE, b"one")
        outbound.send(LOSSY, b"lost")
        outbound.send(RELIABLE, b"two")
        assert transport.sent == []
        transport.room = 9
        outbound.on_open(LOSSY)
        assert transport.sent == []
        outbound.on_open(RELIABLE)
        assert transport.sent == [(RELIABLE, b"one"), (RELIABLE, b"two")]
        outbound.send(LOSSY, b"now")
        assert transport.sent[-1] == (LOSSY, b"now")

    async def test_waits_for_a_client_that_reads_slowly(self, outbound, transport):
        outbound.on_open(RELIABLE)
        transport.waiting = 1
        for number in range(3):
            outbound.send(RELIABLE, bytes((number,)))
        transport.room = 2
        await asyncio.sleep(0.05)
        transport.room = 2
        await asyncio.sleep(0.05)
        assert [data for _, data in transport.sent] == [b"\0", b"\1", b"\2"]
        assert repr(outbound) == "<Outbound: 0 packets wait, 0 dropped>"

    async def test_is_dropped_if_the_client_takes_nothing_so_large(self, outbound, transport):
        outbound.on_open(RELIABLE)
        outbound.send(RELIABLE, b"too large")
        transport.room = 1
        outbound.send(RELIABLE, b"small")
        assert transport.sent == [(RELIABLE, b"small")]

    async def test_has_a_bound_beyond_which_it_is_lost(self, outbound, transport):
        outbound.on_open(RELIABLE)
        transport.waiting = 1
        chunk = bytes(1024 * 1024)
        for _ in range(BACKLOG_BYTES // len(chunk)):
            outbound.send(RELIABLE, chunk)
        assert outbound.dropped == 0
        outbound.send(RELIABLE, b"one too many")
        assert outbound.dropped == 1
        outbound.close()

    async def test_is_forgotten_with_the_client(self, outbound, transport):
        outbound.on_open(RELIABLE)
        transport.waiting = 1
        outbound.send(RELIABLE, b"x")
        outbound.close()
        transport.room = 1
        await asyncio.sleep(0.05)
        assert transport.sent == []
