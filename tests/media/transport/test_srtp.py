"""Media packets: encrypting in the arena, replays, bounds on streams, what the kernel does not take."""

import errno
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error as SrtpError

from roomwright.media.transport import MAX_RTP_BYTES, address, native, srtp
from roomwright.media.transport.burst import SLOT_BYTES, SLOTS, Burst, Sender
from roomwright.media.transport.srtp import Profile, Srtp, SrtpKeys

from .peer import receiver_report, rtp

MATERIAL = bytes(range(64))


def pair(profile: Profile = Profile.GCM) -> tuple[Srtp, Srtp]:
    """Two ends of one connection."""
    client = SrtpKeys.split(profile, MATERIAL[: profile.material_bytes], is_client=True)
    server = SrtpKeys.split(profile, MATERIAL[: profile.material_bytes], is_client=False)
    return Srtp(client), Srtp(server)


class Memory:
    """A slot to decrypt in."""

    def __init__(self) -> None:
        self.arena = native.Arena(1, 2048, 16)

    def rtp(self, end: Srtp, packet: bytes) -> bytes | None:
        self.arena.buffers[0][0 : len(packet)] = packet
        return end.rtp(self.arena.pointers[0], self.arena.buffers[0], len(packet))

    def rtcp(self, end: Srtp, packet: bytes) -> bytes | None:
        self.arena.buffers[0][0 : len(packet)] = packet
        return end.rtcp(self.arena.pointers[0], self.arena.buffers[0], len(packet))


@pytest.fixture
def wire():
    """A burst, and the socket that it sends to."""
    sock, far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with sock, far:
        sock.bind(("127.0.0.1", 0))
        far.bind(("127.0.0.1", 0))
        far.settimeout(1)
        armed: list[bool] = []
        burst = Burst(sock, lambda: armed.append(True))
        yield burst, far, armed


def sender_to(burst: Burst, far: socket.socket, end: Srtp) -> Sender:
    sender = Sender()
    sender.open(end, burst.sockaddr(address.pack(*far.getsockname())))
    return sender


@pytest.mark.parametrize("profile", Profile)
def test_what_one_end_sends_the_other_reads(wire, profile):
    burst, far, _ = wire
    client, server = pair(profile)
    sender = sender_to(burst, far, server)
    packet = rtp(1, os.urandom(MAX_RTP_BYTES - 12))
    burst.queue_rtp(sender, packet[:20], memoryview(packet)[20:])
    slot = burst.slot()
    slot[0 : len(packet)] = rtp(2, packet[12:])
    burst.queue_slot(sender, len(packet))
    burst.queue_rtcp(sender, receiver_report())
    burst.flush()
    first, second, third = (far.recv(2048) for _ in range(3))
    memory = Memory()
    assert memory.rtp(client, first) == packet
    assert memory.rtp(client, second) == rtp(2, packet[12:])
    assert memory.rtcp(client, third) == receiver_report()
    assert len(first) <= len(packet) + 20
    assert sender.octets == len(first) + len(second) + len(third)
    assert (sender.packets, sender.refused, burst.sent, burst.dropped) == (3, 0, 3, 0)


def test_what_is_too_large_or_malformed_is_refused_and_counted(wire):
    burst, far, _ = wire
    sender = sender_to(burst, far, pair()[0])
    burst.queue_rtp(sender, bytes(12), bytes(MAX_RTP_BYTES - 11))
    burst.queue_slot(sender, MAX_RTP_BYTES + 1)
    burst.queue_rtcp(sender, bytes(MAX_RTP_BYTES + 1))
    burst.queue_rtp(sender, b"", b"short")
    burst.queue_rtp(Sender(), bytes(12), b"closed")
    burst.flush()
    assert (sender.refused, burst.sent) == (4, 0)


def test_a_datagram_that_fits_no_slot_is_dropped_and_counted(wire):
    burst, far, _ = wire
    to = burst.sockaddr(address.pack(*far.getsockname()))
    burst.queue_datagram(to, bytes(SLOT_BYTES + 1))
    burst.queue_datagram(to, bytes(SLOT_BYTES))
    burst.flush()
    assert far.recv(2048) == bytes(SLOT_BYTES)
    assert (burst.sent, burst.dropped) == (1, 1)


def test_a_full_arena_leaves_at_once_and_the_rest_is_flushed_soon(wire):
    burst, far, armed = wire
    sender = sender_to(burst, far, pair()[0])
    for sequence in range(SLOTS + 3):
        burst.queue_rtp(sender, rtp(sequence), b"")
    assert burst.sent == SLOTS
    assert armed == [True]
    burst.flush()
    assert burst.sent == SLOTS + 3
    burst.queue_rtp(sender, rtp(1000), b"")
    assert armed == [True, True]


