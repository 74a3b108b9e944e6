"""A server as a process: its event loop, its signals, its log."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable

import structlog

from roomwright import logs
from roomwright.app.server import Server
from roomwright.config import Config

log = structlog.get_logger(__name__)


def run(config: Config, on_ready: Callable[[Server], None] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; `on_ready` is called once the ports are open. Returns the exit code.

    A second signal cuts the notice of the end short. Raises OSError when a port cannot be had.
    """
    logs.configure(config.logging.level, as_json=config.logging.json)
    runner = asyncio.Runner(loop_factory=_loop_factory())
    with runner:
        runner.run(_serve(config, on_ready))
    return 0


async def _serve(config: Config, on_ready: Callable[[Server], None] | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
            loop.add_signal_handler(number, stopping.set)
    async with Server(config) as server:
        gc.collect()
        gc.freeze()  # what was imported stays: collections need not look at it again (14 ms each time)
        if on_ready is not None:
            on_ready(server)
        await stopping.wait()
        log.info("stopping", notice=config.shutdown.notice or None)
        await _give_notice(server, config.shutdown.notice, stopping)


async def _give_notice(server: Server, seconds: float, told: asyncio.Event) -> None:
    """Say for so long that the end is near, or until we are told to stop once more."""
    server.announce_stop()
    told.clear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await told.wait()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop of uvloop where that is installed, else None for asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
