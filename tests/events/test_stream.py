"""The event stream of a whole server, over a socket."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
from livekit import api

from roomwright.app import Server
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config import Config, EventSettings
from tests.serving import KEY, SECRET, token

EVERYTHING = VideoGrant(room_list=True, room_admin=True)
PATIENCE_S = 30


@dataclass(frozen=True)
class Told:
    """One event as a reader gets it."""

    kind: str
    id: int
    data: dict


class Reader:
    """Reads server-sent events, strictly."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.comments = 0
        self.last = 0

    async def next(self) -> Told:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = await self._block()
                if told is not None:
                    return told

    async def _block(self) -> Told | None:
        fields = {}
        while line := (await self._answer.content.readuntil(b"\n")).decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        if "" in fields:
            self.comments += 1
        self.last = int(fields.get("id", self.last))
        if "data" not in fields:
            return None
        return Told(fields.get("event", "message"), self.last, json.loads(fields["data"]))

    async def rest(self) -> bytes:
        return await self._answer.content.read()

    async def names(self, number: int) -> list[str]:
        return [(await self.next()).data.get("event", "?") for _ in range(number)]


@dataclass(frozen=True)
class Host:
    server: Server
    session: aiohttp.ClientSession
    lk: api.LiveKitAPI

    async def create(self, *names: str) -> None:
        for name in names:
            await self.lk.room.create_room(api.CreateRoomRequest(name=name))

    @asynccontextmanager
    async def reading(self, grant: VideoGrant | None = EVERYTHING, last: object = None, **query: str):
        headers = {"Authorization": f"Bearer {token(Claims(video=grant))}"} if grant else {}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        url = f"{self.server.url}/events"
        async with self.session.get(url, params=query, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            reader = Reader(answer)
            assert await reader._block() is None  # the greeting
            yield reader

    async def refusal(self, grant: VideoGrant | None, **query: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token(Claims(video=grant))}"} if grant else {}
        async with self.session.get(f"{self.server.url}/events", params=query, headers=headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def hosting(**settings):
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, events=EventSettings(**settings))
    async with (
        Server(config) as server,
        aiohttp.ClientSession() as session,
        api.LiveKitAPI(server.url, KEY, SECRET) as lk,
    ):
        yield Host(server, session, lk)


@pytest_asyncio.fixture
async def host():
    async with hosting() as host:
        yield host


async def test_what_happens_is_told_as_the_webhook_would_be(host: Host):
    async with host.reading() as reader:
        await host.create("standup")
        told = await reader.next()
    assert told.kind == "message"
    assert told.data["event"] == "room_started"
    assert told.data["id"].startswith("EV_")
    assert told.data["room"]["name"] == "standup"
    assert told.data["room"]["emptyTimeout"] == 300


async def test_changes_are_told_too(host: Host):
    await host.create("standup")
    async with host.reading() as reader:
        await host.lk.room.update_room_metadata(api.UpdateRoomMetadataRequest(room="standup", metadata="new"))
        assert (await reader.next()).data["event"] == "room_metadata_changed"


async def test_one_room_or_all(host: Host):
    admin = VideoGrant(room_admin=True, room="b")
    async with host.reading() as everything, host.reading(admin, room="b") as one, host.reading(room="b") as same:
        await host.create("a", "b", "c")
        assert [(await everything.next()).data["room"]["name"] for _ in range(3)] == ["a", "b", "c"]
        await host.lk.room.delete_room(api.DeleteRoomRequest(room="a"))
        await host.lk.room.delete_room(api.DeleteRoomRequest(room="b"))
        for reader in (one, same):
            assert await reader.names(2) == ["room_started", "room_finished"]


async def test_names_choose(host: Host):
    async with host.reading(include="room_finished") as ends, host.reading(exclude="room_finished") as others:
        await host.create("a")
        await host.lk.room.delete_room(api.DeleteRoomRequest(room="a"))
        await host.create("b")
        assert await ends.names(1) == ["room_finished"]
        assert await others.names(2) == ["room_started", "room_started"]


async def test_who_lists_rooms_learns_what_happened_but_not_to_whom(host: Host):
    lister = VideoGrant(room_list=True)
    async with host.reading(lister) as outlines, host.reading() as everything:
        await host.create("standup")
        thin, whole = await outlines.next(), await everything.next()
    assert thin.data["room"] == whole.data["room"]
    assert thin.data["id"] == whole.data["id"]


@pytest.mark.parametrize(
    ("grant", "query", "says"),
    [
        (None, {}, "roomList is required; the request carries no token"),
        (VideoGrant(), {}, "roomList is required"),
        (VideoGrant(room_admin=True), {}, "roomList is required"),
        (VideoGrant(room_admin=True, room="a"), {}, "roomList is required"),
        (VideoGrant(room_admin=True, room="a"), {"room": "b"}, 'roomAdmin for room "b" is required'),
        (VideoGrant(room_join=True, room="b"), {"room": "b"}, 'roomAdmin for room "b" is required'),
    ],
)
async def test_a_token_that_may_not_is_told_which_grant_is_missing(host: Host, grant, query, says):
    assert await host.refusal(grant, **query) == (401, says)


async def test_an_event_that_does_not_exist_is_refused_by_name(host: Host):
    assert await host.refusal(EVERYTHING, include="room_started,room_stopped") == (
        400,
        "include: 'room_stopped' is not the name of an event",
    )


async def test_a_reader_goes_on_where_it_was(host: Host):
    async with host.reading() as reader:
        await host.create("a", "b", "c")
        first = await reader.next()
    async with host.reading(last=first.id) as again, host.reading(last_event_id=str(first.id)) as same:
        for reader in (again, same):
            assert [(await reader.next()).data["room"]["name"] for _ in range(2)] == ["b", "c"]


async def test_a_reader_can_go_on_from_before_its_first_event(host: Host):
    async with host.reading() as reader:
        last = reader.last
    await host.create("a")
    async with host.reading(last=last) as again:
        assert (await again.next()).data["room"]["name"] == "a"


@pytest.mark.parametrize("last", [0, 1, 2**60, 10**30, -5, "x", "1e5", "٣"])
async def test_an_id_that_was_never_said_is_told_so_and_then_goes_on(host: Host, last):
    async with host.reading(), host.reading(last_event_id=str(last)) as reader:
        told = await reader.next()
        assert (told.kind, told.data["missed"]) == ("missed", None)
        await host.create("a")
        assert (await reader.next()).data["room"]["name"] == "a"


async def test_an_id_of_another_life_is_told_so():
    async with hosting() as first, first.reading() as reader:
        await first.create("a")
        last = (await reader.next()).id
    async with hosting() as second, second.reading(last=last) as reader:
        assert (await reader.next()).data == {"missed": None, "reason": "the id is of another life"}


async def test_who_comes_back_too_late_is_told_how_much_is_gone():
    async with hosting(kept=10) as host:
        async with host.reading() as reader:
            last = reader.last
        await host.create(*(f"room-{n}" for n in range(25)))
        async with host.reading(last=last) as reader:
            told = await reader.next()
            assert (told.kind, told.data["missed"]) == ("missed", 15)
            assert told.id == last + 15
            assert [(await reader.next()).data["room"]["name"] for _ in range(10)] == [
                f"room-{n}" for n in range(15, 25)
            ]


async def test_a_reader_that_does_not_read_costs_a_bounded_amount_and_hears_what_it_missed():
    async with hosting(kept=50) as host, host.reading() as quick, host.reading() as slow:
        await host.create("big")
        await quick.next()
        number = 400
        for n in range(number):
            metadata = f"{n} " + "x" * 30_000
            await host.lk.room.update_room_metadata(api.UpdateRoomMetadataRequest(room="big", metadata=metadata))
            assert (await quick.next()).data["room"]["metadata"] == metadata
        heard, missed = 0, 0
        while heard + missed < number + 1:
            told = await slow.next()
            if told.kind == "missed":
                missed += told.data["missed"]
            else:
                heard += 1
        assert heard + missed == number + 1
        assert missed > 0


async def test_signs_of_life_come_and_carry_the_id():
    async with hosting(heartbeat=1) as host, host.reading(include="room_finished") as reader:
        before = reader.last
        await host.create("a")
        async with asyncio.timeout(PATIENCE_S):
            while reader.last == before:
                await reader._block()
        assert reader.comments >= 1
        assert reader.last == before + 1


async def test_readers_are_few():
    async with hosting(max_readers=1) as host:
        async with host.reading():
            status, says = await host.refusal(EVERYTHING)
            assert (status, says) == (429, "too many read the event stream (events.max_readers)")
        async with asyncio.timeout(PATIENCE_S):
            while (await _status(host)) == 429:  # noqa: ASYNC110 - only a request can tell
                await asyncio.sleep(0.05)


async def _status(host: Host) -> int:
    headers = {"Authorization": f"Bearer {token(Claims(video=EVERYTHING))}"}
    async with host.session.get(f"{host.server.url}/events", headers=headers) as answer:
        return answer.status


async def test_a_server_that_stops_lets_its_readers_go_at_once():
    async with hosting() as host, host.reading() as reader:
        await asyncio.wait_for(host.server.stop(grace=600), PATIENCE_S)
        assert await reader.rest() == b""


async def test_without_readers_nothing_is_kept(host: Host):
    await host.create("a")
    assert "0 listeners" in repr(host.server.feed)


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE"])
async def test_the_stream_can_only_be_got(host: Host, verb: str):
    headers = {"Authorization": f"Bearer {token(Claims(video=EVERYTHING))}"}
    async with host.session.request(verb, f"{host.server.url}/events", headers=headers) as answer:
        assert answer.status == 404
