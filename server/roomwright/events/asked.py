"""What a reader asks for, and whether its token allows that."""

from collections.abc import Mapping
from dataclasses import dataclass

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config.event_names import ALL_EVENTS
from roomwright.errors import invalid_argument, unauthenticated
from roomwright.feed import Entry

_NO_VIDEO = VideoGrant()
UNKNOWN = -1
"""Stands for the id of something that this server has never said."""
_LONGEST_ID = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A reader's wish: one room, or all if `room` is empty; some events, or all; from an id on, or from now on.

    With `outlines` it may only know what happened in which room, not to whom.
    """

    room: str = ""
    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    after: int | None = None
    outlines: bool = False

    def wants(self, entry: Entry) -> bool:
        """Whether the reader shall be told."""
        if self.room and entry.room != self.room:
            return False
        return entry.name in self.include if self.include else entry.name not in self.exclude

    def body(self, entry: Entry) -> bytes:
        """What the reader is told of an entry."""
        return entry.outline if self.outlines else entry.body


def asked(query: Mapping[str, str], last_event_id: str, claims: Claims | None) -> Asked:
    """Read a request. Raises ServiceError, which names the grant that is missing or the parameter that is wrong."""
    room = query.get("room", "")
    return Asked(
        room=room,
        outlines=_only_outlines(claims, room),
        include=_names(query, "include"),
        exclude=_names(query, "exclude"),
        after=_after(last_event_id or query.get("last_event_id", "")),
    )


def _only_outlines(claims: Claims | None, room: str) -> bool:
    """Whether the token opens no more than outlines; an error if not even these.

    Who administers a room may know everything in it; who lists rooms may know that something happened in them, as
    ListRooms shows. Both without naming a room open everything in all rooms.
    """
    video = (claims.video if claims else None) or _NO_VIDEO
    if video.room_admin and video.room == room and (room or video.room_list):
        return False
    if video.room_list:
        return not (video.room_admin and not video.room)
    needed = f'roomAdmin for room "{room[:256]}"' if room else "roomList"
    raise unauthenticated(f"{needed} is required{'' if claims else '; the request carries no token'}")


def _names(query: Mapping[str, str], parameter: str) -> frozenset[str]:
    names = frozenset(name for name in query.get(parameter, "").split(",") if name)
    for name in sorted(names - ALL_EVENTS):
        raise invalid_argument(f"{parameter}: {name[:64]!r} is not the name of an event", parameter)
    return names


def _after(text: str) -> int | None:
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID else UNKNOWN
