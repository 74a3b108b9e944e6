"""Names of files: templates, extensions, and paths that stay where they belong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from roomwright.egress.refusals import invalid
from roomwright.egress.wish import FileWish, ImagesWish, SegmentsWish, Wish
from roomwright_proto import livekit as pb

LONGEST_NAME: Final = 200
"""Bytes of one part of a path; file systems take 255, and recorders add numbers and extensions."""
LONGEST_PATH: Final = 1_000
"""Bytes of a whole path; object storage takes 1,024."""

_VARIABLE = re.compile(r"\{(\w+)\}")
_KNOWN = ("mp4", "ogg", "mp3", "webm", "ts", "m4s", "m3u8", "jpeg", "jpg", "wav")
_EXTENSION: Mapping[pb.EncodedFileType, str] = {
    pb.EncodedFileType.MP4: ".mp4",
    pb.EncodedFileType.OGG: ".ogg",
    pb.EncodedFileType.MP3: ".mp3",
}


@dataclass(frozen=True, slots=True)
class Naming:
    """What templates are filled with: `values` by the variables' names, `name` for files without a name."""

    values: Mapping[str, str]
    name: str

    @classmethod
    def at(cls, now_ns: int, name: str, **values: str) -> "Naming":
        """With the variables of the time."""
        now = datetime.fromtimestamp(now_ns / 1e9, UTC)
        times = {"time": now.strftime("%Y-%m-%dT%H%M%S"), "utc": utc(now_ns), "retry": "0"}
        return cls({**times, **values}, name)

    def fill(self, template: str) -> str:
        """A template with its variables filled in; what a value holds cannot lead elsewhere. Unknown ones stay."""
        return _VARIABLE.sub(
            lambda match: _plain(self.values[match[1]]) if match[1] in self.values else match[0], template
        )

    def path(self, template: str, extension: str) -> str:
        """A file's path with its extension; without a name it gets `{name}-{time}`."""
        if not template or template.endswith("/"):
            template += f"{_plain(self.name)}-{self.values['time']}"
        return safe(with_extension(self.fill(template), extension))

    def prefix(self, template: str) -> str:
        """The beginning of many files' names."""
        if not template or template.endswith("/"):
            template += f"{_plain(self.name)}-{self.values['time']}"
        return safe(self.fill(template))


def utc(now_ns: int) -> str:
    """A moment as `yyyymmddhhmmssmmm`."""
    now = datetime.fromtimestamp(now_ns / 1e9, UTC)
    return f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"


def extension_of(kind: pb.EncodedFileType) -> str:
    """The extension of a container."""
    return _EXTENSION[kind]


def with_extension(path: str, extension: str) -> str:
    """The path with its extension: added, or put in the place of a known one that is wrong."""
    stem, dot, last = path.rpartition(".")
    if dot and "/" not in last and last.lower() in _KNOWN:
        path = stem if f".{last}".lower() != extension else path[: -len(extension)]
    return path + extension


def safe(path: str) -> str:
    """A path below the storage's root: no `..`, no empty parts, not absolute."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    if not parts:
        raise invalid("filepath")
    return "/".join(parts)


def check(wish: Wish) -> None:
    """Raise for names that no file can have. What variables will be is not known yet."""
    for output in wish.outputs:
        match output:
            case FileWish(path=path):
                _check(path, "filepath")
            case SegmentsWish(request=request):
                _check_segments(request)
            case ImagesWish(request=request):
                _check_images(request)
            case _:
                pass


def _check_segments(request: pb.SegmentedFileOutput) -> None:
    _check(request.filename_prefix, "filename_prefix")
    _check(request.playlist_name, "playlist_name")
    _check(request.live_playlist_name, "live_playlist_name")
    if request.live_playlist_name and request.live_playlist_name == request.playlist_name:
        raise invalid("live_playlist_name", "it must differ from playlist_name")
    if request.segment_duration > 60:
        raise invalid("segment_duration", "at most 60 seconds")
    if request.protocol not in tuple(pb.SegmentedFileProtocol):
        raise invalid("protocol")
    if request.filename_suffix not in tuple(pb.SegmentedFileSuffix):
        raise invalid("filename_suffix")


def _check_images(request: pb.ImageOutput) -> None:
    _check(request.filename_prefix, "filename_prefix")
    for name in ("width", "height"):
        pixels: int = getattr(request, name)
        if pixels and (pixels < 16 or pixels % 2 or pixels > 3_840):
            raise invalid(name, "even, from 16 to 3840")
    if request.capture_interval > 86_400:
        raise invalid("capture_interval", "at most a day")
    if request.image_codec not in tuple(pb.ImageCodec):
        raise invalid("image_codec")
    if request.filename_suffix not in tuple(pb.ImageFileSuffix):
        raise invalid("filename_suffix")


def check_length(path: str, field: str = "filepath") -> str:
    """Raise for a final path that storage does not take."""
    if len(path.encode()) > LONGEST_PATH or any(len(part.encode()) > LONGEST_NAME for part in path.split("/")):
        raise invalid(field, f"with its variables filled in it is too long: {path[:80]!r}…")
    return path


def _check(template: str, field: str) -> None:
    if any(not character.isprintable() for character in template):
        raise invalid(field, "it has characters that cannot be printed")
    check_length(template, field)


def _plain(value: str) -> str:
    """A value as a part of a file's name."""
    kept = "".join("-" if character in "/\\" or not character.isprintable() else character for character in value)
    return kept.encode()[: LONGEST_NAME // 2].decode(errors="ignore").lstrip(".") or "-"