def test_nothing_is_armed_while_the_caller_promises_to_flush(wire):
    burst, far, armed = wire
    sender = sender_to(burst, far, pair()[0])
    burst.hold()
    for sequence in range(SLOTS + 1):
        burst.queue_rtp(sender, rtp(sequence), b"")
    assert armed == []
    burst.flush()
    assert (burst.sent, armed) == (SLOTS + 1, [])


def test_one_receiver_that_cannot_be_reached_costs_nobody_else_a_packet(wire):
    burst, far, _ = wire
    sender = sender_to(burst, far, pair()[0])
    unreachable = Sender()
    unreachable.open(pair()[0], burst.sockaddr(address.pack("127.0.0.1", 0)))
    for target in (unreachable, sender, unreachable, sender):
        burst.queue_rtp(target, rtp(target.packets), b"")
    burst.flush()
    assert (burst.sent, burst.dropped) == (2, 2)


def test_a_full_socket_drops_the_rest_of_the_burst(wire, monkeypatch):
    burst, far, _ = wire
    sender = sender_to(burst, far, pair()[0])
    results = [2, -errno.EINTR, -errno.EAGAIN]
    monkeypatch.setattr(burst._arena, "send", lambda *_: results.pop(0))
    for sequence in range(5):
        burst.queue_rtp(sender, rtp(sequence), b"")
    burst.flush()
    assert (burst.sent, burst.dropped) == (2, 3)


def test_without_sendmmsg(wire, monkeypatch):
    monkeypatch.setattr(native, "HAS_BATCHES", False)
    burst, far, _ = wire
    client, server = pair()
    sender = sender_to(burst, far, server)
    lost = sender_to(burst, far, server)
    lost.sockaddr = burst.sockaddr(address.pack("127.0.0.1", 0))
    burst.queue_rtp(lost, rtp(1), b"")
    burst.queue_rtp(sender, rtp(2), b"")
    burst.flush()
    assert Memory().rtp(client, far.recv(2048)) == rtp(2)
    assert (burst.sent, burst.dropped) == (1, 1)


def encrypted(burst: Burst, far: socket.socket, sender: Sender, packet: bytes) -> bytes:
    burst.queue_rtp(sender, packet, b"")
    burst.flush()
    return far.recv(2048)


def test_replays_and_forgeries_are_refused(wire):
    burst, far, _ = wire
    client, server = pair()
    sender = sender_to(burst, far, server)
    wires = [encrypted(burst, far, sender, rtp(sequence)) for sequence in range(2000)]
    memory = Memory()
    assert memory.rtp(client, wires[1999]) == rtp(1999)
    assert memory.rtp(client, wires[1999]) is None
    assert memory.rtp(client, wires[1000]) == rtp(1000), "late, but within the window"
    assert memory.rtp(client, wires[900]) is None, "too late"
    forged = bytearray(wires[1998])
    forged[20] ^= 1
    assert memory.rtp(client, bytes(forged)) is None
    assert client.refused == 3


def test_the_same_packet_may_be_sent_again(wire):
    burst, far, _ = wire
    _, server = pair()
    sender = sender_to(burst, far, server)
    assert encrypted(burst, far, sender, rtp(5)) == encrypted(burst, far, sender, rtp(5))


def test_a_peer_has_only_so_many_streams(wire, monkeypatch):
    monkeypatch.setattr(srtp, "MAX_STREAMS", 4)
    burst, far, _ = wire
    client, server = pair()
    sender = sender_to(burst, far, server)
    memory = Memory()
    for ssrc in range(4):
        assert memory.rtp(client, encrypted(burst, far, sender, rtp(1, ssrc=ssrc)))
    assert memory.rtp(client, encrypted(burst, far, sender, rtp(1, ssrc=4))) is None
    assert memory.rtp(client, encrypted(burst, far, sender, rtp(2, ssrc=3)))
    client.forget_inbound(3)
    client.forget_inbound(99)
    assert memory.rtp(client, encrypted(burst, far, sender, rtp(2, ssrc=4)))
    assert len(client._streams) == 4
    server.forget_outbound(4)
    server.forget_outbound(99)


def test_unauthentic_packets_make_no_streams():
    client, _ = pair()
    memory = Memory()
    for ssrc in range(100):
        assert memory.rtp(client, rtp(1, ssrc=ssrc) + bytes(16)) is None
        assert memory.rtcp(client, receiver_report(ssrc) + bytes(20)) is None
    assert client._streams == set()
    with pytest.raises(SrtpError):
        client._inbound.remove_stream(5)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    client, _ = pair()
    memory = Memory()
    assert memory.rtp(client, data) is None
    assert memory.rtcp(client, data) is None
