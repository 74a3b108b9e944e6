"""A server, and beside it the control endpoint that the README describes.

Prints the environment that a program of this folder needs, then serves until its standard input ends.
"""

import asyncio
import secrets
import sys

from aiohttp import web

from roomwright.app import Server
from roomwright.auth.grants import require_room_join
from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Config
from roomwright.errors import ServiceError
from roomwright.sfu.memory import MemoryBackend, ScriptedParticipant
from roomwright_proto import livekit as pb

LOOPBACK = "127.0.0.1"


class Control:
    """Lets participants join and tells what they saw; they are found by the room and identity they joined with."""

    def __init__(self, backend: MemoryBackend, verifier: TokenVerifier) -> None:
        self._backend = backend
        self._verifier = verifier
        self._joined: dict[tuple[str, str], ScriptedParticipant] = {}

    def application(self) -> web.Application:
        application = web.Application(middlewares=[_refusals])
        application.router.add_post("/join", self._join)
        application.router.add_get("/inbox", self._inbox)
        application.router.add_get("/subscriptions", self._subscriptions)
        return application

    async def _join(self, request: web.Request) -> web.Response:
        claims = self._verifier.verify(request.headers["Authorization"].removeprefix("Bearer "))
        room = claims.video.room if claims.video else ""
        require_room_join(claims, room)
        participant = await self._backend.join(room, claims)
        for source in filter(None, request.query.get("publish", "").split(",")):
            await participant.publish(source, source=pb.TrackSource[source.upper()])
        self._joined[participant.room, participant.identity] = participant
        return web.Response()

    async def _inbox(self, request: web.Request) -> web.Response:
        packets = self._participant(request).inbox.packets()
        return _lines(f"{packet.user.topic} {packet.user.payload.decode()}" for packet in packets if packet.user)

    async def _subscriptions(self, request: web.Request) -> web.Response:
        return _lines(self._participant(request).subscribed)

    def _participant(self, request: web.Request) -> ScriptedParticipant:
        return self._joined[request.query["room"], request.query["identity"]]


def _lines(items) -> web.Response:
    return web.Response(text="".join(f"{item}\n" for item in items))


@web.middleware
async def _refusals(request: web.Request, handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ServiceError as error:
        raise web.HTTPForbidden(text=str(error)) from error


async def main() -> None:
    key, secret = "polyglot", secrets.token_hex(16)
    clock = SystemClock()
    backend = MemoryBackend(clock=clock, ids=RandomIds())
    config = Config(port=0, bind_addresses=(LOOPBACK,), keys={key: secret})
    control = web.AppRunner(Control(backend, TokenVerifier(config.keys, clock)).application())
    async with Server(config, backend=backend, clock=clock) as server:
        await control.setup()
        await web.TCPSite(control, LOOPBACK, 0).start()
        print(f"export LIVEKIT_URL={server.url}")
        print(f"export LIVEKIT_API_KEY={key}")
        print(f"export LIVEKIT_API_SECRET={secret}")
        print(f"export CONTROL_URL=http://{LOOPBACK}:{control.addresses[0][1]}\n", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await control.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
