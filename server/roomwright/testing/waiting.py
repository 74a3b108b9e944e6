"""Waiting for something that arrives, and saying what did arrive when it does not."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from roomwright.testing.errors import WaitedInVainError

PATIENCE_S = 20.0
"""How long a test waits for what should come at once; as long as a busy machine may take."""
_SHOWN = 20

T = TypeVar("T")


class Arrivals(Generic[T]):
    """What arrived and was not taken yet, in order. All of it happens on the server's loop."""

    def __init__(self, describe: Callable[[T], str]) -> None:
        self.all: list[T] = []
        self._describe = describe
        self._unread: list[T] = []
        self._more = asyncio.Event()

    def put(self, item: T) -> None:
        """Something arrived."""
        self.all.append(item)
        self._unread.append(item)
        self._more.set()

    def clear(self) -> None:
        """Forget everything."""
        self.all.clear()
        self._unread.clear()

    async def take(self, wanted: Callable[[T], bool], what: str, timeout: float) -> T:  # noqa: ASYNC109 - tells what came
        """The first untaken one that is wanted; raises WaitedInVainError after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    for index, item in enumerate(self._unread):
                        if wanted(item):
                            return self._unread.pop(index)
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise WaitedInVainError(f"no {what} within {timeout:g} s; {self.told()}") from None

    def told(self) -> str:
        """What arrived, taken or not, for people."""
        lines = [self._describe(item) for item in self.all[-_SHOWN:]]
        return f"what arrived: {', '.join(lines)}" if lines else "nothing arrived"
