"""Garbage, mutated real traffic, and peers that mean ill: nothing escapes the transport that it came in."""

import asyncio
import random
import struct
import time

import pytest
from aiortc.rtcsctptransport import (
    DataChunk,
    ForwardTsnChunk,
    HeartbeatChunk,
    ReconfigChunk,
    SackChunk,
    crc32c,
    parse_packet,
    serialize_packet,
)
from hypothesis import given
from hypothesis import strategies as st

from roomwright.media.transport import TransportState, dtls
from roomwright.media.transport.certificate import Certificate
from roomwright.media.transport.errors import PeerError
from roomwright.media.transport.screening import streams_of
from roomwright.media.transport.sctp import Association

from .conftest import flood, until
from .peer import PATIENCE_S, receiver_report, rtp

NOW_NS = 1_800_000_000_000_000_000


@pytest.fixture
async def talking(net):
    """A connected transport and peer with channels, and a second pair that must not notice anything."""
    transport, heard, peer = await net.connect()
    await peer.start_sctp()
    peer.open_channel("_reliable")
    await until(lambda: peer.channels["_reliable"].readyState == "open")
    bystander = await net.connect(ufrag="bystander")
    return transport, heard, peer, bystander


async def is_untouched(bystander) -> bool:
    transport, heard, peer = bystander
    before = len(heard.rtp)
    await peer.send_rtp(rtp(before + 1))
    await until(lambda: len(heard.rtp) == before + 1)
    return transport.state is TransportState.CONNECTED


def mutations(datagram: bytes, chance: random.Random) -> list[bytes]:
    """Some of what can happen to a datagram."""
    flipped = bytearray(datagram)
    for _ in range(chance.randint(1, 4)):
        flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    cut = datagram[: chance.randrange(1, len(datagram))]
    return [bytes(flipped), cut, datagram + chance.randbytes(chance.randrange(1, 80)), datagram[:13] + cut]


@pytest.mark.parametrize("seed", range(4))
async def test_mutated_traffic_of_a_whole_connection(net, talking, seed):
    """Everything that a peer ever sent, changed, comes from its own address."""
    transport, _, peer, bystander = talking
    chance = random.Random(seed)
    await peer.send_rtp(rtp(1))
    await peer.send_rtp(receiver_report())
    peer.channels["_reliable"].send(bytes(3000))
    await asyncio.sleep(0.05)
    recorded = list(peer.ice.sent)
    for datagram in recorded:
        for changed in [datagram, *mutations(datagram, chance)]:
            peer.ice.link.sendto(changed, peer.ice.target)
    assert await is_untouched(bystander)
    assert transport.state is TransportState.CONNECTED
    assert await is_untouched((transport, talking[1], peer))
    peer.channels["_reliable"].send(b"still here")
    await until(lambda: talking[1].messages[-1:] == [("_reliable", b"still here", False)])
    assert transport.send("_reliable", b"so are we")
    assert await asyncio.wait_for(peer.messages.get(), PATIENCE_S) == ("_reliable", b"so are we")


@pytest.mark.parametrize("seed", range(4))
async def test_mutated_traffic_before_the_handshake(net, seed):
    """The same, to a transport that has only seen a check: at worst its own handshake fails."""
    _, _, recorded = await net.connect()
    chance = random.Random(seed)
    for datagram in list(recorded.ice.sent):
        transport, _ = net.open()
        peer = net.peer("victim")
        transport.set_remote(peer.description)
        await peer.ice.open(net.socket.port)
        await peer.ice.check(transport.local)
        for changed in mutations(datagram, chance):
            peer.ice.send_now(changed)
        await asyncio.sleep(0.01)
        assert transport.state in (TransportState.CONNECTING, TransportState.FAILED)
        assert transport.reason != "internal error"
    assert await is_untouched(await net.connect(ufrag="bystander"))


async def test_a_flood_from_strangers_costs_little_and_nobody(net):
    transport, heard, peer = await net.connect()
    stranger = net.peer("stranger")
    await stranger.ice.open(net.socket.port)
    addresses, transports = dict(net.socket.ports[0].owners), set(net.socket._transports)
    for index in range(20_000):
        stranger.ice.link.sendto((rtp(index), b"\x16" * 100, b"\x00\x01" * 50)[index % 3], stranger.ice.target)
        if index % 200 == 0:
            await asyncio.sleep(0)
    await peer.send_rtp(rtp(1))
    await until(lambda: heard.rtp)
    assert net.socket.strangers > 0
    assert (net.socket.ports[0].owners, net.socket._transports) == (addresses, transports)
    assert transport.state is TransportState.CONNECTED


