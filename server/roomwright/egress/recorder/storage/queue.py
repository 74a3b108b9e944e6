"""Small files on their way into object storage, one after the other."""

from collections import OrderedDict
from threading import Condition, Thread
from typing import Final

from ..units import OutputError
from .faults import told
from .local import LocalStore
from .places import Place
from .uploads import put

MAX_BYTES: Final = 64 * 1024 * 1024
"""So much waits in memory; what comes above is kept in the spool alone, as if it could not be stored."""

GIVE_UP: Final = 3
"""After so many failures in a row the storage is down, and nothing more is tried."""


class PutQueue:
    """A file that is put again before it was stored is stored once, after what came in between."""

    def __init__(self, place: Place, spool: LocalStore) -> None:
        self._place = place
        self._spool = spool
        self._waiting: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._busy = False
        self._failures = 0
        self._changed = Condition()
        self._thread: Thread | None = None
        self._fault: OutputError | None = None
        self.kept: dict[str, str] = {}
        """Where files are that could not be stored."""

    def put(self, path: str, data: bytes) -> None:
        """Store a file, later."""
        with self._changed:
            self._bytes -= len(self._waiting.pop(path, b""))
            if self._failures < GIVE_UP and self._bytes + len(data) <= MAX_BYTES:
                self._waiting[path] = data
                self._bytes += len(data)
                self._start()
                self._changed.notify_all()
                return
        self._keep(path, data, OutputError(f"cannot store {path}: the storage does not keep up", 504))

    def settle(self) -> None:
        """Wait until nothing waits. Raises the first fault, once."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._busy)
            fault, self._fault = self._fault, None
        if fault is not None:
            raise fault

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="storing", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                path, data = self._waiting.popitem(last=False)
                self._bytes -= len(data)
                self._busy = True
            self._store(path, data)

    def _store(self, path: str, data: bytes) -> None:
        if self._failures >= GIVE_UP:
            self._keep(path, data, OutputError(f"cannot store {path}: the storage is down", 503))
            return
        try:
            with told(f"cannot store {path}"):
                put(self._place, path, data)
            self._failures = 0
            self.kept.pop(path, None)
        except OutputError as error:
            self._failures += 1
            self._keep(path, data, error)

    def _keep(self, path: str, data: bytes, fault: OutputError) -> None:
        try:
            self._spool.put(path, data)
            self.kept[path] = self._spool.location(path)
            fault = OutputError(f"{fault}; it is kept at {self.kept[path]}", fault.code)
        except OutputError as error:
            fault = error
        self._fault = self._fault or fault
