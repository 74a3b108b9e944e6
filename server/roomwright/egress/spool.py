"""The spool: this machine's copies of what is on its way into object storage, in a folder for each egress.

Owns where the copies are, who is writing there at the moment, and when they are given up. Uploads nothing. Pure files:
servers look here, recorders write here.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from roomwright.egress import locks

_MARK: Final = ".writing"
_UNFINISHED: Final = ".part"


class GivenUp(NamedTuple):
    """A folder whose files nobody stored or fetched for too long."""

    folder: Path
    size: int


def folder(spool: str, egress_id: str) -> Path:
    """The folder of an egress. In it each of its storages has one, by its number."""
    return Path(spool) / egress_id


def kept(spool: str, egress_id: str, path: str) -> Path | None:
    """The copy of a file that is not stored, or not yet."""
    if not spool or not path:
        return None
    found = (shelf / path for shelf in _folders(folder(spool, egress_id)))
    return next((file for file in found if file.is_file()), None)


def left(shelf: Path) -> list[Path]:
    """All copies below a folder, playlists last."""
    files = [file for file in shelf.rglob("*") if file.is_file() and file.name != _MARK]
    return sorted(
        (file for file in files if file.suffix != _UNFINISHED), key=lambda file: (file.suffix == ".m3u8", file)
    )


class Hold:
    """Says that an egress's folder is being written, for as long as this process lives. Raises OSError."""

    def __init__(self, held_folder: Path) -> None:
        self._folder = held_folder
        held_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mark = (held_folder / _MARK).open("w")
        locks.take(self._mark)

    def release(self) -> None:
        """Nothing more is written; what is empty goes."""
        (self._folder / _MARK).unlink(missing_ok=True)
        self._mark.close()
        for inner, _, _ in os.walk(self._folder, topdown=False):
            with suppress(OSError):
                Path(inner).rmdir()


def is_held(some_folder: Path) -> bool:
    """Whether a process is writing there."""
    try:
        with (some_folder / _MARK).open() as mark:
            locks.take(mark, shared=True)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def give_up(spool: str, seconds: float, now: float) -> list[GivenUp]:
    """Delete folders in which nothing changed for so long and nobody writes."""
    gone: list[GivenUp] = []
    for each in _folders(Path(spool)) if spool else ():
        size, newest = _content(each)
        if now - newest > seconds and not is_held(each):
            shutil.rmtree(each, ignore_errors=True)
            gone.append(GivenUp(each, size))
    return gone


def _content(some_folder: Path) -> tuple[int, float]:
    """The bytes of all files, and when the newest was changed."""
    size, newest = 0, 0.0
    for file in (some_folder, *some_folder.rglob("*")):
        with suppress(OSError):
            found = file.stat()
            size += found.st_size if file.is_file() else 0
            newest = max(newest, found.st_mtime)
    return size, newest


def _folders(parent: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(each for each in parent.iterdir() if each.is_dir())