async def test_a_flood_from_a_peer_costs_its_own_media(net):
    transport, heard, peer = await net.connect()
    bystander = await net.connect(ufrag="bystander")
    net.stop_timer()
    limit = net.socket.settings.max_datagrams_per_second
    await flood(peer.ice, b"\x80\x60" + bytes(30), lambda: transport.counters.refused_received > limit)
    await peer.send_rtp(rtp(1))
    assert await is_untouched(bystander)
    assert heard.rtp == []
    net.pass_time(1)
    await peer.send_rtp(rtp(2))
    await until(lambda: heard.rtp)
    assert heard.rtp == [rtp(2)]


async def test_a_flood_of_messages_is_slowed_down(talking):
    transport, _, peer, bystander = talking
    association = transport._link.channels._association
    async with asyncio.timeout(PATIENCE_S):
        while not association.throttled:
            for _ in range(50):
                await send_sctp(peer, chunk(4, b"\x00\x01\x00\x08abcd"))
            await asyncio.sleep(0)
    assert await is_untouched(bystander)
    assert transport.state is TransportState.CONNECTED


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5))
def test_dtls_reads_any_bytes(datagrams):
    connection = dtls.Dtls(CERTIFICATE, is_client=False)
    for datagram in datagrams:
        try:
            assert connection.receive(datagram) == []
        except PeerError:
            break
    assert all(len(datagram) <= dtls.MTU for datagram in connection.outgoing())


CERTIFICATE = Certificate(NOW_NS)


@given(st.lists(st.integers(0, 1500), max_size=12))
def test_flights_are_cut_between_records(sizes):
    records = [b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes(size) for size in sizes]
    datagrams = dtls.cut_into_datagrams(b"".join(records))
    assert b"".join(datagrams) == b"".join(records)
    assert all(len(datagram) <= dtls.MTU or datagram in records for datagram in datagrams)


def packet(tag: int, *chunks: bytes) -> bytes:
    """An SCTP packet with a right checksum around anything."""
    header, body = struct.pack("!HHL", 5000, 5000, tag), b"".join(chunks)
    return header + struct.pack("<L", crc32c(header + bytes(4) + body)) + body


def chunk(kind: int, body: bytes, flags: int = 0) -> bytes:
    return struct.pack("!BBH", kind, flags, len(body) + 4) + body + bytes(-len(body) % 4)


async def send_sctp(peer, *chunks: bytes, tag: int | None = None) -> None:
    await peer.dtls._send_data(packet(peer.sctp._remote_verification_tag if tag is None else tag, *chunks))


async def test_a_parameter_of_no_length_is_not_looked_at_for_ever(talking):
    transport, _, peer, bystander = talking
    for kind, before in ((1, 16), (2, 16), (4, 0), (5, 0), (6, 0), (9, 0), (130, 0)):
        await send_sctp(peer, chunk(kind, bytes(before + 4)))
    assert await is_untouched(bystander)
    assert transport.state is TransportState.CONNECTED


async def test_a_sack_that_names_millions_is_not_believed(talking):
    transport, _, peer, bystander = talking
    gaps = struct.pack("!HH", 1, 65535) * 250
    start = time.process_time()
    for _ in range(10):
        await send_sctp(peer, chunk(3, struct.pack("!LLHH", peer.sctp._last_received_tsn, 1 << 20, 250, 0) + gaps))
    assert await is_untouched(bystander)
    assert time.process_time() - start < 10
    assert transport.state is TransportState.CONNECTED


async def test_a_peer_that_sends_nothing_but_nonsense_is_given_up(talking):
    transport, _, peer, bystander = talking
    for _ in range(20):
        await send_sctp(peer, chunk(3, b"\x00" * 3))
    await until(lambda: transport.state is TransportState.FAILED)
    assert transport.reason == "the peer sends malformed packets on its data channels"
    assert await is_untouched(bystander)


async def test_a_peer_that_ignores_the_window_is_given_up(talking):
    transport, _, peer, bystander = talking
    tsn = peer.sctp._local_tsn
    for index in range(1500):
        data = struct.pack("!LHHL", (tsn + index) % 2**32, 7, 0, 53) + bytes(1100)
        await send_sctp(peer, chunk(0, data, flags=2 if index == 0 else 0))
        if index % 20 == 0:
            await asyncio.sleep(0)
    await until(lambda: transport.state is TransportState.FAILED)
    assert transport.reason == "the peer sends more than its data channels' window"
    assert await is_untouched(bystander)


