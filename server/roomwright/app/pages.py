"""The pages that a server has for people, from the configuration."""

from collections.abc import Mapping
from functools import partial

from roomwright.auth.tokens import mint
from roomwright.clock import Clock, RandomIds
from roomwright.config import DEV_KEYS, Config
from roomwright.config.advice import beyond_loopback
from roomwright.webhooks import FILE, outbox_directory
from roomwright.wire.admin import admin_page
from roomwright.wire.admin_outbox import AdminOutbox
from roomwright.wire.http import NO_DOORS, Door
from roomwright.wire.meet import Meet

TRIAL_S = 6 * 3600
"""How long a token of the page `/meet` holds."""


def offers_trial(config: Config) -> bool:
    """Whether `/meet` is there: in development, and only where nobody but this machine can ask it for tokens."""
    return config.development and not beyond_loopback(config.bind_addresses) and bool(config.keys)


def offers_admin(config: Config) -> bool:
    """Whether `/admin` is there; where nothing is said, in development."""
    return config.development if config.admin is None else config.admin


def admin_link(config: Config, url: str) -> str:
    """Where to administer a server; it signs in by itself where the key is the one that everybody knows."""
    return f"{url}/admin{'#dev' if DEV_KEYS.items() <= config.keys.items() else ''}"


def pages(config: Config, clock: Clock, *, takes_clients: bool) -> Mapping[str, Door]:
    """The doors of the pages that there are."""
    meet = meeting(config, clock).doors if takes_clients and offers_trial(config) else NO_DOORS
    return {**meet, **(_administering(config, clock) if offers_admin(config) else NO_DOORS)}


def _administering(config: Config, clock: Clock) -> Mapping[str, Door]:
    settings = config.webhook
    outbox = AdminOutbox(
        lambda: outbox_directory(settings.outbox_directory) / FILE, [each.url for each in settings.urls], clock
    )
    return {"/admin": admin_page, **outbox.doors}


def meeting(config: Config, clock: Clock) -> Meet:
    """The page on which a call is tried out; it gives tokens of the first key to everybody who asks."""
    key, secret = next(iter(config.keys.items()))
    return Meet(partial(mint, key=key, secret=secret, ttl=TRIAL_S, clock=clock), RandomIds())
