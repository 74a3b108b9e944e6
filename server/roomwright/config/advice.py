"""What a configuration's owner should know although nothing in it is wrong."""

import ipaddress
from collections.abc import Iterator, Mapping

from roomwright.config.settings import Config

_SHORTEST_GOOD_SECRET = 32


def advice(config: Config, dev_keys: Mapping[str, str]) -> Iterator[str]:
    """One line for each thing to know. `dev_keys` are the pairs that everybody knows."""
    beyond = beyond_loopback(config.bind_addresses)
    if not config.development:
        yield from _short_secrets(config.keys)
    if beyond and dict(dev_keys).items() & dict(config.keys).items():
        yield f"the development key is open to everybody who reaches {beyond}"
    if not config.egress.enabled:
        for name, preset in config.room.room_configurations.items():
            if preset.egress is not None:
                yield f"room.room_configurations.{name}.egress: egress is off, rooms of this preset are refused"
    everywhere = ", ".join(map(_in_words, filter(_is_no_address, config.bind_addresses or ("",))))
    if everywhere and config.rtc.node_ip is None:
        yield f"listening on {everywhere} without rtc.node_ip: clients on other machines will not find the media port"


def _short_secrets(keys: Mapping[str, str]) -> Iterator[str]:
    for key, secret in keys.items():
        if len(secret.encode()) < _SHORTEST_GOOD_SECRET:
            yield f"the secret of API key {key!r} is shorter than {_SHORTEST_GOOD_SECRET} characters: easy to guess"


def beyond_loopback(addresses: tuple[str, ...]) -> str:
    """The addresses that other machines may reach, in words; empty if there are none."""
    return ", ".join(_in_words(address) for address in addresses or ("",) if not _is_loopback(address))


def _in_words(address: str) -> str:
    return address or "every interface"


def _is_no_address(address: str) -> bool:
    """Whether what is bound cannot be told to clients: a name, or everything. Media listens on the others itself."""
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return address != "localhost"


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
