"""Names and initials, drawn by Pillow once and kept as planes."""

from functools import lru_cache
from typing import Any, Final

import av
from PIL import Image, ImageDraw, ImageFont

from .geometry import Rect, even
from .planes import Colour, Planes, planes

GROUND: Final = Colour(34, 128, 128)
"""Behind initials: dark grey."""

MAX_NAME: Final = 40
"""Characters of a caption; more are left out."""

_FONTS: Final = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf")
"""Looked for in the system's folders, for the scripts that Pillow's own font does not have."""

_BOX, _INK, _DISC, _TILE = (24, 24, 24), (240, 240, 240), (78, 86, 100), (36, 36, 36)


def initials(name: str) -> str:
    """At most two letters: of the first word and of the last."""
    words = _drawable(name).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@lru_cache(maxsize=256)
def caption(name: str, height: int, widest: int) -> Planes | None:
    """The name in a dark box of this height, at most so wide; None where nothing is to be said."""
    name = _drawable(name)
    if not name or height < 8 or widest < 2 * height:
        return None
    shown = name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
    font = _font(height * 0.6)
    width = min(even(font.getlength(shown) + height), even(widest))
    image = Image.new("RGB", (width, height), _BOX)
    ImageDraw.Draw(image).text((height / 2, height / 2), shown, font=font, fill=_INK, anchor="lm")
    return _planes(image)


@lru_cache(maxsize=128)
def placeholder(name: str, width: int, height: int) -> Planes:
    """A tile without a picture: initials on a disc."""
    image = Image.new("RGB", (width, height), _TILE)
    draw = ImageDraw.Draw(image)
    radius = min(width, height) * 0.22
    middle = (width / 2, height / 2)
    draw.ellipse((middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius), fill=_DISC)
    draw.text(middle, initials(name), font=_font(max(4.0, radius * 0.8)), fill=_INK, anchor="mm")
    return _planes(image)


def caption_place(tile: Rect, frame_height: int, box: Planes | None = None) -> Rect:
    """Where the caption of a tile goes: at its bottom left; without `box` as wide as there is room."""
    height = even(max(16, frame_height / 30))
    margin = even(height / 4)
    width = even(tile.width - 2 * margin) if box is None else int(box[0].shape[1])
    return Rect(tile.left + margin, tile.bottom - margin - height, max(0, width), height)


def _drawable(name: str) -> str:
    """Without control characters, on which text layout fails."""
    return "".join(letter for letter in name if letter.isprintable()).strip()


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _planes(image: Image.Image) -> Planes:
    frames: Any = av.VideoFrame
    y, u, v = planes(frames.from_image(image).reformat(format="yuv420p"))
    return y.copy(), u.copy(), v.copy()
