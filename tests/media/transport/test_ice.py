"""Who may talk to a transport, from where, and where it answers to."""

import asyncio

import pytest
from aioice import stun as aioice

from roomwright.media.transport import RemoteParameters, Setup, TransportState, address
from roomwright.media.transport.ice import MAX_ADDRESSES

from .conftest import flood, until
from .peer import FINGERPRINT, PATIENCE_S, Ice, rtp


@pytest.fixture
async def ice(net):
    agents: list[Ice] = []

    async def make(ufrag: str = "peer") -> Ice:
        agent = Ice(ufrag)
        await agent.open(net.socket.port)
        agents.append(agent)
        return agent

    yield make
    for agent in agents:
        agent.close()


async def answer(agent: Ice, message: aioice.Message) -> aioice.Message:
    agent.send_now(bytes(message))
    return await asyncio.wait_for(agent.responses.get(), PATIENCE_S)


async def test_a_check_is_answered_with_where_it_came_from(net, ice):
    transport, _ = net.open()
    agent = await ice()
    response = await agent.check(transport.local)
    assert response.message_class == aioice.Class.RESPONSE
    assert response.attributes["XOR-MAPPED-ADDRESS"] == agent.address
    assert response.check_message_integrity(transport.local.pwd.encode())


async def test_a_wrong_password_is_refused_and_changes_nothing(net, ice):
    transport, _ = net.open()
    agent = await ice()
    response = await agent.check(transport.local, pwd="x" * 32)
    assert response.error_code == 401
    assert (net.socket.ports[0].owners, transport._ice.selected) == ({}, None)


async def test_a_request_without_a_signature_is_refused(net, ice):
    transport, _ = net.open()
    agent = await ice()
    message = agent.request(transport.local)
    message.add_fingerprint()
    assert (await answer(agent, message)).error_code == 400
    assert net.socket.ports[0].owners == {}


async def test_the_peers_half_of_the_user_name_must_be_right_too(net, ice):
    transport, _ = net.open()
    transport.set_remote(RemoteParameters("peer", FINGERPRINT, Setup.ACTIVE))
    agent = await ice("stranger")
    assert (await agent.check(transport.local)).error_code == 401
    assert net.socket.ports[0].owners == {}


async def test_a_peer_that_believes_to_be_controlled_is_told_otherwise(net, ice):
    transport, _ = net.open()
    agent = await ice()
    message = agent.request(transport.local)
    del message.attributes["ICE-CONTROLLING"]
    message.attributes["ICE-CONTROLLED"] = 1
    message.add_message_integrity(transport.local.pwd.encode())
    response = await answer(agent, message)
    assert response.error_code == 487
    assert response.check_message_integrity(transport.local.pwd.encode())
    assert net.socket.ports[0].owners == {}


async def test_a_request_with_something_that_must_be_understood_is_refused(net, ice):
    transport, _ = net.open()
    agent = await ice()
    message = agent.request(transport.local, REALM="what is this")
    message.add_message_integrity(transport.local.pwd.encode())
    assert (await answer(agent, message)).error_code == 420
    assert net.socket.ports[0].owners == {}


async def test_a_flood_of_checks_is_not_answered_for_ever(net, ice):
    transport, _ = net.open()
    agent = await ice()
    datagram = bytes(signed(agent, transport))
    net.stop_timer()
    limit = net.socket.settings.max_datagrams_per_second
    await flood(agent, datagram, lambda: transport.counters.refused_received)
    assert net.socket.burst.sent == limit


async def test_a_fault_while_checking_costs_one_transport(net, ice, monkeypatch):
    transport, _ = net.open()
    agent = await ice()
    monkeypatch.setattr(transport._ice, "refuse", lambda request: 1 / 0)
    agent.send_now(bytes(signed(agent, transport)))
    await until(lambda: transport.state is TransportState.FAILED)
    assert transport.reason == "internal error"
    assert repr(transport._ice) == "<IceLite 1 generations, sends to nowhere>"


async def test_strangers_are_not_answered(net, ice):
    transport, _ = net.open()
    agent = await ice()
    nobody = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST, attributes={"USERNAME": "nobody:peer"})
    nobody.add_message_integrity(b"whatever")
    without = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST)
    without.add_fingerprint()
    datagrams = [bytes(nobody), bytes(without), b"\x00", bytes(2000), b"\x16\xfe\xfd" + bytes(100), rtp(1)]
    for datagram in datagrams:
        agent.send_now(datagram)
    await until(lambda: net.socket.strangers == len(datagrams))
    assert net.socket.burst.sent == 0
    await agent.check(transport.local)
    assert agent.responses.empty()


