"""Data channels: theirs and ours, with losses and without, and their bounds."""

import asyncio
import os

import pytest

from roomwright.media.transport import MAX_MESSAGE_BYTES, RemoteParameters, Setup, TransportState
from roomwright.media.transport.settings import TransportSettings

from .conftest import until
from .peer import FINGERPRINT, PATIENCE_S


@pytest.fixture
async def connected(net):
    """A transport and a peer with an association and the channels that clients make."""
    transport, heard, peer = await net.connect()
    await peer.start_sctp()
    peer.open_channel("_reliable")
    peer.open_channel("_lossy", ordered=False, maxRetransmits=0)
    peer.open_channel("_data_track", ordered=False, maxRetransmits=0)
    await until(lambda: len(heard.opened) == 3)
    await until(lambda: peer.channels["_data_track"].readyState == "open")
    return transport, heard, peer


async def test_channels_that_the_client_makes(connected):
    transport, heard, peer = connected
    assert heard.opened == ["_reliable", "_lossy", "_data_track"]
    peer.channels["_reliable"].send(b"up")
    peer.channels["_lossy"].send("text ü")
    peer.channels["_reliable"].send(b"")
    peer.channels["_lossy"].send("")
    await until(lambda: len(heard.messages) == 4)
    assert sorted(heard.messages) == [
        ("_lossy", b"", True),
        ("_lossy", "text ü".encode(), True),
        ("_reliable", b"", False),
        ("_reliable", b"up", False),
    ]
    assert transport.send("_reliable", b"down")
    assert await peer.messages.get() == ("_reliable", b"down")
    assert transport.send("_lossy", b"")
    assert await peer.messages.get() == ("_lossy", b"")
    assert not transport.send("_unknown", b"")


@pytest.mark.parametrize("is_client", [True, False])
async def test_channels_that_we_make(net, is_client):
    transport, heard = net.open()
    transport.channel("_reliable")
    transport.channel("_lossy", ordered=False, max_retransmits=0)
    assert not transport.send("_reliable", b"too early")
    peer = net.peer(is_client=is_client)
    transport.set_remote(peer.description)
    await peer.handshake(transport.local)
    await peer.start_sctp()
    await until(lambda: len(heard.opened) == 2)
    lossy, reliable = peer.channels["_lossy"], peer.channels["_reliable"]
    assert (reliable.ordered, reliable.maxRetransmits) == (True, None)
    assert (lossy.ordered, lossy.maxRetransmits) == (False, 0)
    assert transport.send("_reliable", b"down")
    assert await peer.messages.get() == ("_reliable", b"down")
    reliable.send(b"up")
    await until(lambda: heard.messages)
    assert heard.messages == [("_reliable", b"up", False)]


async def test_a_channel_made_while_connected(connected):
    transport, heard, peer = connected
    transport.channel("later")
    await until(lambda: "later" in heard.opened)
    transport.send("later", b"x")
    assert await peer.messages.get() == ("later", b"x")


async def test_the_largest_messages(connected):
    transport, heard, peer = connected
    message = os.urandom(MAX_MESSAGE_BYTES)
    peer.channels["_reliable"].send(message)
    assert transport.send("_reliable", message)
    assert not transport.send("_reliable", message + b"x"), "the peer said what it takes"
    assert await asyncio.wait_for(peer.messages.get(), PATIENCE_S) == ("_reliable", message)
    await until(lambda: heard.messages)
    assert heard.messages == [("_reliable", message, False)]


async def test_what_is_too_large_is_dropped_and_counted(connected):
    transport, heard, peer = connected
    peer.sctp._remote_max_message_size = 0
    peer.channels["_reliable"].send(bytes(MAX_MESSAGE_BYTES + 1))
    peer.channels["_reliable"].send(b"next")
    await until(lambda: heard.messages)
    assert heard.messages == [("_reliable", b"next", False)]
    assert transport._link.channels._association.oversized == 1


