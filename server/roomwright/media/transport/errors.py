"""The one error of this package's protocols."""


class PeerError(Exception):
    """The peer broke a rule, or is not who it should be: its transport is over. The message says why."""
