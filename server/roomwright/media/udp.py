"""The UDP socket for media. Free of media libraries, so that a port can be had before they are loaded."""

import socket
from contextlib import suppress

_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33


def bind(host: str, port: int, buffer_bytes: int) -> socket.socket:
    """A socket that does not block; port 0 is any free one. `::` serves IPv4 as well. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
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