async def test_the_first_way_is_used_until_another_is_nominated(net, ice):
    transport, _ = net.open()
    first, second, third = await ice(), await ice(), await ice()
    await first.check(transport.local, nominate=False)
    await second.check(transport.local, nominate=False)
    assert transport._ice.selected.address == address.pack(*first.address)
    await third.check(transport.local)
    await second.check(transport.local, nominate=False)
    assert transport._ice.selected.address == address.pack(*third.address)


async def test_a_peer_that_moves_is_followed(net):
    transport, heard, peer = await net.connect()
    old = peer.ice.link
    await peer.ice.open(net.socket.port)
    await peer.ice.check(transport.local)
    net.socket.burst.queue_rtp(transport.sender, rtp(3), b"moved")
    assert await peer.dtls.rtp.get() == rtp(3) + b"moved"
    await peer.send_rtp(rtp(4))
    await until(lambda: heard.rtp)
    old.close()


async def test_a_peer_has_only_so_many_addresses(net, ice):
    transport, _ = net.open()
    agents = [await ice() for _ in range(MAX_ADDRESSES + 4)]
    await agents[0].check(transport.local)
    for agent in agents[1:]:
        await agent.check(transport.local, nominate=False)
    assert len(net.socket.ports[0].owners) == MAX_ADDRESSES
    assert address.pack(*agents[0].address) in net.socket.ports[0].owners
    assert address.pack(*agents[1].address) not in net.socket.ports[0].owners


async def test_an_address_in_use_cannot_be_taken_over(net):
    transport, heard, peer = await net.connect()
    thief, _ = net.open()
    peer.ice.send_now(bytes(signed(peer.ice, thief)))
    await peer.send_rtp(rtp(1))
    await until(lambda: heard.rtp)
    assert thief._ice.selected is None
    net.clock.advance(6)
    await peer.ice.check(thief.local)
    assert thief._ice.selected.address == address.pack(*peer.ice.address)
    assert (transport._ice.selected, transport.sender.session) == (None, None)


def signed(ice: Ice, transport) -> aioice.Message:
    message = ice.request(transport.local)
    message.add_message_integrity(transport.local.pwd.encode())
    return message


async def test_ice_restarts_when_the_peers_credentials_change(net):
    transport, heard, peer = await net.connect()
    before = transport.local
    transport.set_remote(RemoteParameters("again", FINGERPRINT, Setup.ACTIVE))
    after = transport.local
    assert after.ufrag != before.ufrag
    assert after.pwd != before.pwd
    assert after.fingerprint == before.fingerprint

    assert (await peer.ice.check(before)).error_code is None, "the old credentials count until the new are used"
    peer.ice.ufrag = "again"
    await peer.ice.check(after, nominate=False)
    assert set(net.socket._by_ufrag) == {before.ufrag.encode(), after.ufrag.encode()}
    await peer.ice.check(after)
    assert set(net.socket._by_ufrag) == {after.ufrag.encode()}
    await peer.send_rtp(rtp(1))
    await until(lambda: heard.rtp)
    assert heard.states[-1][0] is TransportState.CONNECTED


async def test_an_offer_of_ours_restarts_ice(net):
    transport, _, peer = await net.connect()
    before = transport.local
    transport.restart_ice()
    transport.restart_ice()
    offered = transport.local
    transport.set_remote(RemoteParameters("again", FINGERPRINT, Setup.ACTIVE))
    assert transport.local == offered
    assert set(net.socket._by_ufrag) == {before.ufrag.encode(), offered.ufrag.encode()}
    peer.ice.ufrag = "again"
    await peer.ice.check(offered)
    assert set(net.socket._by_ufrag) == {offered.ufrag.encode()}


async def test_a_restart_brings_a_silent_peer_back(net):
    transport, heard, peer = await net.connect()
    net.pass_time(15)
    transport.set_remote(RemoteParameters("again", FINGERPRINT, Setup.ACTIVE))
    peer.ice.ufrag = "again"
    await peer.ice.check(transport.local)
    assert [state for state, _ in heard.states[-2:]] == [TransportState.DISCONNECTED, TransportState.CONNECTED]
