"""One UDP port on several addresses: each peer is answered by the socket that it asked."""

import asyncio
import socket

import pytest

from roomwright.clock import ManualClock, RandomIds
from roomwright.media import udp
from roomwright.media.transport import MediaSocket, Transport, TransportSettings, TransportState
from tests.media.transport.conftest import Heard, until
from tests.media.transport.peer import PATIENCE_S, Ice, Peer
from tests.media.transport.test_srtp import rtp

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


async def serve(hosts: tuple[str, ...]) -> MediaSocket:
    try:
        socks = udp.bind_all(hosts, 0, 1 << 20)
    except OSError as error:
        pytest.skip(f"this machine does not have all of {hosts}: {error}")
    return MediaSocket(TransportSettings(host=hosts[0], advertised=hosts), ManualClock(), RandomIds(), socks)


@pytest.fixture
async def media_socket():
    media_socket = await serve(HOSTS)
    yield media_socket
    media_socket.close()


async def connect(media_socket: MediaSocket, host: str) -> tuple[Transport, Heard, Peer]:
    heard, peer = Heard(), Peer()
    transport = media_socket.open(heard)
    transport.set_remote(peer.description)
    await peer.ice.open(media_socket.port)
    peer.ice.target = (host, media_socket.port)
    await peer.ice.check(transport.local)
    await peer.start_dtls(transport.local)
    await until(lambda: transport.state is TransportState.CONNECTED)
    return transport, heard, peer


async def test_all_addresses_are_candidates_of_one_port(media_socket):
    candidates = media_socket.open(Heard()).local.candidates
    assert [(c.host, c.port) for c in candidates] == [(host, media_socket.port) for host in HOSTS]
    assert [c.priority for c in candidates] == sorted((c.priority for c in candidates), reverse=True)


async def test_media_goes_between_peers_of_different_addresses(media_socket):
    """What comes in by one socket leaves by the others."""
    met = [await connect(media_socket, host) for host in HOSTS]
    for number, (_, heard, peer) in enumerate(met, 1):
        await peer.send_rtp(rtp(number))
        await until(lambda heard=heard: heard.rtp)
        for transport, _, other in met:
            media_socket.burst.queue_rtp(transport.sender, rtp(10 + number), b"down")
            got = await asyncio.wait_for(other.dtls.rtp.get(), PATIENCE_S)
            assert got.endswith(b"down")
    for transport, _, peer in met:
        transport.send_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x01")
        assert await asyncio.wait_for(peer.dtls.rtcp.get(), PATIENCE_S)
        await peer.close()
    assert media_socket.burst.dropped == 0


async def test_a_peer_may_come_to_another_address_and_is_followed(media_socket):
    transport, _, peer = await connect(media_socket, HOSTS[0])
    peer.ice.target = (HOSTS[1], media_socket.port)
    await peer.ice.check(transport.local)
    media_socket.burst.queue_rtp(transport.sender, rtp(1), b"moved")
    assert await asyncio.wait_for(peer.dtls.rtp.get(), PATIENCE_S)
    path = transport._ice.selected
    assert path.port.sock.getsockname()[0] == HOSTS[1]
    assert len(transport._ice.paths) == 2
    transport.close()
    assert all(port.owners == {} for port in media_socket.ports)
    await peer.close()


async def test_a_closed_transport_sends_nothing_anywhere(media_socket):
    transport = media_socket.open(Heard())
    media_socket.burst.queue_rtp(transport.sender, rtp(1), b"")
    media_socket.burst.queue_rtcp(transport.sender, b"\x80\xc9\x00\x01\x00\x00\x00\x01")
    media_socket.burst.flush()
    assert (media_socket.burst.sent, transport.sender.refused) == (0, 2)
    assert repr(media_socket.burst).startswith("<Spread <Burst 0 queued")


async def test_both_families_side_by_side():
    media_socket = await serve(("127.0.0.1", "::1"))
    four, six = Ice("peer"), Ice("peer")
    await four.open(media_socket.port)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: six, local_addr=("::1", 0))
    six.target = ("::1", media_socket.port)
    transport = media_socket.open(Heard())
    for ice in (four, six):
        response = await ice.check(transport.local)
        assert response.attributes["XOR-MAPPED-ADDRESS"] == ice.address[:2]
        ice.close()
    media_socket.close()


def test_all_of_ipv4_and_all_of_ipv6_do_not_get_in_each_others_way():
    try:
        socks = udp.bind_all(("0.0.0.0", "::"), 0, 65_536)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    assert socks[0].getsockname()[1] == socks[1].getsockname()[1]
    for sock in socks:
        sock.close()


def test_a_port_that_one_address_lacks_is_an_error_and_leaves_nothing_bound():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.2", 0))
        port = other.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            udp.bind_all(HOSTS, port, 65_536)
    for sock in udp.bind_all(HOSTS, port, 65_536):
        sock.close()
