"""Units that wait for a connection, bounded: one that does not keep up loses them up to the next key frame."""

from collections import deque
from threading import Condition
from typing import Final

from ..units import Unit

MAX_BYTES: Final = 8 * 1024 * 1024
"""Some twenty seconds of 3 Mbit/s."""


class Backlog:
    """Filled by one thread, emptied by another. It begins with a key frame of the stream `key_index`."""

    def __init__(self, key_index: int) -> None:
        self._key_index = key_index
        self._units: deque[Unit] = deque()
        self._bytes = 0
        self._awaiting_key = True
        self._ended = False
        self._changed = Condition()
        self.lost = 0
        """Units that were left out because the other end was too slow."""

    def put(self, unit: Unit) -> None:
        """Add a unit; never waits."""
        with self._changed:
            if self._bytes + len(unit.data) > MAX_BYTES:
                self.lost += len(self._units)
                self._clear()
            if self._awaiting_key and not (unit.key and unit.index == self._key_index):
                return
            self._awaiting_key = False
            self._units.append(unit)
            self._bytes += len(unit.data)
            self._changed.notify()

    def get(self) -> Unit | None:
        """The next unit; waits for it. None when it has ended and is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._units or self._ended)
            if not self._units:
                return None
            unit = self._units.popleft()
            self._bytes -= len(unit.data)
            return unit

    def restart(self) -> None:
        """Leave out what waits: the other end begins anew, with a key frame."""
        with self._changed:
            self._clear()

    def end(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def pause(self, seconds: float) -> bool:
        """Wait so long, or until it has ended; whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, seconds)

    def _clear(self) -> None:
        self._units.clear()
        self._bytes = 0
        self._awaiting_key = True
