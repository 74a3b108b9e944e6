"""Tokens that count no more: those of a removed participant that are older than the removal says.

They outlast the room, because a token that may create its room would bring it back. Only so many are remembered.
"""

KEPT = 10_000


class Revocations:
    """For a room's name and an identity, the earliest `nbf` (seconds since the epoch) that is still let in."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], int] = {}

    def revoke(self, room: str, identity: str, since: int) -> None:
        """Refuse tokens for that room and identity with an `nbf` before `since`; 0 revokes nothing."""
        if since <= self._since.get((room, identity), 0):
            return
        self._since.pop((room, identity), None)
        self._since[room, identity] = since
        if len(self._since) > KEPT:
            del self._since[next(iter(self._since))]

    def since(self, room: str, identity: str) -> int:
        """The earliest `nbf` that is let in, 0 when all are."""
        return self._since.get((room, identity), 0)
