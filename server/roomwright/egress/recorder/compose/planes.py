"""Pictures as three arrays of bytes (YUV 4:2:0), and what is done with them: view, fill, paste.

There is no way through RGB but for captions, which are drawn once.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from .geometry import Fit, Rect

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray


class Colour(NamedTuple):
    """Brightness and two colour differences, in the limited range."""

    y: int
    u: int
    v: int


BLACK: Final = Colour(16, 128, 128)

Planes = tuple["NDArray[np.uint8]", "NDArray[np.uint8]", "NDArray[np.uint8]"]
"""Y in full, U and V in half the width and height."""


def planes(frame: "av.VideoFrame") -> Planes:
    """The picture's own bytes, as arrays that can be written to."""
    y, u, v = (_bytes(plane) for plane in frame.planes)
    return y, u, v


def fill(canvas: Planes, rect: Rect, colour: Colour) -> None:
    """Paint a rectangle."""
    for plane, part, value in zip(canvas, _parts(rect), colour, strict=True):
        plane[part] = value


def paste(canvas: Planes, picture: Planes, fit: Fit) -> None:
    """Copy a picture that was scaled to `fit.width` by `fit.height`, without what is cut off."""
    source = _parts(Rect(fit.cut_left, fit.cut_top, fit.to.width, fit.to.height))
    for plane, there, other, here in zip(canvas, _parts(fit.to), picture, source, strict=True):
        plane[there] = other[here]


def _bytes(plane: Any) -> "NDArray[np.uint8]":
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _parts(rect: Rect) -> Sequence[tuple[slice, slice]]:
    half = slice(rect.top // 2, rect.bottom // 2), slice(rect.left // 2, rect.right // 2)
    return (slice(rect.top, rect.bottom), slice(rect.left, rect.right)), half, half
