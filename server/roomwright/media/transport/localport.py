"""One bound UDP socket of ours, and the ways that lead from it to peers."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from roomwright.media.transport.address import Address, text
from roomwright.media.transport.burst import Burst
from roomwright.media.transport.inbox import Inbox

if TYPE_CHECKING:
    from roomwright.media.transport.transport import Transport


class LocalPort:
    """A socket with what comes in and what goes out. `owners` says whose a peer's address is, as seen from here."""

    __slots__ = ("burst", "inbox", "owners", "sock")

    def __init__(self, sock: socket.socket, arm: Callable[[], None]) -> None:
        self.sock = sock
        self.inbox = Inbox(sock)
        self.burst = Burst(sock, arm)
        self.owners: dict[Address, Transport] = {}

    def path(self, address: Address) -> "Path":
        """The way from here to an address. Raises ValueError if this socket's family cannot reach it."""
        return Path(self, address, self.burst.sockaddr(address))

    def __repr__(self) -> str:
        host, port, *_ = self.sock.getsockname() if self.sock.fileno() >= 0 else ("closed", 0)
        return f"<LocalPort {host}:{port}, {len(self.owners)} addresses>"


@dataclass(frozen=True, slots=True)
class Path:
    """A pair of ends: one of our sockets, and an address of the peer's. `sockaddr` is the kernel's form of that."""

    port: LocalPort
    address: Address
    sockaddr: bytes = field(repr=False, compare=False)

    def send(self, datagram: bytes) -> None:
        """Queue bytes as they are."""
        self.port.burst.queue_datagram(self.sockaddr, datagram)

    def __str__(self) -> str:
        return text(self.address)
