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

    Every IP address that is bound is the media's too. Where something else is bound (a name, or everything), media
    listens on all addresses of the family of `rtc.node_ip`. Clients are told the addresses, with `rtc.node_ip` in place
    of those of its family. A server that is bound to loopback alone, behind a proxy, still has its media where
    `rtc.node_ip` says.
    """
    node_ip, port = config.rtc.node_ip or "", config.rtc.udp_port
    if port is None:
        port = MEDIA_PORT if config.port and not config.development else 0
    bound = [_as_ip(host) for host in config.bind_addresses or ("",)]
    hosts = list(dict.fromkeys(host for host in bound if host))
    behind_a_proxy = not config.development and all(host and ip_address(host).is_loopback for host in bound)
    if node_ip and ("" in bound or (behind_a_proxy and not ip_address(node_ip).is_loopback)):
        everything = "::" if ":" in node_ip else "0.0.0.0"  # noqa: S104 - configured
        hosts = [everything, *(host for host in hosts if not behind_a_proxy and not _alike(host, node_ip))]
    hosts = hosts or ["127.0.0.1"]
    advertised = dict.fromkeys(node_ip if node_ip and _alike(host, node_ip) else host for host in hosts)
    return MediaAddress(tuple(hosts), port, tuple(advertised))


def _alike(one: str, other: str) -> bool:
    """Whether two IP addresses are of one family."""
    return (":" in one) == (":" in other)


def _as_ip(host: str) -> str:
    """A bound address as an IP address; empty for what is none, or stands for all."""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return ""
    return "" if address.is_unspecified else str(address)
