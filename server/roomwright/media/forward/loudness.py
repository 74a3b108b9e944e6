"""How loud a track is: levels of single packets become one level per interval.

The levels of RFC 6464 are in dB below overload, 0 the loudest and 127 silence; what comes out is linear, 0 to 1.
"""

from math import ceil, log10

from roomwright.media.forward.settings import SpeakerSettings

_PACKET = 0.02
"""Seconds of sound in a packet; longer packets count for the time until the next, up to 60 ms."""
_LONGEST = 0.06
_STEPS = 8
"""Levels are told in eighths, so that small changes are not told at all."""


class Loudness:
    """Level of one track."""

    __slots__ = ("_active", "_loudest", "_seen", "_settings", "level")

    def __init__(self, settings: SpeakerSettings) -> None:
        self._settings = settings
        self._loudest = 127
        self._active = 0.0
        self._seen = 0.0
        self.level = 0.0

    def observe(self, level: int, now: float) -> None:
        """Take the level of a packet. Called for every packet of audio."""
        if level <= self._settings.threshold:
            since = now - self._seen
            self._active += since if _PACKET < since < _LONGEST else _PACKET
            self._loudest = min(self._loudest, level)
        self._seen = now

    def update(self) -> float:
        """End an interval. Returns the smoothed level, in eighths; 0: not speaking."""
        settings = self._settings
        heard = min(1.0, self._active / settings.interval)
        now = 10 ** (-(self._loudest - 20 * log10(heard)) / 20) if heard >= settings.share else 0.0
        self.level += (now - self.level) * 2 / (settings.smoothing + 1)
        self._loudest, self._active = 127, 0.0
        speaking = self.level >= 10 ** (-settings.threshold / 20)
        return min(1.0, ceil(self.level * _STEPS) / _STEPS) if speaking else 0.0