async def test_order_is_kept_under_loss(connected):
    transport, heard, peer = connected
    count = 0

    def lose(datagram: bytes) -> bool:
        nonlocal count
        count += datagram[0] == 23
        return datagram[0] == 23 and count % 7 == 0

    peer.ice.lose = lose
    for number in range(60):
        transport.send("_reliable", b"%d" % number + bytes(2000))
        peer.channels["_reliable"].send(b"%d" % number)
    got = [await asyncio.wait_for(peer.messages.get(), PATIENCE_S) for _ in range(60)]
    assert [int(data.split(b"\0")[0]) for _, data in got] == list(range(60))
    await until(lambda: len(heard.messages) == 60)
    assert [int(data) for _, data, _ in heard.messages] == list(range(60))


async def test_a_peer_that_does_not_read_gets_no_more(connected):
    transport, _, peer = connected
    peer.ice.lose = lambda datagram: True
    message = bytes(60_000)
    taken = sum(transport.send("_reliable", message) for _ in range(60))
    assert 30 <= taken <= 40
    assert transport.buffered("_reliable") <= TransportSettings().reliable_buffer_bytes
    taken = sum(transport.send("_lossy", message) for _ in range(20))
    assert taken <= 6
    assert transport.buffered("_lossy") <= TransportSettings().lossy_buffer_bytes
    counters = transport.counters
    assert counters.messages_dropped >= 14
    assert counters.messages_refused >= 20
    assert transport.state is TransportState.CONNECTED


async def test_what_is_lossy_does_not_wait_behind_what_is_not(connected):
    transport, _, peer = connected
    for number in range(30):
        assert transport.send("_reliable", b"%d" % number + bytes(50_000))
    assert transport.send("_lossy", b"now")
    got = [(await asyncio.wait_for(peer.messages.get(), PATIENCE_S))[0] for _ in range(31)]
    assert got.index("_lossy") < 3


async def test_empty_messages_are_bounded_too(connected):
    transport, _, peer = connected
    peer.ice.lose = lambda datagram: True
    assert sum(transport.send("_lossy", b"") for _ in range(10_000)) < 5000


async def test_a_peer_opens_only_so_many_channels(connected):
    transport, heard, peer = connected
    for number in range(TransportSettings().max_channels + 8):
        peer.open_channel(f"extra {number}")
    peer.channels["_reliable"].send(b"after")
    await until(lambda: heard.messages)
    assert len(heard.opened) == TransportSettings().max_channels
    assert len(transport._link.channels._association._data_channels) == TransportSettings().max_channels


async def test_a_channel_that_the_peer_closes_takes_no_more(connected):
    transport, _, peer = connected
    peer.channels["_lossy"].close()
    await until(lambda: not transport.send("_lossy", b"x"))
    assert transport.send("_reliable", b"still")


async def test_no_task_and_no_timer_stays_behind(connected):
    transport, _, peer = connected
    association = transport._link.channels._association
    transport.send("_reliable", bytes(100_000))
    transport.close()
    timers = ("_t1_handle", "_t2_handle", "_t3_handle", "_reconfig_handle")
    await until(lambda: all(getattr(association, timer) is None for timer in timers))
    await until(lambda: not any("RTCSctpTransport" in task.get_coro().__qualname__ for task in asyncio.all_tasks()))
    await until(lambda: peer.sctp.state == "closed")


async def test_media_works_without_data_channels(net):
    transport, _, _ = await net.connect()
    assert not transport._link.channels._begun
    assert repr(transport._link.channels) == "<Channels new: none>"


async def test_a_message_limit_of_the_peer_is_kept(net):
    transport, heard = net.open()
    peer = net.peer()
    transport.channel("_reliable")
    transport.set_remote(RemoteParameters("peer", FINGERPRINT, Setup.ACTIVE, max_message_bytes=1000))
    await peer.handshake(transport.local)
    await peer.start_sctp()
    await until(lambda: heard.opened)
    assert transport.send("_reliable", bytes(1000))
    assert not transport.send("_reliable", bytes(1001))
