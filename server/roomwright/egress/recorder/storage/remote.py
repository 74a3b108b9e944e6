"""Files in object storage.

Everything is spooled to a directory of this machine first. Growing files are uploaded from there while they grow, small
ones one after the other in a thread. What cannot be stored in the end stays in the spool, and the error says where.
"""

import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Final
from uuid import uuid4

import obstore

from ..units import OutputError
from .faults import FAULTS, unusable
from .local import LocalSink, LocalStore
from .places import Place
from .queue import PutQueue
from .uploads import Upload

RETRY_FOR: Final = timedelta(seconds=30)
"""How long one request is tried again."""

PROBE_FOR: Final = timedelta(seconds=5)
"""The same for the first one, which says whether the storage can be used."""


class RemoteSink:
    """A file that grows in the spool and in the storage. It is only appended to."""

    def __init__(self, place: Place, path: str, spool: LocalStore) -> None:
        self._place = place
        self._path = path
        self._spooled = Path(spool.location(path))
        self._file: LocalSink | None = spool.create(path)
        self._upload = Upload(place, path, self._spooled)
        self.location = place.url(path)
        self.size = 0

    def write(self, data: bytes) -> int:
        """Append."""
        if self._file is not None:
            self._file.write(data)
            self.size += len(data)
            self._upload.grown(self.size)
        return len(data)

    def close(self) -> None:
        """Wait until it is stored."""
        if self._file is None:
            return
        file, self._file = self._file, None
        file.close()
        try:
            self._upload.finish()
        except OutputError as error:
            self.location = file.location
            raise OutputError(f"{error}; it is kept at {file.location}", error.code) from None
        self._spooled.unlink(missing_ok=True)


class RemoteStore:
    """A bucket or container. `spool` is a directory of its own."""

    seekable = False

    def __init__(self, place: Place, spool: Path) -> None:
        self._place = place
        self._root = spool
        self._spool = LocalStore(spool)
        self._queue = PutQueue(place, self._spool)

    def create(self, path: str) -> RemoteSink:
        """Begin a file."""
        return RemoteSink(self._place, path, self._spool)

    def put(self, path: str, data: bytes) -> None:
        """Store a whole file, later."""
        self._queue.put(path, data)

    def location(self, path: str) -> str:
        """Where it is, or will be; where it was kept if it could not be stored."""
        return self._queue.kept.get(path) or self._place.url(path)

    def settle(self) -> None:
        """Wait until all is stored; leave nothing behind in the spool but what could not be."""
        self._queue.settle()
        if not any(path.is_file() for path in self._root.rglob("*")):
            shutil.rmtree(self._root, ignore_errors=True)


def own_spool(configured: str) -> Path:
    """A directory below the configured one, or below the system's; it is made when the first file is."""
    return Path(configured or gettempdir()) / f"roomwright-egress-{uuid4().hex}"


def probe(place: Place) -> None:
    """Find out early whether the storage can be used. Raises OutputError where it surely cannot."""
    try:
        obstore.get(place.store, "roomwright-egress-probe")
    except FAULTS as error:
        fault = unusable(error, f"the storage {place.root} cannot be used")
        if fault is not None:
            raise fault from None
