"""What can be set: limits of forwarding, and what a subscriber wants of a track."""

from dataclasses import dataclass, field
from enum import IntEnum


class Quality(IntEnum):
    """Which layer a subscriber wants; the numbers are those of the protocol."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    OFF = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DownSettings:
    """A subscriber's wishes (`UpdateTrackSettings`).

    `disabled` pauses the track. `width` and `height` (in pixels, 0: not said) choose the smallest layer that is at
    least so large; else `quality` chooses. Frames per second are not followed: layers are forwarded whole.
    """

    disabled: bool = False
    quality: Quality = Quality.HIGH
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardSettings:
    """Limits and intervals; times in seconds.

    `key_frame_intervals`: how often a publisher is asked for a key frame at most, for each layer from the smallest; the
    last one holds for all further ones. `kept_video`, `kept_audio`: packets kept of a stream for those who missed one;
    powers of two. `max_streams`: SSRCs that one connection may send with. `key_frame_patience`: when it is asked
    again because none came. `reports`: between receiver reports. `idle_layer`: a layer that has sent nothing for that
    long is not chosen. `first_bitrate`, `highest_bitrate`: what a connection is told it may send at the beginning and
    at most, in bits per second.
    """

    key_frame_intervals: tuple[float, ...] = (0.5,)
    key_frame_patience: float = 1.0
    reports: float = 1.0
    idle_layer: float = 1.5
    max_streams: int = 64
    kept_video: int = 512
    kept_audio: int = 256
    first_bitrate: int = 4_000_000
    highest_bitrate: int = 20_000_000
    speakers: "SpeakerSettings" = field(default_factory=lambda: SpeakerSettings())
    quality_interval: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerSettings:
    """When somebody counts as speaking.

    Who is louder than `threshold` (in dB below overload: smaller is louder) for `share` of an interval (seconds) is
    active; `smoothing` is the number of intervals that levels are averaged over.
    """

    interval: float = 0.4
    threshold: int = 35
    share: float = 0.4
    smoothing: int = 2
