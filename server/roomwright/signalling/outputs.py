"""What a session wants done; whoever drives it does it, in order."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from roomwright.rooms.commands import Command
from roomwright.signalling.frames import Frame

NORMAL_CLOSURE = 1000
"""The close code of every ending that the server chooses, whatever the reason (RFC 6455, 7.4.1)."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this frame over the WebSocket."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Ping:
    """Send a WebSocket ping: whoever is alive answers."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the WebSocket, after what was sent before; `abruptly` without a word, because nobody listens."""

    abruptly: bool = False


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the engine what the client did."""

    command: Command


class Topic(StrEnum):
    """What a media plane is told; the content is in brackets."""

    OFFER = "offer"
    """The client offers (`SessionDescription`)."""
    ANSWER = "answer"
    """The client answers an offer (`SessionDescription`)."""
    TRICKLE = "trickle"
    """A candidate of the client's (`TrickleRequest`)."""
    TRACK_SETTING = "track_setting"
    """In what size a subscribed track is wanted (`UpdateTrackSettings`)."""
    SYNC_STATE = "sync_state"
    """What the client believes after a resume (`SyncState`)."""
    RESUMED = "resumed"
    """Signalling is back (None)."""
    ANNOUNCED = "announced"
    """The client may publish a track (`TrackPublishedResponse`)."""
    WITHDRAWN = "withdrawn"
    """A track of the client's was taken away (its sid)."""
    SUBSCRIPTION = "subscription"
    """A subscription began or ended (`SubscriptionChanged`)."""
    DATA = "data"
    """A data packet for the client (`DataPacket`)."""


@dataclass(frozen=True, slots=True)
class ToMedia:
    """Pass this to the client's media transports."""

    topic: Topic
    content: Any


@dataclass(frozen=True, slots=True)
class Over:
    """The session has ended: release what belongs to it."""


Output = Send | Ping | HangUp | Tell | ToMedia | Over