async def test_a_peer_that_leaves_gaps_everywhere_is_given_up(talking):
    transport, _, peer, bystander = talking
    tsn = peer.sctp._local_tsn
    start = time.process_time()
    for index in range(400):
        chunks = [
            chunk(0, struct.pack("!LHHL", (tsn + 10 + 2 * (50 * index + n)) % 2**32, n, 0, 53) + b"x")
            for n in range(50)
        ]
        await send_sctp(peer, *chunks)
        if index % 20 == 0:
            await asyncio.sleep(0)
        if transport.state is TransportState.FAILED:
            break
    await until(lambda: transport.state is TransportState.FAILED)
    assert time.process_time() - start < 30
    assert await is_untouched(bystander)


async def test_stream_numbers_beyond_the_limit_make_no_streams(talking):
    transport, _, peer, bystander = talking
    association = transport._link.channels._association
    before = len(association._inbound_streams)
    await send_sctp(peer, chunk(0, struct.pack("!LHHL", peer.sctp._local_tsn, 5000, 0, 53) + b"x", flags=3))
    await send_sctp(peer, chunk(192, struct.pack("!LHH", peer.sctp._local_tsn, 5000, 0)))
    assert await is_untouched(bystander)
    assert len(association._inbound_streams) == before


async def test_control_messages_about_channels_that_mean_ill(talking):
    transport, heard, peer, bystander = talking
    opened = struct.pack("!BBHLHH", 3, 0, 0, 0, 5, 0)
    for stream, data in (
        (1, opened[:11]),
        (peer.channels["_reliable"].id, opened + b"again"),
        (900, opened + b"\xff\xfe\xfd\xfc\xfb"),
        (901, b"\x02"),
        (902, b"\x07"),
        (903, b""),
        (904, struct.pack("!BBHLHH", 3, 0xFF, 0, 2**32 - 1, 65535, 65535)),
    ):
        await peer.sctp._send(stream, 50, data or b"\0")
    await peer.sctp._send(peer.channels["_reliable"].id, 51, b"\xff\xfe not UTF-8")
    await peer.sctp._send(peer.channels["_reliable"].id, 99, b"no such protocol")
    peer.channels["_reliable"].send(b"after")
    await until(lambda: len(heard.messages) == 2)
    assert heard.messages == [("_reliable", b"\xff\xfe not UTF-8", True), ("_reliable", b"after", False)]
    assert transport.state is TransportState.CONNECTED
    assert await is_untouched(bystander)


@pytest.mark.parametrize("seed", range(6))
async def test_mutated_sctp_packets(talking, seed):
    """Real packets, changed, with right checksums: the peer itself does this, so its channels may suffer."""
    transport, _, peer, bystander = talking
    chance = random.Random(seed)
    sent: list[bytes] = []
    original = peer.dtls._send_data

    async def record(data: bytes) -> None:
        sent.append(data)
        await original(data)

    peer.dtls._send_data = record
    peer.open_channel("more")
    peer.channels["_reliable"].send(bytes(5000))
    await asyncio.sleep(0.05)
    for data in sent * 4:
        for changed in mutations(data[12:], chance):
            await original(packet(peer.sctp._remote_verification_tag, changed))
    for extra in (
        SackChunk(),
        DataChunk(),
        ForwardTsnChunk(),
        HeartbeatChunk(),
        ReconfigChunk(),
    ):
        await original(serialize_packet(5000, 5000, peer.sctp._remote_verification_tag, extra))
    assert await is_untouched(bystander)
    assert transport.state in (TransportState.CONNECTED, TransportState.FAILED)
    assert transport.reason != "internal error"


@given(st.binary(max_size=120))
def test_screening_reads_any_bytes(data):
    streams = streams_of(packet(1, data))
    if streams is not None:
        try:
            parsed = parse_packet(packet(1, data))[3]
        except Exception:
            return
        assert streams == [chunk.stream_id for chunk in parsed if isinstance(chunk, DataChunk)]


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 3, 4, 6, 9, 10, 11, 130, 192]), st.binary(max_size=60)), max_size=4)
)
def test_an_association_takes_any_chunks(chunks):
    async def main() -> None:
        association = Association(lambda data: None, is_client=False, now=0.0, max_channels=16)
        association.begin(0)
        association._last_received_tsn = 0
        data = packet(association._local_verification_tag, *[chunk(kind, body) for kind, body in chunks])
        assert isinstance(association.receive(data, 0.0), list)
        association.end()

    asyncio.run(main())
