"""Joining and leaving leaves nothing behind, and one transport takes what the documentation says."""

import gc
import resource
import tracemalloc
import weakref
from pathlib import Path

from roomwright.media.transport import TransportState

from .conftest import Net, until
from .peer import rtp

CYCLES = 300


def resident() -> int:
    """Bytes of memory that this process has now; OpenSSL's and libsrtp's included."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def join_and_leave(net: Net, *, politely: bool) -> None:
    transport, heard, peer = await net.connect()
    transport.channel("_reliable")
    await peer.start_sctp()
    await until(lambda: heard.opened)
    await peer.send_rtp(rtp(1))
    net.socket.burst.queue_rtp(transport.sender, rtp(2), b"")
    await until(lambda: heard.rtp)
    if politely:
        transport.close()
        await peer.close()
    else:
        await peer.close()
        await until(lambda: transport.state is TransportState.FAILED)
        transport.close()
    net.peers.remove(peer)


async def test_joining_and_leaving_keeps_memory_flat(net):
    for cycle in range(40):
        await join_and_leave(net, politely=cycle % 2 == 0)
    before = resident()
    for cycle in range(CYCLES):
        await join_and_leave(net, politely=cycle % 2 == 0)
    grown = resident() - before
    assert grown < CYCLES * 4 * 1024, f"{grown / CYCLES / 1024:.1f} KB for each join"
    assert (net.socket.ports[0].owners, net.socket._by_ufrag, net.socket._transports) == ({}, {}, set())


async def test_failed_transports_leave_nothing_behind(net):
    tracemalloc.start()
    try:
        for round_number in range(2):
            for _ in range(50):
                transport, _ = net.open()
                peer = net.peer()
                transport.set_remote(peer.description)
                transport.fail("why not")
            net.peers.clear()
            gc.collect()
            if round_number == 0:
                before, _ = tracemalloc.get_traced_memory()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 50 * 200
    assert net.socket._by_ufrag == {}


async def test_what_a_closed_transport_kept_is_freed_at_once(net):
    """OpenSSL's memory does not count for Python's collector: it must not wait for it."""
    gc.collect()
    gc.disable()
    try:
        transport, heard, peer = await net.connect()
        transport.channel("_reliable")
        await peer.start_sctp()
        await until(lambda: heard.opened)
        link = transport._link
        kept = [
            weakref.ref(link._dtls._connection),
            weakref.ref(link.srtp._inbound),
            weakref.ref(link.srtp._outbound),
            weakref.ref(link.channels._association),
            weakref.ref(link.channels),
        ]
        del link
        transport.close()
        await until(lambda: [ref() for ref in kept] == [None] * 5)
    finally:
        gc.enable()
