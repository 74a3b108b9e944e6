"""Where files go: a directory, or object storage. Credentials come with the plan and are told to nobody."""

from pathlib import Path

from roomwright_proto.roomwright.egress import v1

from ..units import OutputError
from .local import LocalStore
from .ports import SeekableSink, Sink, Store

__all__ = ["SeekableSink", "Sink", "Store", "open_store"]


def open_store(storage: v1.Storage | None) -> Store:
    """The store of an output. Raises OutputError."""
    if storage is None or storage.directory is None:
        raise OutputError("no storage is given", 400)
    return LocalStore(Path(storage.directory))
