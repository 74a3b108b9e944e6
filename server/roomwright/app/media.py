"""The embedded backend and the addresses of its media, from the configuration."""

from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import TypeVar

from roomwright.auth.tokens import refreshed
from roomwright.clock import Clock, Ids
from roomwright.config import Config
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.plane import MediaAddress, WebRtc
from roomwright.signalling.ice_servers import ice_servers

MEDIA_PORT = 7882
"""The UDP port of media, as LiveKit's."""


EmbeddedT = TypeVar("EmbeddedT", bound=EmbeddedBackend)


def embedded(config: Config, clock: Clock, ids: Ids, kind: Callable[..., EmbeddedT] = EmbeddedBackend) -> EmbeddedT:
    """The default backend: rooms in this process, for clients that connect to it. `kind` is the class of it."""
    first = next(iter(config.keys.items()), None)
    mint = partial(refreshed, key=first[0], secret=first[1], clock=clock) if first is not None else None
    media = WebRtc(media_address(config), clock, ids, config.rtc, config.limit)
    return kind(
        config.room,
        config.limit,
        clock,
        ids,
        media=media,
        mint=mint,
        ice_servers=ice_servers(config.rtc),
        resume_within=config.rtc.resume_timeout,
    )


def media_address(config: Config) -> MediaAddress:
    """Where media arrives: on loopback, unless the configuration says which address other machines can reach.

    A single bound address is the media's too; if there are several or none, media listens beside them, on all
    addresses of the node's family, and clients are told `rtc.node_ip`.
    """
    node_ip, port = config.rtc.node_ip, config.rtc.udp_port
    if port is None:
        port = MEDIA_PORT if config.port and not config.development else 0
    bound = [host for host in map(_as_ip, config.bind_addresses) if host]
    if len(bound) == 1 and len(config.bind_addresses) == 1:
        return MediaAddress(bound[0], port, node_ip or "")
    if node_ip is None:
        return MediaAddress("127.0.0.1", port)
    return MediaAddress("::" if ":" in node_ip else "0.0.0.0", port, node_ip)  # noqa: S104 - configured


def _as_ip(host: str) -> str:
    """A bound address as an IP address; empty for what is none, or stands for all."""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return ""
    return "" if address.is_unspecified else str(address)
