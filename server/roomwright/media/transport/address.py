"""Addresses as the media path sees them: short byte strings, so that a look-up costs one dictionary access.

An `Address` is the port (2 bytes, network order) followed by the IP address (4 or 16 bytes): what STUN carries and what
a `sockaddr` holds at a fixed place. IPv4 seen through a dual-stack socket has the same form as IPv4.
"""

import ipaddress
import socket
import struct
from typing import TypeAlias

Address: TypeAlias = bytes
"""6 bytes for IPv4, 18 for IPv6."""

IPV4_BYTES = 6
IPV6_BYTES = 18

_FAMILY_V4 = struct.pack("=H", socket.AF_INET)
_FAMILY_V6 = struct.pack("=H", socket.AF_INET6)
_MAPPED = bytes(10) + b"\xff\xff"
_NO_FLOW = bytes(4)
_NO_SCOPE = bytes(4)
_PADDING = bytes(8)

SOCKADDR_V4_BYTES = 16
SOCKADDR_V6_BYTES = 28


def pack(host: str, port: int) -> Address:
    """From text. Raises ValueError for anything but an IP address without a scope and a port of 16 bits."""
    if not 0 <= port <= 0xFFFF:
        raise ValueError(f"port {port} is not between 0 and 65535")
    ip = ipaddress.ip_address(host.partition("%")[0])
    packed = ip.packed
    if packed.startswith(_MAPPED):
        packed = packed[12:]
    return port.to_bytes(2, "big") + packed


def unpack(address: Address) -> tuple[str, int]:
    """To text: (IP address, port)."""
    return str(ipaddress.ip_address(address[2:])), int.from_bytes(address[:2], "big")


def text(address: Address) -> str:
    """For people: `192.0.2.1:5000`, `[2001:db8::1]:5000`."""
    host, port = unpack(address)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def sockaddr_v4(address: Address) -> bytes:
    """Linux' `sockaddr_in`. Raises ValueError for an IPv6 address."""
    if len(address) != IPV4_BYTES:
        raise ValueError(f"{text(address)} cannot be reached from an IPv4 socket")
    return _FAMILY_V4 + address + _PADDING


def sockaddr_v6(address: Address) -> bytes:
    """Linux' `sockaddr_in6`; an IPv4 address becomes a mapped one."""
    ip = address[2:] if len(address) == IPV6_BYTES else _MAPPED + address[2:]
    return _FAMILY_V6 + address[:2] + _NO_FLOW + ip + _NO_SCOPE


def from_sockaddr(sockaddr: bytes) -> Address:
    """The inverse of both; flow and scope are dropped."""
    if len(sockaddr) == SOCKADDR_V4_BYTES:
        return sockaddr[2:8]
    ip = sockaddr[8:24]
    return sockaddr[2:4] + (ip[12:] if ip.startswith(_MAPPED) else ip)
