"""Outgoing datagrams: assembled and encrypted in one arena, handed to the kernel by one call for a whole burst.

This is what a forwarder fills:

    burst = media_socket.burst
    for down in downs:                                  # one packet, many receivers
        burst.queue_rtp(down.sender, down.header(...), payload)

`queue_rtp` copies `header` and `payload` (any bytes-like objects, cut wherever it suits the caller: what differs per
receiver goes into `header`, the rest is shared) into the next slot behind one another, encrypts them there with the
receiver's key and address, and keeps no reference. No packet object, no other copy, no await. A forwarder that wants to
edit in place does

    slot = burst.slot()                                 # writable, MAX_RTP_BYTES and more of room
    slot[0:length] = packet
    struct.pack_into("!HII", slot, 2, sequence, timestamp, ssrc)
    burst.queue_slot(down.sender, length)

instead; between the two calls nothing else may be queued. `tools/bench_media.py` measures it beside the bare loop.

Sending: nobody has to call `flush`. What is queued while datagrams are being read leaves when the batch has been worked
off, what is queued elsewhere (a timer, a signalling message) before the loop's next turn, and a full arena at once.
Order is kept per receiver. A datagram that the kernel does not take is dropped and counted: media is late or lost,
never queued.

A `Sender` is one transport's sending side. It is silently closed (queued packets vanish, counted) before the transport
is connected, while it is disconnected, and afterwards: a forwarder need not look at states.

**Never send two different packets with the same SSRC and sequence number to one sender.** Sending the identical bytes
again is fine; different bytes under one (SSRC, sequence number) reveal AES-GCM's authentication key. Retransmissions
with changed extensions belong on an RTX stream.

Memory: SLOTS * SLOT_BYTES (410 KB) per socket, however many transports.
"""

import errno
import socket
from collections.abc import Callable
from typing import Any

from roomwright.media.transport import address as addresses
from roomwright.media.transport import native
from roomwright.media.transport.address import Address
from roomwright.media.transport.srtp import Srtp

SLOTS = 256
"""Datagrams per system call, at most."""
SLOT_BYTES = 1600
MAX_RTP_BYTES = 1480
"""The largest RTP or RTCP packet before encryption (which adds at most 20 bytes); larger ones are dropped."""

_protect = native.protect
_TRANSIENT = (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM)
"""The socket's buffer is full: the rest of the burst is lost too, trying on would only cost time."""


class Sender:
    """Where RTP of one transport goes, and what has gone. Made by a transport; closed until it is connected.

    Attributes:
        packets, octets: RTP and RTCP packets queued, and their bytes on the wire without UDP's header.
        refused: packets that were queued while closed, too large, or refused by libsrtp.
        burst: by which socket it sends; None before it was opened for the first time.
    """

    __slots__ = ("_keys", "burst", "octets", "packets", "refused", "session", "sockaddr")

    def __init__(self) -> None:
        self.session: Any = None
        self.sockaddr = b""
        self.burst: Burst | None = None
        self._keys: Srtp | None = None
        self.packets = 0
        self.octets = 0
        self.refused = 0

    def open(self, keys: Srtp, sockaddr: bytes, burst: "Burst | None" = None) -> None:
        """Encrypt with `keys` and send to `sockaddr` from now on; where there are several sockets, by `burst`."""
        self._keys = keys  # `session` points into it
        self.session = keys.outbound_pointer
        self.sockaddr = sockaddr
        self.burst = burst

    def shut(self) -> None:
        """Send nothing from now on. Idempotent."""
        self.session = None
        self._keys = None

    def __repr__(self) -> str:
        return f"<Sender {'open' if self.session is not None else 'closed'}, {self.packets} packets>"


