"""From nothing to media: checks, handshake, the peer's proof of who it is."""

import asyncio
import contextlib

import pytest
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
)

from roomwright.clock import ManualClock, RandomIds
from roomwright.media.transport import (
    PEER_CLOSED,
    MediaSocket,
    RemoteParameters,
    Setup,
    TransportSettings,
    TransportState,
    address,
    native,
)
from roomwright.media.transport.link import MAX_EARLY_DATAGRAMS

from .conftest import Net, until
from .peer import Ice, receiver_report, rtp


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


async def test_we_begin_the_handshake_if_the_peer_waits(net):
    _, heard, peer = await net.connect(is_client=False)
    await peer.send_rtp(rtp(1))
    await until(lambda: heard.rtp)
    assert peer.dtls.state == "connected"


async def test_a_client_that_is_faster_than_its_description_is_waited_for(net):
    transport, heard = net.open()
    peer = net.peer()
    handshake = asyncio.create_task(peer.handshake(transport.local))
    await until(lambda: peer.ice.sent and peer.ice.sent[-1][0] == 22)
    await asyncio.sleep(0.05)
    assert heard.states == []
    transport.set_remote(peer.description)
    await handshake
    await until(lambda: transport.state is TransportState.CONNECTED)


async def test_what_comes_early_is_kept_only_up_to_a_bound(net):
    transport, _ = net.open()
    peer = net.peer()
    await peer.ice.open(net.socket.port)
    await peer.ice.check(transport.local)
    for _ in range(100):
        peer.ice.send_now(b"\x16\xfe\xfd" + bytes(100))
    await until(lambda: len(transport._link._early) == MAX_EARLY_DATAGRAMS)
    await peer.ice.check(transport.local)
    assert len(transport._link._early) == MAX_EARLY_DATAGRAMS


@pytest.mark.parametrize("is_client", [True, False])
async def test_a_peer_with_another_certificate_is_refused(net, is_client):
    transport, heard = net.open()
    peer = net.peer(is_client=is_client, certificate=RTCCertificate.generateCertificate())
    transport.set_remote(peer.description)
    task = asyncio.create_task(peer.handshake(transport.local))
    await until(lambda: transport.state is TransportState.FAILED)
    assert transport.reason == "the peer's certificate does not have the fingerprint of its session description"
    assert heard.states[-1] == (TransportState.FAILED, transport.reason)
    with contextlib.suppress(TimeoutError, asyncio.CancelledError, ConnectionError):
        task.cancel()
        await task
    assert transport.sender.session is None
    assert heard.rtp == heard.messages == heard.opened == []


@pytest.mark.parametrize("text", ["", "AB", "zz:" * 31 + "zz", "AB:" * 32, ":".join(["AB"] * 31), "AB" * 32])
async def test_a_malformed_fingerprint_fails_the_description_and_nothing_else(net, text):
    transport, _ = net.open()
    with pytest.raises(ValueError, match="sha-256 fingerprint"):
        transport.set_remote(RemoteParameters("peer", text, Setup.ACTIVE))
    assert transport.state is TransportState.NEW


async def test_a_later_description_cannot_change_who_the_peer_is(net):
    transport, _, peer = await net.connect()
    with pytest.raises(ValueError, match="cannot change"):
        transport.set_remote(RemoteParameters("peer", ":".join(["AB"] * 32), Setup.ACTIVE))
    assert transport.state is TransportState.CONNECTED
    transport.set_remote(peer.description)
    assert transport.state is TransportState.CONNECTED


@pytest.mark.parametrize("is_client", [True, False])
async def test_a_lost_flight_is_sent_again(net, is_client):
    transport, _ = net.open()
    peer = net.peer(is_client=is_client)
    lost: list[bytes] = []
    peer.ice.lose = lambda datagram: len(lost) < 1 and (lost.append(datagram) or True)
    transport.set_remote(peer.description)
    await peer.handshake(transport.local)
    await until(lambda: transport.state is TransportState.CONNECTED)
    assert len(lost) == 1


