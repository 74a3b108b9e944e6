"""What one video track shows: its pictures wait for their time in the size in which they will be shown."""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from av.video.reformatter import Interpolation, VideoReformatter

from .geometry import Fit, Rect, contain, cover
from .planes import Planes, planes

if TYPE_CHECKING:
    import av

_SMALL: Final = Rect(0, 0, 320, 180)

MAX_WAITING: Final = 60
"""Pictures of a track; above, the oldest are left out."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """A picture that is shown from `at_ns` on. `size` is what it was sent in; `frame` may be scaled already."""

    at_ns: int
    size: tuple[int, int]
    frame: "av.VideoFrame"


@dataclass(slots=True)
class Showing:
    """A track's pictures. `whole`: they are shown in full, otherwise they may fill their place."""

    whole: bool
    muted: bool = False
    _waiting: deque[_Shot] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    _current: _Shot | None = None
    _newest: _Shot | None = None
    _room: Rect | None = None
    _scaler: VideoReformatter = field(default_factory=VideoReformatter)

    @property
    def visible(self) -> bool:
        """Whether there is a picture to show."""
        return self._current is not None and not self.muted

    def take(self, at_ns: int, frame: "av.VideoFrame") -> None:
        """A picture that is shown from `at_ns` on."""
        self._newest = _Shot(at_ns, (frame.width, frame.height), frame)
        shot = self._newest
        if self._room is not None:
            shot = _Shot(at_ns, shot.size, self._scaled(frame, self._fit(shot.size, self._room)))
        self._waiting.append(shot)

    def move_to(self, now_ns: int) -> bool:
        """Show what is due; whether that is another picture."""
        new = False
        while self._waiting and self._waiting[0].at_ns <= now_ns:
            self._current = self._waiting.popleft()
            new = True
        return new and not self.muted

    def mute(self, muted: bool) -> None:
        """Hide what is shown; after unmuting the next picture is awaited."""
        self.muted = muted
        if muted:
            self._waiting.clear()
            self._current = self._newest = None

    def fitted(self, room: Rect) -> tuple[Planes, Fit] | None:
        """The picture, scaled for a place, and how it goes there."""
        self._room = room
        shot = self._current
        if shot is None:
            return None
        fit = self._fit(shot.size, room)
        if (shot.frame.width, shot.frame.height) != (fit.width, fit.height):
            # The place has changed since: a picture that stays must not stay blurred.
            sharpest = self._newest if self._newest and self._newest.at_ns == shot.at_ns else shot
            shot = self._current = _Shot(shot.at_ns, shot.size, self._scaled(sharpest.frame, fit))
        return planes(shot.frame), fit

    def expect(self, room: Rect | None) -> None:
        """Where the pictures that come will be shown; where that is nowhere, they wait in little room."""
        self._room = room or _SMALL

    def _fit(self, size: tuple[int, int], room: Rect) -> Fit:
        upright = size[1] > size[0]
        return contain(*size, room) if self.whole or upright else cover(*size, room)

    def _scaled(self, frame: "av.VideoFrame", fit: Fit) -> "av.VideoFrame":
        return self._scaler.reformat(
            frame, fit.width, fit.height, "yuv420p", interpolation=Interpolation.BILINEAR, threads=1
        )