class Burst:
    """The outgoing side of one socket. `arm` is called when the first datagram is queued outside of a batch.

    Attributes:
        sent: datagrams that the kernel took.
        dropped: datagrams that it did not.
        plain: datagrams that were queued and are no RTP.
    """

    def __init__(self, sock: socket.socket, arm: Callable[[], None]) -> None:
        self._socket = sock
        self._descriptor = sock.fileno()
        self._to_sockaddr = addresses.sockaddr_v6 if sock.family == socket.AF_INET6 else addresses.sockaddr_v4
        self._arena = native.Arena(SLOTS, SLOT_BYTES, self.name_bytes)
        arena = self._arena
        self._slots = list(zip(arena.pointers, arena.buffers, arena.vectors, arena.names, strict=True))
        self._length = native.length_cell()
        self._arm = arm
        self._armed = False
        self._count = 0
        self.sent = 0
        self.dropped = 0
        self.plain = 0

    def __repr__(self) -> str:
        return f"<Burst {self._count} queued, {self.sent} sent, {self.dropped} dropped>"

    @property
    def media(self) -> int:
        """RTP packets that were queued so far, some of which may be gone."""
        return self.sent + self.dropped + self._count - self.plain

    @property
    def name_bytes(self) -> int:
        """Bytes of a `sockaddr` of this socket's family."""
        return addresses.SOCKADDR_V6_BYTES if self._socket.family == socket.AF_INET6 else addresses.SOCKADDR_V4_BYTES

    def sockaddr(self, address: Address) -> bytes:
        """The kernel's form of an address. Raises ValueError if this socket's family cannot reach it."""
        return self._to_sockaddr(address)

    def queue_rtp(self, sender: Sender, header: bytes | bytearray | memoryview, payload: bytes | memoryview) -> None:
        """Queue the RTP packet `header + payload`. Does what `_encrypt` does, without its calls: they are a tenth."""
        index = self._count
        split = len(header)
        end = split + len(payload)
        session = sender.session
        if session is None or end > MAX_RTP_BYTES:
            sender.refused += 1
            return
        pointer, slot, vector, name = self._slots[index]
        slot[0:split] = header
        slot[split:end] = payload
        cell = self._length
        cell[0] = end
        if _protect(session, pointer, cell):
            sender.refused += 1
            return
        vector.length = length = cell[0]
        name[:] = sender.sockaddr
        sender.packets += 1
        sender.octets += length
        self._count = index = index + 1
        if index == SLOTS or not self._armed:
            self._advanced()

    def slot(self) -> Any:
        """The next slot as a writable buffer of SLOT_BYTES; see `queue_slot`."""
        return self._slots[self._count][1]

    def queue_slot(self, sender: Sender, length: int) -> None:
        """Queue the RTP packet that was written to `slot()`."""
        if length > MAX_RTP_BYTES:
            sender.refused += 1
            return
        self._encrypt(sender, native.protect, length)

    def queue_rtcp(self, sender: Sender, packet: bytes) -> None:
        """Queue an RTCP packet, plain or compound."""
        if len(packet) > MAX_RTP_BYTES:
            sender.refused += 1
            return
        self.slot()[0 : len(packet)] = packet
        before = sender.packets
        self._encrypt(sender, native.protect_rtcp, len(packet))
        self.plain += sender.packets - before

    def queue_datagram(self, sockaddr: bytes, datagram: bytes) -> None:
        """Queue bytes as they are: STUN and DTLS. More than SLOT_BYTES are dropped and counted."""
        self.plain += 1
        if len(datagram) > SLOT_BYTES:
            self.dropped += 1
            return
        _, slot, vector, name = self._slots[self._count]
        slot[0 : len(datagram)] = datagram
        name[:] = sockaddr
        vector.length = len(datagram)
        self._count += 1
        self._advanced()

    def flush(self) -> None:
        """Hand everything queued to the kernel."""
        self._armed = False
        count, self._count = self._count, 0
        if count:
            self._send(count)

    def hold(self) -> None:
        """The caller promises to call `flush`; until then nothing is armed."""
        self._armed = True

    def _encrypt(self, sender: Sender, function: Any, length: int) -> None:
        """Take the next slot's packet in, if it can be encrypted."""
        pointer, _, vector, name = self._slots[self._count]
        cell = self._length
        cell[0] = length
        if sender.session is None or function(sender.session, pointer, cell):
            sender.refused += 1
            return
        vector.length = cell[0]
        name[:] = sender.sockaddr
        sender.packets += 1
        sender.octets += cell[0]
        self._count += 1
        self._advanced()

    def _advanced(self) -> None:
        """One more is queued: see to it that it leaves."""
        if self._count == SLOTS:
            armed = self._armed
            self.flush()
            self._armed = armed
        elif not self._armed:
            self._armed = True
            self._arm()

    def _send(self, count: int) -> None:
        done = 0
        while done < count:
            sent = (
                self._arena.send(self._descriptor, done, count - done) if native.HAS_BATCHES else self._send_one(done)
            )
            if sent > 0:
                self.sent += sent
                done += sent
            elif -sent in _TRANSIENT:
                self.dropped += count - done
                return
            elif -sent != errno.EINTR:
                self.dropped += 1
                done += 1

    def _send_one(self, index: int) -> int:
        """What `Arena.send` does, for one datagram and on any system."""
        _, slot, vector, sockaddr = self._slots[index]
        name = addresses.from_sockaddr(sockaddr[:])
        try:
            self._socket.sendto(slot[0 : vector.length], addresses.unpack(name))
        except OSError as error:
            return -(error.errno or errno.EIO)
        return 1
