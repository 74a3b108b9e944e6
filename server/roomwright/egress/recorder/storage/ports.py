"""What outputs ask of storage."""

from typing import Protocol


class Sink(Protocol):
    """A file that grows while it is written. What was written survives the process."""

    @property
    def size(self) -> int:
        """Bytes so far."""
        ...

    @property
    def location(self) -> str:
        """The URL or path where it is, or will be."""
        ...

    def write(self, data: bytes) -> int:
        """Append, or overwrite after `seek`. Raises OutputError."""
        ...

    def close(self) -> None:
        """Finish and store. Idempotent. Raises OutputError; `location` says where it is even then."""
        ...


class SeekableSink(Sink, Protocol):
    """A sink of a storage whose files can be changed after they were written."""

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; as with files."""
        ...

    def tell(self) -> int:
        """Where the next byte goes."""
        ...


class Store(Protocol):
    """A place for files. Paths are relative, with `/`."""

    @property
    def seekable(self) -> bool:
        """Whether its sinks are SeekableSink."""
        ...

    def create(self, path: str) -> Sink:
        """Begin a file, in place of one of the same name. Raises OutputError."""
        ...

    def put(self, path: str, data: bytes) -> None:
        """Store a whole file: readers see the old one or the new one. May finish later. Raises OutputError."""
        ...

    def location(self, path: str) -> str:
        """The URL or path of a file."""
        ...

    def settle(self) -> None:
        """Wait until everything that was put is stored. Raises OutputError for what could not be."""
        ...
