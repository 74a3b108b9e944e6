"""The server's side of bench_media.py: forwards what arrives with keys that both sides know, and counts its CPU time.

Usage: python tools/bench_media_server.py bare|forward PUBLISHERS PORT[,PORT…]

PORTs are the subscribers' UDP ports on 127.0.0.1. Prints {"port": …}, reads the publishers' ports from standard input
(one line, with commas), forwards until that ends, then prints {"forwarded": …, "dropped": …, "cpu": …}: datagrams, and
CPU time in seconds, user and system together, from the first packet on.

`bare` is the least that can be done with the same libraries: read, decrypt, copy, change SSRC and payload type,
encrypt, one sendmmsg for a batch. `forward` is the real path: the media socket, the router, everything on; only DTLS
is left out.
"""

import asyncio
import json
import resource
import socket
import struct
import sys
from typing import Any

import uvloop
from pylibsrtp import Policy, Session

from roomwright.clock import RandomIds, SystemClock
from roomwright.media.forward.router import Router
from roomwright.media.sdp import Extension, Published, RtpCodec, Sent, Wanted
from roomwright.media.sdp.extensions import ABS_SEND_TIME, MID
from roomwright.media.transport import address as addresses
from roomwright.media.transport import native
from roomwright.media.transport.burst import Sender
from roomwright.media.transport.mediasocket import MediaSocket
from roomwright.media.transport.settings import TransportSettings
from roomwright.media.transport.srtp import Profile, Srtp, SrtpKeys

HOST = "127.0.0.1"
KEY_BYTES = Profile.GCM.key_bytes + Profile.GCM.salt_bytes
PUBLISHER_KEY = bytes(range(KEY_BYTES))

BATCH = 64
SLOTS, SLOT_BYTES = 512, 1600

VP8 = RtpCodec(payload_type=96, name="VP8", clock_rate=90_000, feedback=("ccm fir", "nack", "nack pli"))


class Meter:
    """CPU time from the first packet to the last."""

    def __init__(self) -> None:
        self.first: Any = None

    def begin(self) -> None:
        """The first packet is here; idempotent."""
        if self.first is None:
            self.first = resource.getrusage(resource.RUSAGE_SELF)

    def end(self, forwarded: int, dropped: int) -> None:
        """Print what was measured."""
        last = resource.getrusage(resource.RUSAGE_SELF)
        first = self.first or last
        cpu = last.ru_utime - first.ru_utime + last.ru_stime - first.ru_stime
        print(json.dumps({"forwarded": forwarded, "dropped": dropped, "cpu": cpu}), flush=True)


def session(key: bytes, direction: int) -> Session:
    """An SRTP session with a window like the server's."""
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=Profile.GCM.number)
    policy.window_size = 1024
    return Session(policy)


class Bare:
    """The loop that everything is compared with."""

    def __init__(self, publishers: int, ports: list[int], meter: Meter) -> None:
        self.meter = meter
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.port = self.socket.getsockname()[1]
        self.forwarded = self.dropped = 0
        self.inbound = session(PUBLISHER_KEY, Policy.SSRC_ANY_INBOUND)
        self.sessions = [session(subscriber_key(index), Policy.SSRC_ANY_OUTBOUND) for index in range(len(ports))]
        self.arena = native.Arena(SLOTS, SLOT_BYTES, addresses.SOCKADDR_V4_BYTES)
        self.targets = {struct.pack("!I", 1 + number): self._targets(number, ports) for number in range(publishers)}
        asyncio.get_running_loop().add_reader(self.socket, self.read)

    def _targets(self, number: int, ports: list[int]) -> list[Any]:
        """Where a publisher's packets go: a stream of its own for each subscriber, or libsrtp would refuse repeats."""
        return [
            (
                native.session_pointer(whole),
                bytes((96,)),
                bytes((224,)),
                struct.pack("!I", 1000 + 100 * number + index),
                addresses.sockaddr_v4(addresses.pack(HOST, port)),
            )
            for index, (whole, port) in enumerate(zip(self.sessions, ports, strict=True))
        ]

    def read(self) -> None:
        """Forward what is there."""
        receive, decrypt, protect = self.socket.recv, self.inbound.unprotect, native.protect
        arena, length = self.arena, native.length_cell()
        pointers, buffers, vectors, names = arena.pointers, arena.buffers, arena.vectors, arena.names
        queued = 0
        for _ in range(BATCH):
            try:
                datagram = receive(2048)
            except BlockingIOError:
                break
            self.meter.begin()
            packet = decrypt(datagram)
            size, marked, targets = len(packet), packet[1] & 128, self.targets[packet[8:12]]
            if queued + len(targets) > SLOTS:
                self.flush(queued)
                queued = 0
            for keys, plain, marker, ssrc, name in targets:
                buffer = buffers[queued]
                buffer[0:size] = packet
                buffer[1:2] = marker if marked else plain
                buffer[8:12] = ssrc
                length[0] = size
                if protect(keys, pointers[queued], length):
                    raise RuntimeError("libsrtp does not encrypt: what is measured would be too cheap")
                vectors[queued].length = length[0]
                names[queued][:] = name
                queued += 1
        self.flush(queued)

    def flush(self, queued: int) -> None:
        """One system call for what is queued."""
        sent = 0
        while sent < queued:
            count = self.arena.send(self.socket.fileno(), sent, queued - sent)
            if count <= 0:
                self.dropped += queued - sent
                break
            sent += count
        self.forwarded += sent


