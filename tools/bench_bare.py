"""What bench_api.py compares with: aiohttp on uvloop that reads a body and answers bytes that it was given.

Usage: python tools/bench_bare.py PATH...

One plain POST route for every path. `PUT` says what a path answers from then on. Prints its port as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Iterable

import uvloop
from aiohttp import web


class Answer:
    """A route that answers the same every time."""

    def __init__(self) -> None:
        self._body, self._media = b"", "application/json"

    async def set(self, request: web.Request) -> web.Response:
        """Take the body and content type to answer with."""
        self._body, self._media = await request.read(), request.content_type
        return web.Response()

    async def answer(self, request: web.Request) -> web.Response:
        """Read the body, answer."""
        await request.read()
        return web.Response(body=self._body, content_type=self._media)


def application(paths: Iterable[str]) -> web.Application:
    """The routes."""
    app = web.Application()
    for path in paths:
        answer = Answer()
        app.router.add_post(path, answer.answer)
        app.router.add_put(path, answer.set)
    return app


async def serve(paths: Iterable[str]) -> None:
    """Listen on a free port until the process is ended."""
    runner = web.AppRunner(application(paths), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1:]))
