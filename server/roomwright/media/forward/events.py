"""What forwarding reports: facts in the past tense."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class MediaStarted:
    """The first packet of a published track arrived. `mime` is such as `video/VP8`."""

    participant_sid: str
    track_sid: str
    mid: str
    mime: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """How loud a participant is: `level` from 0 to 1."""

    participant_sid: str
    level: float
    active: bool


@dataclass(frozen=True, slots=True)
class SpeakersChanged:
    """Some participants of a room began to speak, became louder or quieter, or fell silent: those alone, loudest first.

    `active` are all that speak now.
    """

    room: str
    changed: tuple[Speaker, ...]
    active: tuple[Speaker, ...]


class ConnectionQuality(Enum):
    """How good a connection is; the names are those of the protocol."""

    POOR = 0
    GOOD = 1
    EXCELLENT = 2
    LOST = 3


@dataclass(frozen=True, slots=True)
class QualityChanged:
    """How a participant's connection does, measured over some seconds; `score` is a MOS from 1 to 4.5."""

    room: str
    participant_sid: str
    quality: ConnectionQuality
    score: float


Event = MediaStarted | SpeakersChanged | QualityChanged
