"""When a session must do something although nothing happened. All in seconds, on the monotonic scale."""

PING_EVERY = 10.0
"""WebSocket pings to a client that is connected."""
SILENCE = 15.0
"""A socket on which nothing came for so long, not even the answer to a ping, is dead."""
REFRESH_EVERY = 300.0
"""New tokens for reconnecting; they hold for at least twice as long."""
LINGER = 4.0
"""How long a client without media transport is waited for when its socket was lost."""

_NEVER = float("inf")


class Deadlines:
    """The times of one session; each is `inf` while it does not count."""

    __slots__ = ("expiry", "ping", "refresh", "silence")

    def __init__(self, now: float) -> None:
        self.expiry = self.ping = self.refresh = self.silence = _NEVER
        self.connected(now)

    def connected(self, now: float) -> None:
        """A socket is there."""
        self.ping, self.silence, self.refresh = now + PING_EVERY, now + SILENCE, now + REFRESH_EVERY
        self.expiry = _NEVER

    def heard(self, now: float) -> None:
        """Something came."""
        self.silence = now + SILENCE

    def pinged(self, now: float) -> None:
        """A ping was sent."""
        self.ping = now + PING_EVERY

    def refreshed(self, now: float) -> None:
        """A new token was sent."""
        self.refresh = now + REFRESH_EVERY

    def cut(self, now: float, grace: float) -> None:
        """The socket is gone; the client is waited for."""
        self.ping = self.silence = self.refresh = _NEVER
        self.expiry = now + grace

    def over(self) -> None:
        """Nothing is waited for any more."""
        self.expiry = self.ping = self.refresh = self.silence = _NEVER

    def next(self) -> float | None:
        """The earliest, or None."""
        due = min(self.expiry, self.ping, self.refresh, self.silence)
        return None if due == _NEVER else due
