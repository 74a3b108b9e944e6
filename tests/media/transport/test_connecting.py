"""From nothing to media: checks, handshake, the peer's proof of who it is."""

from roomwright.media.transport import TransportState

from .conftest import until
from .peer import receiver_report, rtp


async def test_a_peer_connects_and_media_flows_both_ways(net):
    transport, heard, peer = await net.connect()
    assert heard.states == [(TransportState.CONNECTING, ""), (TransportState.CONNECTED, "")]

    await peer.send_rtp(rtp(1, b"up"))
    await peer.send_rtp(receiver_report())
    await until(lambda: heard.rtp and heard.rtcp)
    assert heard.rtp == [rtp(1, b"up")]
    assert heard.rtcp == [receiver_report()]

    down = rtp(7, b"down")
    net.socket.burst.queue_rtp(transport.sender, down[:12], down[12:])
    transport.send_rtcp(receiver_report(5))
    assert await peer.dtls.rtp.get() == down
    assert await peer.dtls.rtcp.get() == receiver_report(5)
    counters = transport.counters
    assert (counters.packets_received, counters.packets_sent) == (2, 2)
