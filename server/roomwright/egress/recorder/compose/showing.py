"""What one video track shows: its pictures wait for their time, and are scaled when they come into a place."""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from av.video.reformatter import Interpolation, VideoReformatter

from .geometry import Fit, Rect, contain, cover
from .planes import Planes, planes

if TYPE_CHECKING:
    import av

MAX_WAITING: Final = 60
"""Pictures of a track; above, the oldest are left out."""


@dataclass(slots=True)
class Showing:
    """A track's pictures. `whole`: they are shown in full, otherwise they may fill their place."""

    whole: bool
    muted: bool = False
    _waiting: "deque[tuple[int, av.VideoFrame]]" = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    _current: "av.VideoFrame | None" = None
    _scaler: VideoReformatter = field(default_factory=VideoReformatter)

    @property
    def visible(self) -> bool:
        """Whether there is a picture to show."""
        return self._current is not None and not self.muted

    def take(self, at_ns: int, frame: "av.VideoFrame") -> None:
        """A picture that is shown from `at_ns` on."""
        self._waiting.append((at_ns, frame))

    def move_to(self, now_ns: int) -> bool:
        """Show what is due; whether that is another picture."""
        new = False
        while self._waiting and self._waiting[0][0] <= now_ns:
            self._current = self._waiting.popleft()[1]
            new = True
        return new and not self.muted

    def mute(self, muted: bool) -> None:
        """Hide what is shown; after unmuting the next picture is awaited."""
        self.muted = muted
        if muted:
            self._waiting.clear()
            self._current = None

    def fitted(self, room: Rect) -> tuple[Planes, Fit] | None:
        """The picture, scaled for a place, and how it goes there."""
        if self._current is None:
            return None
        width, height = self._current.width, self._current.height
        upright = height > width
        fit = contain(width, height, room) if self.whole or upright else cover(width, height, room)
        scaled = self._scaler.reformat(
            self._current, fit.width, fit.height, "yuv420p", interpolation=Interpolation.BILINEAR, threads=1
        )
        return planes(scaled), fit
