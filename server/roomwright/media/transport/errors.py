"""The one error of this package's protocols."""


class PeerError(Exception):
    """The peer broke a rule, or is not who it should be: its transport is over. The message says why."""


PEER_CLOSED = "the peer closed the connection"
"""The reason of a transport that failed because its peer said goodbye, as a client does that leaves."""