class Forward:
    """The real path. Transports are connected as if DTLS had agreed on keys."""

    def __init__(self, publishers: int, ports: list[int], meter: Meter) -> None:
        self.media_socket = MediaSocket(TransportSettings(host=HOST, port=0), SystemClock(), RandomIds())
        self.port = self.media_socket.port
        self.router = Router(self.media_socket.burst)
        self.meter = meter
        self.endpoints = [self.router.open(f"PA_{index}", "room", Sender(), self.now) for index in range(publishers)]
        self.subscribers = [self._subscriber(index, port) for index, port in enumerate(ports)]
        for number, endpoint in enumerate(self.endpoints):
            self._publish(number, endpoint)
        self._tick()

    @property
    def now(self) -> float:
        """Seconds on the socket's clock."""
        return self.media_socket.monotonic()

    @property
    def forwarded(self) -> int:
        """Datagrams that the kernel took."""
        return self.media_socket.burst.sent

    @property
    def dropped(self) -> int:
        """Datagrams that it did not."""
        return self.media_socket.burst.dropped

    def admit(self, address: tuple[str, int], number: int) -> None:
        """Datagrams from `address` are a publisher's."""
        stub = Link(self.endpoints[number], self.meter)
        self.media_socket.claim(self.media_socket.ports[0].path(addresses.pack(*address)), stub, self.now)

    def _subscriber(self, index: int, port: int) -> Any:
        sender = Sender()
        keys = Srtp(SrtpKeys(Profile.GCM, PUBLISHER_KEY, subscriber_key(index)))
        sender.open(keys, self.media_socket.burst.sockaddr(addresses.pack(HOST, port)))
        return self.router.open(f"PA_s{index}", "room", sender, self.now)

    def _publish(self, number: int, endpoint: Any) -> None:
        published = Published(
            track_sid=f"TR_{number}",
            mid="0",
            kind="video",
            cid="",
            codecs=(VP8,),
            extensions=(Extension(4, MID), Extension(2, ABS_SEND_TIME)),
            ssrcs=(1 + number,),
        )
        up = endpoint.publish(published, self.now)
        for index, subscriber in enumerate(self.subscribers):
            wanted = Wanted(
                track_sid=f"TR_{number}", participant_sid="PA_0", kind="video", ssrc=1000 + 100 * number + index
            )
            sent = Sent(wanted=wanted, mid="1", codecs=(VP8,), extensions=(Extension(2, ABS_SEND_TIME),))
            subscriber.subscribe(up, sent, self.now)

    def _tick(self) -> None:
        self.router.tick(self.now)
        self.router.take_events()
        due = self.router.next_timeout() or self.now + 1
        asyncio.get_running_loop().call_later(max(0.0, due - self.now), self._tick)


class Link:
    """What the media socket knows a publisher by."""

    def __init__(self, endpoint: Any, meter: Meter) -> None:
        self._keys = Srtp(SrtpKeys(Profile.GCM, PUBLISHER_KEY, PUBLISHER_KEY))
        self._endpoint, self._meter = endpoint, meter

    def is_alive(self, now: float) -> bool:
        """It always is."""
        return now > 0

    def receive_srtp(self, pointer: Any, buffer: Any, length: int, is_rtcp: bool, now: float) -> None:
        """Decrypt and forward, as `Transport.receive_srtp` does."""
        self._meter.begin()
        packet = None if is_rtcp else self._keys.rtp(pointer, buffer, length)
        if packet is not None:
            self._endpoint.on_rtp(packet, now)


def subscriber_key(index: int) -> bytes:
    """The key that a subscriber's packets are encrypted with."""
    return bytes((index + byte) & 255 for byte in range(KEY_BYTES))


async def main(mode: str, publishers: int, ports: list[int]) -> None:
    """Run until standard input ends."""
    done, meter = asyncio.Event(), Meter()
    served = Bare(publishers, ports, meter) if mode == "bare" else Forward(publishers, ports, meter)
    print(json.dumps({"port": served.port}), flush=True)

    def command() -> None:
        line = sys.stdin.readline().strip()
        if line and isinstance(served, Forward):
            for number, port in enumerate(map(int, line.split(","))):
                served.admit((HOST, port), number)
        if line:
            print(json.dumps({"ready": True}), flush=True)
        else:
            done.set()

    asyncio.get_running_loop().add_reader(sys.stdin, command)
    await done.wait()
    meter.end(served.forwarded, served.dropped)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3].split(",")]))
