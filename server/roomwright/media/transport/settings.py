"""How the transport of media is set up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """Settings of a `MediaSocket`.

    Attributes:
        host: IP address to bind; a wildcard (`0.0.0.0`, `::`) needs `advertised`. `::` serves IPv4 as well.
        port: UDP port; 0 lets the system choose.
        advertised: IP addresses that clients are told, in order of preference; empty: `host`.
        connect_timeout_s: from the peer's description to the end of the handshake.
        disconnect_after_s: silence after which nothing more is sent. Clients check every 2.5 s or more often.
        fail_after_s: silence after which the transport is given up.
        max_datagrams_per_second: what one peer may send; the rest is dropped unread. A camera at 4K sends about 2000.
        socket_buffer_bytes: asked of the kernel for each direction.
        reliable_buffer_bytes: what may wait for a peer on a channel that loses nothing.
        lossy_buffer_bytes: what may wait on a channel with limited retransmissions: older data is worth little.
        max_channels: data channels open at the same time; a client's further ones are ignored.
    """

    host: str = "127.0.0.1"
    port: int = 0
    advertised: tuple[str, ...] = ()
    connect_timeout_s: float = 15.0
    disconnect_after_s: float = 10.0
    fail_after_s: float = 30.0
    max_datagrams_per_second: int = 20_000
    socket_buffer_bytes: int = 4 * 1024 * 1024
    reliable_buffer_bytes: int = 2 * 1024 * 1024
    lossy_buffer_bytes: int = 256 * 1024
    max_channels: int = 16
