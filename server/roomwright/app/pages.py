"""The pages that a server has for people, from the configuration."""

from functools import partial

from roomwright.auth.tokens import mint
from roomwright.clock import Clock, RandomIds
from roomwright.config import Config
from roomwright.config.advice import beyond_loopback
from roomwright.wire.meet import Meet

TRIAL_S = 6 * 3600
"""How long a token of the page `/meet` holds."""


def offers_trial(config: Config) -> bool:
    """Whether `/meet` is there: in development, and only where nobody but this machine can ask it for tokens."""
    return config.development and not beyond_loopback(config.bind_addresses) and bool(config.keys)


def meeting(config: Config, clock: Clock) -> Meet:
    """The page on which a call is tried out; it gives tokens of the first key to everybody who asks."""
    key, secret = next(iter(config.keys.items()))
    return Meet(partial(mint, key=key, secret=secret, ttl=TRIAL_S, clock=clock), RandomIds())
