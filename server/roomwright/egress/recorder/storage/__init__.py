"""Where files go: a directory, or object storage. Credentials come with the plan and are told to nobody."""

from pathlib import Path

from roomwright_proto.roomwright.egress import v1

from ..units import OutputError
from .local import LocalStore
from .ports import SeekableSink, Sink, Store

__all__ = ["SeekableSink", "Sink", "Store", "open_store"]


def open_store(storage: v1.Storage | None, spool: Path | None = None) -> Store:
    """The store of an output. Raises OutputError where it cannot be used, as far as that can be known at once.

    `spool` is where files for object storage are kept on the way; without it a folder of their own is made for them.
    """
    if storage is None:
        raise OutputError("no storage is given", 400)
    if storage.directory is not None:
        return LocalStore(Path(storage.directory))
    # Only recordings that need it load the client of object storage.
    from .places import place
    from .remote import PROBE_FOR, RETRY_FOR, RemoteStore, own_spool, probe

    probe(place(storage, PROBE_FOR))
    return RemoteStore(place(storage, RETRY_FOR), spool or own_spool(storage.spool))
