"""Incoming datagrams: read many with one system call into memory where they can be decrypted in place."""

import socket
from typing import Any

from roomwright.media.transport import address as addresses
from roomwright.media.transport import native
from roomwright.media.transport.address import Address

BATCH = 64
"""Datagrams per system call, at most."""
SLOT_BYTES = 2048
"""Longer datagrams are cut, and then fail every check."""


class Inbox:
    """The last batch read from a socket. Slots are overwritten by the next one.

    Attributes:
        pointers: where each datagram begins, for libsrtp.
        buffers: each slot as a buffer of which slices are `bytes`.
        views: each slot as a memory view, to look at single bytes.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._descriptor = sock.fileno()
        self._is_v6 = sock.family == socket.AF_INET6
        name_bytes = addresses.SOCKADDR_V6_BYTES if self._is_v6 else addresses.SOCKADDR_V4_BYTES
        self._arena = native.Arena(BATCH, SLOT_BYTES, name_bytes)
        self._names, self._messages = self._arena.names, self._arena.messages
        self.pointers: list[Any] = self._arena.pointers
        self.buffers: list[Any] = self._arena.buffers
        self.views = [memoryview(buffer) for buffer in self.buffers]

    def fill(self) -> int:
        """Read what is there, at most BATCH datagrams; returns how many. Does not wait."""
        return self._arena.receive(self._descriptor) if native.HAS_BATCHES else self._fill_singly()

    def length(self, index: int) -> int:
        """Bytes of a datagram."""
        return self._messages[index].length

    def address(self, index: int) -> Address:
        """Where a datagram came from."""
        if self._is_v6:
            return addresses.from_sockaddr(self._names[index][:])
        return self._names[index][2:8]

    def _fill_singly(self) -> int:
        """What `recvmmsg` does, on systems without it."""
        for index in range(BATCH):
            try:
                length, name = self._socket.recvfrom_into(self.views[index])
            except OSError:
                return index
            address = addresses.pack(name[0], name[1])
            sockaddr = addresses.sockaddr_v6(address) if self._is_v6 else addresses.sockaddr_v4(address)
            self._names[index][:] = sockaddr
            self._messages[index].length = length
        return BATCH