async def test_an_unfinished_handshake_fails_after_its_time(net):
    transport, heard = net.open()
    peer = net.peer()
    transport.set_remote(peer.description)
    net.pass_time(14.9)
    assert transport.state is TransportState.CONNECTING
    net.pass_time(0.2)
    assert heard.states[-1] == (
        TransportState.FAILED,
        "not connected within 15 s: no valid connectivity check came",
    )
    transport, heard = net.open()
    await peer.ice.open(net.socket.port)
    transport.set_remote(peer.description)
    await peer.ice.check(transport.local)
    net.pass_time(15)
    assert transport.reason == "not connected within 15 s: the handshake was not finished"


@pytest.mark.parametrize(
    ("profiles", "name"),
    [
        ([SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80], b"SRTP_AEAD_AES_128_GCM"),
        ([SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM], b"SRTP_AEAD_AES_128_GCM"),
        ([SRTP_AES128_CM_SHA1_80], b"SRTP_AES128_CM_SHA1_80"),
    ],
)
async def test_the_better_profile_is_taken(net, profiles, name):
    transport, heard = net.open()
    peer = net.peer()
    peer.dtls._srtp_profiles = profiles
    transport.set_remote(peer.description)
    await peer.handshake(transport.local)
    assert peer.dtls._ssl.get_selected_srtp_profile() == name
    await peer.send_rtp(rtp(1))
    await until(lambda: heard.rtp)


async def test_a_peer_without_a_common_profile_is_refused(net):
    transport, _ = net.open()
    peer = net.peer()
    peer.dtls._srtp_profiles = [SRTP_AEAD_AES_256_GCM]
    transport.set_remote(peer.description)
    task = asyncio.create_task(peer.handshake(transport.local))
    await until(lambda: transport.state is TransportState.FAILED)
    assert transport.reason == "the peer offers no SRTP profile that we have"
    task.cancel()


async def test_flights_stay_below_the_mtu(net):
    for is_client in (True, False):
        _, _, peer = await net.connect(is_client=is_client)
        assert max(map(len, peer.ice.received)) <= 1200


async def test_the_peer_closes(net):
    transport, heard, peer = await net.connect()
    await peer.dtls.stop()
    await until(lambda: transport.state is TransportState.FAILED)
    assert heard.states[-1] == (TransportState.FAILED, PEER_CLOSED)


async def test_closing_tells_the_peer_and_releases_everything(net):
    transport, heard, peer = await net.connect()
    transport.close()
    transport.close()
    assert heard.states[-1] == (TransportState.CLOSED, "")
    assert (net.socket.ports[0].owners, net.socket._by_ufrag, net.socket._transports) == ({}, {}, set())
    await until(lambda: peer.dtls.state == "closed")
    transport.set_remote(peer.description)
    transport.restart_ice()
    transport.channel("late")
    transport.send_rtcp(receiver_report())
    assert not transport.send("late", b"")
    assert (net.socket.ports[0].owners, net.socket._by_ufrag, net.socket._transports) == ({}, {}, set())
    assert transport.sender.refused == 1


async def test_a_listener_may_close_from_within(net):
    transport, _, peer = await net.connect()
    transport._listener.on_rtp = lambda packet, now: transport.close()
    await peer.send_rtp(rtp(1))
    await until(lambda: transport.state is TransportState.CLOSED)


async def test_a_fault_of_ours_costs_one_transport(net):
    transport, heard, peer = await net.connect()
    other, other_heard, other_peer = await net.connect(ufrag="other")

    def fail(packet: bytes, now: float) -> None:
        raise KeyError("a fault")

    heard.on_rtp = fail
    await peer.send_rtp(rtp(1))
    await other_peer.send_rtp(rtp(1))
    await until(lambda: other_heard.rtp)
    assert (transport.state, transport.reason) == (TransportState.FAILED, "internal error")
    assert other.state is TransportState.CONNECTED


