"""The thread and event loop in which a test's server lives, and methods that are called from outside of it.

Owns crossing from the test's thread, or from its event loop, to the server's. It knows nothing of servers.
"""

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

P = ParamSpec("P")
T = TypeVar("T")

STOP_WITHIN_S = 20.0


class LoopThread:
    """An event loop in a thread of its own, from `with` to its end. It does not outlive the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="roomwright", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(_cancel_others(), STOP_WITHIN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_WITHIN_S)
        if not self._thread.is_alive():
            self._loop.close()

    @property
    def alive(self) -> bool:
        """Whether coroutines can be run."""
        return self._thread.is_alive()

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine on the loop, and wait for what it returns or raises; TimeoutError after `timeout` seconds."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("this runs in the server's own thread, which cannot wait for itself: use .aio(...)")
        future = self._submit(coroutine)
        try:
            return future.result(timeout)
        finally:
            future.cancel()  # does nothing to one that is done

    async def arun(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The same for a caller with an asyncio loop of its own, which goes on meanwhile."""
        if threading.current_thread() is self._thread:
            return await coroutine
        return await asyncio.wrap_future(self._submit(coroutine))

    def look(self, function: Callable[[], T]) -> T:
        """What a quick function returns when it is called on the loop, where nothing changes meanwhile."""
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            return function()
        return self.run(_called(function))

    def _submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        if not self._thread.is_alive():
            coroutine.close()
            raise RuntimeError("the server is not running")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)


async def _called(function: Callable[[], T]) -> T:
    return function()


async def _cancel_others() -> None:
    """Cut everything short: aiohttp waits up to 10 s for bodies that nobody wants; nobody waits for it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class Hosted(Protocol):
    """What has `both` methods: it knows the thread in which they run."""

    @property
    def thread(self) -> LoopThread:
        """Where its methods run."""
        ...


class Bound(Generic[P, T]):
    """A method of one object: call it, or await its `aio`."""

    def __init__(self, thread: LoopThread, call: Callable[P, Coroutine[Any, Any, T]]) -> None:
        self._thread = thread
        self._call = call
        self.__doc__ = getattr(call, "func", call).__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it, and wait for it."""
        return self._thread.run(self._call(*args, **kwargs))

    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, awaited: the caller's event loop goes on meanwhile."""
        return await self._thread.arun(self._call(*args, **kwargs))


class both(Generic[P, T]):  # noqa: N801 - a decorator
    """Makes a coroutine method into one that is called (`x.do()`) or awaited (`await x.do.aio()`) from any thread."""

    def __init__(self, method: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> "both[P, T]": ...
    @overload
    def __get__(self, owner: Hosted, kind: type | None = None) -> Bound[P, T]: ...
    def __get__(self, owner: Hosted | None, kind: type | None = None) -> "both[P, T] | Bound[P, T]":
        return self if owner is None else Bound(owner.thread, functools.partial(self._method, owner))
