"""The UDP socket for media. Free of media libraries, so that a port can be had before they are loaded."""

import socket
from collections.abc import Sequence
from contextlib import suppress

_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33


_ATTEMPTS = 20
"""How many free ports are tried on further addresses: the one that the first got may be taken there."""


def bind_all(hosts: Sequence[str], port: int, buffer_bytes: int) -> list[socket.socket]:
    """A socket on each address, all on the same port; `::` serves IPv4 as well if it is alone. Raises OSError."""
    if len(hosts) == 1:
        return [bind(hosts[0], port, buffer_bytes)]
    for attempt in range(1, _ATTEMPTS + 1):
        socks: list[socket.socket] = []
        try:
            for host in hosts:
                number = socks[0].getsockname()[1] if socks else port
                socks.append(bind(host, number, buffer_bytes, v6_only=True))
        except OSError:
            for sock in socks:
                sock.close()
            if port or not socks or attempt == _ATTEMPTS:
                raise
        else:
            return socks
    raise OSError("no port is free on all addresses")


def bind(host: str, port: int, buffer_bytes: int, *, v6_only: bool = False) -> socket.socket:
    """A socket that does not block; port 0 is any free one. `::` serves IPv4 too, unless `v6_only`. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6_only or host != "::")
        _grow(sock, socket.SO_SNDBUF, _SO_SNDBUFFORCE, buffer_bytes)
        _grow(sock, socket.SO_RCVBUF, _SO_RCVBUFFORCE, buffer_bytes)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _grow(sock: socket.socket, option: int, forced: int, size: int) -> None:
    """Ask for a buffer; beyond the system's limit only a privileged process gets it."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, option, size)
        sock.setsockopt(socket.SOL_SOCKET, forced, size)