async def test_the_description_names_where_we_are(net):
    transport, _ = net.open()
    (candidate,) = transport.local.candidates
    assert str(candidate) == f"candidate:1 1 udp 2130706431 127.0.0.1 {net.socket.port} typ host"
    assert len(transport.local.ufrag) == 8
    assert len(transport.local.pwd) == 32
    assert repr(transport) == f"<Transport {transport.local.ufrag}: NEW>"


async def test_a_socket_that_listens_everywhere_must_be_told_its_addresses():
    with pytest.raises(ValueError, match="addresses to advertise"):
        MediaSocket(TransportSettings(host="0.0.0.0"), ManualClock(), RandomIds())
    with pytest.raises(ValueError, match="does not appear to be"):
        MediaSocket(TransportSettings(advertised=("example.com",)), ManualClock(), RandomIds())


async def test_over_ipv6(net):
    """The dual-stack socket: IPv6 candidates, and an IPv4 peer on the same port."""
    settings = TransportSettings(host="::", advertised=("::1", "127.0.0.1"))
    try:
        media_socket = MediaSocket(settings, net.clock, RandomIds())
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    net.socket.close()
    net.socket = media_socket
    transport, heard, peer = await net.connect()
    assert [candidate.host for candidate in transport.local.candidates] == ["::1", "127.0.0.1"]
    assert [candidate.priority for candidate in transport.local.candidates] == [2130706431, 2130706175]
    await peer.send_rtp(rtp(1))
    await until(lambda: heard.rtp)
    assert transport._ice.selected.address == address.pack(*peer.ice.address)

    loop = asyncio.get_running_loop()
    six = Ice("peer")
    await loop.create_datagram_endpoint(lambda: six, local_addr=("::1", 0))
    six.target = ("::1", media_socket.port)
    response = await six.check(transport.local)
    assert response.attributes["XOR-MAPPED-ADDRESS"] == six.address[:2]
    assert transport._ice.selected.address == address.pack(*six.address[:2])
    six.close()


async def test_without_batches_of_datagrams(net, monkeypatch):
    """Where there is no recvmmsg and no sendmmsg, everything works one by one."""
    monkeypatch.setattr(native, "HAS_BATCHES", False)
    transport, heard, peer = await net.connect()
    for sequence in range(200):
        await peer.send_rtp(rtp(sequence))
    await until(lambda: len(heard.rtp) == 200)
    net.socket.burst.queue_rtp(transport.sender, rtp(1), b"")
    assert await peer.dtls.rtp.get() == rtp(1)


def test_under_uvloop():
    """The server's own event loop."""
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        net = Net()
        transport, heard, peer = await net.connect()
        transport.channel("_reliable")
        await peer.start_sctp()
        await until(lambda: heard.opened)
        await peer.send_rtp(rtp(1))
        await until(lambda: heard.rtp)
        await peer.close()
        net.socket.close()

    uvloop.run(main())


async def test_we_begin_as_soon_as_the_description_of_a_waiting_peer_comes(net):
    transport, _ = net.open()
    peer = net.peer(is_client=False)
    handshake = asyncio.create_task(peer.handshake(transport.local))
    await until(lambda: transport._ice.selected)
    transport.set_remote(peer.description)
    await handshake
    await until(lambda: transport.state is TransportState.CONNECTED)


async def test_the_socket_may_be_closed_from_within(net):
    transport, _, peer = await net.connect()
    transport._listener.on_rtp = lambda packet, now: net.socket.close()
    for sequence in range(200):
        await peer.send_rtp(rtp(sequence))
    await until(lambda: transport.state is TransportState.CLOSED)
    net.socket.close()
    assert repr(net.socket.burst).startswith("<Burst 0 queued")


async def test_streams_that_end_are_forgotten(net):
    transport, heard, peer = await net.connect()
    await peer.send_rtp(rtp(1, ssrc=5))
    await until(lambda: heard.rtp)
    assert transport._link.srtp._streams == {(5).to_bytes(4, "big")}
    transport.forget_inbound(5)
    transport.forget_outbound(5)
    assert transport._link.srtp._streams == set()
    transport.close()
    transport.forget_inbound(5)
    transport.forget_outbound(5)
    assert transport.buffered("_reliable") == 0
