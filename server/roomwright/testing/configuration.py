"""The configuration of a test's server: loopback, free ports, one key, and what the test adds."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from roomwright.config import Config, EgressSettings, Flags, load
from roomwright.config.event_settings import WebhookUrl
from roomwright.testing.tokens import KEY, SECRET

RECORDS = "records"
"""Where recordings are remembered, within the server's folder."""
_NOT_CHANGED = ("port", "bind_addresses", "keys", "key_file")
_BASE: Mapping[str, Any] = {"port": 0, "bind_addresses": ["127.0.0.1"], "keys": {KEY: SECRET}}


def at_home(config: Config, folder: Path, inbox: str, port: int) -> Config:
    """The configuration of a server that writes into a folder of its own, and tells `inbox` of everything."""
    urls = (WebhookUrl(url=inbox), *config.webhook.urls)
    files = config.egress.directory
    return replace(
        config,
        port=port,
        webhook=replace(config.webhook, urls=urls, outbox_directory=str(folder / "outbox")),
        egress=replace(
            config.egress,
            state_directory=str(folder / RECORDS),
            directory=str(folder / "recordings") if files == EgressSettings().directory else files,
        ),
    )


def configuration(given: Mapping[str, Any]) -> Config:
    """The configuration, given in the shape of LiveKit's configuration file.

    Raises ConfigError, which names the key, and ValueError for a key that a test's server does not take.
    """
    for key in _NOT_CHANGED:
        if key in given:
            raise ValueError(f"{key}: a test's server decides that itself")
    loaded = load(Flags(config_body=json.dumps({**_BASE, **given})))
    if loaded.warnings:
        raise ValueError("; ".join(loaded.warnings))
    return loaded.config
