"""Files in a directory of this machine, written where they belong from the first byte on."""

import errno
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from ..units import OutputError

_SENTENCES: Final = {
    errno.ENOSPC: ("no space left on the device", 507),
    errno.EDQUOT: ("the disk quota is used up", 507),
    errno.EFBIG: ("the file would be larger than the file system allows", 507),
    errno.EACCES: ("no permission to write", 403),
    errno.EPERM: ("no permission to write", 403),
    errno.EROFS: ("the file system is read-only", 403),
    errno.ENAMETOOLONG: ("the name is too long", 400),
}


@contextmanager
def plainly(path: Path) -> Generator[None]:
    """Say what a failed file operation means."""
    try:
        yield
    except OSError as error:
        sentence, code = _SENTENCES.get(error.errno or 0, (error.strerror or str(error), 500))
        raise OutputError(f"cannot write {path}: {sentence}", code) from error


class LocalSink:
    """A file, unbuffered: what was written is the kernel's. `size` is its whole length.

    After a write has failed, all do: what a muxer wants to change at the end would spoil what is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.location = str(path)
        self.size = 0
        self._fault: OutputError | None = None
        with plainly(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w+b", buffering=0)

    def write(self, data: bytes) -> int:
        """Write at the present place."""
        if self._fault is not None:
            raise self._fault
        try:
            self._append(memoryview(data))
        except OutputError as error:
            self._fault = error
            raise
        return len(data)

    def trim(self, kept: Callable[[BinaryIO], int]) -> None:
        """Cut off what follows the bytes that `kept` counts, if a write has failed."""
        if self._fault is not None:
            with plainly(self._path), self._path.open("rb") as written:
                self.size = kept(written)
                self._file.truncate(self.size)

    def _append(self, rest: memoryview) -> None:
        with plainly(self._path):
            while rest:
                rest = rest[self._file.write(rest) :]
                self.size = max(self.size, self._file.tell())

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; as with files."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where the next byte goes."""
        return self._file.tell()

    def close(self) -> None:
        """Finish."""
        with plainly(self._path):
            self._file.close()


class LocalStore:
    """A directory; nothing is written outside of it."""

    seekable = True

    def __init__(self, directory: Path) -> None:
        self._root = directory.resolve()

    def create(self, path: str) -> LocalSink:
        """Begin a file."""
        return LocalSink(self._inside(path))

    def put(self, path: str, data: bytes) -> None:
        """Write beside it, then rename."""
        target = self._inside(path)
        with plainly(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.part")
            try:
                beside.write_bytes(data)
                beside.replace(target)
            except OSError:
                beside.unlink(missing_ok=True)
                raise

    def location(self, path: str) -> str:
        """The absolute path."""
        return str(self._inside(path))

    def settle(self) -> None:
        """Everything is written at once."""

    def _inside(self, path: str) -> Path:
        target = self._root / PurePosixPath(path)
        if ".." in target.parts or not target.is_relative_to(self._root):
            raise OutputError(f"the path {path} leaves the storage's directory", 400)
        return target
