"""Uploads a file while it grows: a thread reads what was spooled and sends it part by part."""

import mimetypes
from pathlib import Path
from threading import Condition, Thread
from typing import Final

import obstore

from ..units import OutputError
from .faults import told
from .places import Place

PART: Final = 8 * 1024 * 1024
"""Bytes of a part; Amazon allows 10,000 of them."""

_CONCURRENT: Final = 2


def attributes(place: Place, path: str) -> dict[str, str]:
    """What an object is stored with."""
    kind = _KINDS.get(path.rpartition(".")[2]) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return {"Content-Type": kind, **place.attributes}


_KINDS: Final = {"m3u8": "application/vnd.apple.mpegurl", "ts": "video/mp2t", "m4s": "video/iso.segment"}


class Upload:
    """Of the file `spooled`, which is appended to, to `path`. `failed` tells why it cannot go on."""

    def __init__(self, place: Place, path: str, spooled: Path) -> None:
        self._place = place
        self._path = path
        self._spooled = spooled
        self._size = 0
        self._ended = False
        self._changed = Condition()
        self.failed: OutputError | None = OutputError(f"cannot store {path}: the upload broke off")
        self._thread = Thread(target=self._run, name=f"upload {path}", daemon=True)
        self._thread.start()

    def grown(self, size: int) -> None:
        """The file has so many bytes now."""
        with self._changed:
            self._size = size
            self._changed.notify()

    def finish(self) -> None:
        """Wait for the end; what failed is tried once more, as a whole. Raises OutputError."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()
        if self.failed is None:
            return
        with told(f"cannot store {self._path}"):
            put(self._place, self._path, self._spooled)
        self.failed = None

    def _run(self) -> None:
        try:
            with told(f"cannot store {self._path}"):
                self._send()
            self.failed = None
        except OutputError as error:
            self.failed = error
        except OSError as error:
            self.failed = OutputError(f"cannot read {self._spooled}: {error.strerror}")

    def _send(self) -> None:
        writer = obstore.open_writer(
            self._place.store,
            self._path,
            attributes=attributes(self._place, self._path),
            tags=self._place.tags,
            buffer_size=PART,
            max_concurrency=_CONCURRENT,
        )
        with self._spooled.open("rb") as spooled:
            sent = 0
            while (size := self._wait(sent)) > sent:
                while sent < size:
                    sent += writer.write(spooled.read(min(PART, size - sent)))
        writer.close()

    def _wait(self, sent: int) -> int:
        """The file's size, when a part is there or the file has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._size - sent >= PART)
            return self._size


def put(place: Place, path: str, content: bytes | Path) -> None:
    """Store a whole object. Raises one of FAULTS."""
    obstore.put(
        place.store,
        path,
        content,
        attributes=attributes(place, path),
        tags=place.tags,
        chunk_size=PART,
        max_concurrency=_CONCURRENT,
    )
