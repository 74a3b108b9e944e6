"""How often webhooks come and in which order, when the listener answers what it answered at the recording."""

import asyncio
import json
from collections import defaultdict
from pathlib import Path

import pytest
from aiohttp import web
from livekit import api

from roomwright.app import Server
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Config, WebhookSettings, WebhookUrl
from roomwright.sfu.memory import MemoryBackend
from tests.conformance.cases import RECORDINGS
from tests.conformance.scenarios.recording import Line, read
from tests.serving import KEY, SECRET

pytestmark = pytest.mark.suite

FOLDER = RECORDINGS.parent / "webhooks"
SLOW_S = 1.0
PATIENCE_S = 60.0

Deliveries = dict[str, list[tuple[str, int]]]
"""By room: events' names, and what was answered."""


def deliveries(lines: tuple[Line, ...]) -> Deliveries:
    """What was delivered at the recording."""
    found: Deliveries = defaultdict(list)
    for line in lines:
        if line.kind == "webhook":
            found[line.content["body"]["room"]["name"]].append((line.content["event"], line.content["answered"]))
    return found


class Listener:
    """Answers a delivery as the recorded one of its room and event was answered; any other with 200."""

    def __init__(self, recorded: Deliveries, slow: str) -> None:
        self.recorded = recorded
        self.got: Deliveries = defaultdict(list)
        self.left = {room: list(known) for room, known in recorded.items()}
        self._slow = slow
        self.order: list[str] = []

    async def hook(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        room, event = body["room"]["name"], body["event"]
        if room == self._slow:
            await asyncio.sleep(SLOW_S)
        left = self.left.get(room, [])
        delivery = next((each for each in left if each[0] == event), (event, 200))
        if delivery in left:
            left.remove(delivery)
        self.got[room].append(delivery)
        self.order.append(f"{room} {event}")
        return web.Response(status=delivery[1])


async def replayed(name: str, folder: Path, slow: str = "") -> Listener:
    """Do what the recorder did, and wait until all that was recorded has come."""
    lines = read(FOLDER / f"{name}.jsonl")
    listener = Listener(deliveries(lines), slow)
    app = web.Application()
    app.router.add_post("/hook", listener.hook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    urls = (WebhookUrl(url=f"http://127.0.0.1:{runner.addresses[0][1]}/hook"),)
    webhook = WebhookSettings(urls=urls, outbox_directory=str(folder))
    backend = MemoryBackend(clock=SystemClock(), ids=RandomIds())
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, webhook=webhook)
    async with Server(config, backend=backend) as server, api.LiveKitAPI(server.url, KEY, SECRET) as lk:
        await act(lines, backend, lk)
        async with asyncio.timeout(PATIENCE_S):
            while any(listener.left.values()):  # noqa: ASYNC110 - only the ledger tells
                await asyncio.sleep(0.05)
        got = {room: list(got) for room, got in listener.got.items()}  # without what the server's end leads to
    await runner.cleanup()
    listener.got = got
    return listener


async def act(lines: tuple[Line, ...], backend: MemoryBackend, lk: api.LiveKitAPI) -> None:
    guests = {}
    room = next(iter(deliveries(lines)))
    for line in lines:
        if line.joins:
            grant = VideoGrant(room_join=True, room=room)
            guests[line.joins[0]] = await backend.join(room, Claims(identity=line.joins[1], video=grant))
        elif line.leaves:
            await guests.pop(line.leaves).leave()
        elif line.kind == "api" and line.content["method"] == "RoomService/CreateRoom":
            await lk.room.create_room(api.CreateRoomRequest(**line.content["request"]))
        elif line.kind == "api":
            await lk.room.delete_room(api.DeleteRoomRequest(**line.content["request"]))


@pytest.mark.parametrize("name", ["retry", "status_codes"])
async def test_deliveries_are_as_recorded(name: str, tmp_path: Path):
    listener = await replayed(name, tmp_path)
    assert listener.got == listener.recorded


async def test_a_slow_room_does_not_hold_up_another(tmp_path: Path):
    listener = await replayed("retry", tmp_path, slow="ev-webhook_retry-c")
    done = [listener.order.index(f"ev-webhook_retry-{room} room_finished") for room in "dc"]
    assert done == sorted(done)


async def test_an_event_that_the_reference_gives_up_is_delivered_in_the_end(tmp_path: Path):
    """After the five attempts that were recorded: the listener is well again, and nothing is lost."""
    listener = await replayed("give_up", tmp_path)
    ((room, recorded),) = listener.recorded.items()
    assert listener.got[room] == [*recorded[:-1], ("room_started", 200), recorded[-1]]
