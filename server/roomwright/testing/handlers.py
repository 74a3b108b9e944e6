"""Where handlers of RPCs run: never where they could keep the server waiting."""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, cast

from roomwright.sfu.memory import RpcInvocation

Handler = Callable[[RpcInvocation], str | Awaitable[str]]


def aside(handler: Handler) -> Callable[[RpcInvocation], Awaitable[str]]:
    """The handler, to be awaited on the server's loop.

    A coroutine function runs on the loop that is running now, if any; another function in a thread of its own.
    """
    if not inspect.iscoroutinefunction(handler):
        return lambda invocation: _in_a_thread(lambda: cast("str", handler(invocation)))
    try:
        home = asyncio.get_running_loop()
    except RuntimeError:
        return handler

    async def crossed(invocation: RpcInvocation) -> str:
        answer = cast("Coroutine[Any, Any, str]", handler(invocation))
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer, home))

    return crossed


async def _in_a_thread(function: Callable[[], str]) -> str:
    """What a function returns or raises; its thread does not outlive the process."""
    result = Future[str]()
    result.set_running_or_notify_cancel()  # whoever gives up on it does not disturb it

    def work() -> None:
        try:
            result.set_result(function())
        except Exception as error:  # it is the caller's
            result.set_exception(error)

    threading.Thread(target=work, name="roomwright-rpc", daemon=True).start()
    return await asyncio.wrap_future(result)
