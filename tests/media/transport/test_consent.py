"""Silence: nothing is sent to a peer that is not heard (RFC 7675), and in the end it is given up."""

from roomwright.media.transport import TransportState

from .conftest import until
from .peer import rtp


async def test_a_silent_peer_is_disconnected_then_given_up(net):
    transport, heard, _ = await net.connect()
    net.pass_time(9.9)
    assert transport.state is TransportState.CONNECTED
    net.pass_time(0.2)
    assert heard.states[-1] == (TransportState.DISCONNECTED, "nothing was heard from the peer for 10 s")
    net.pass_time(19)
    assert transport.state is TransportState.DISCONNECTED
    net.pass_time(1)
    assert heard.states[-1] == (TransportState.FAILED, "nothing was heard from the peer for 30 s")


async def test_nothing_is_sent_while_disconnected(net):
    transport, _, peer = await net.connect()
    net.pass_time(10)
    sent = net.socket.burst.sent
    net.socket.burst.queue_rtp(transport.sender, rtp(1), b"")
    net.socket.burst.flush()
    assert (net.socket.burst.sent, transport.sender.refused) == (sent, 1)
    await peer.ice.check(transport.local)
    assert transport.state is TransportState.CONNECTED
    net.socket.burst.queue_rtp(transport.sender, rtp(2), b"")
    assert await peer.dtls.rtp.get() == rtp(2)


async def test_media_counts_as_a_sign_of_life(net):
    transport, heard, peer = await net.connect()
    for sequence in range(4):
        net.pass_time(9)
        await peer.send_rtp(rtp(sequence))
        await until(lambda: len(heard.rtp) == sequence + 1)  # noqa: B023 - awaited in the same turn
    assert transport.state is TransportState.CONNECTED


async def test_a_disconnected_peer_that_sends_media_is_back_with_the_next_sweep(net):
    transport, heard, peer = await net.connect()
    net.pass_time(12)
    assert transport.state is TransportState.DISCONNECTED
    await peer.send_rtp(rtp(1))
    await until(lambda: heard.rtp)
    net.pass_time(1)
    assert transport.state is TransportState.CONNECTED


async def test_forged_packets_are_no_sign_of_life(net):
    transport, _, peer = await net.connect()
    net.pass_time(9)
    peer.ice.send_now(rtp(1) + bytes(16))
    peer.ice.send_now(bytes(peer.ice.request(transport.local)))
    await until(lambda: transport.counters.refused_received)
    net.pass_time(2)
    assert transport.state is TransportState.DISCONNECTED
