"""What a test lets go wrong, and what LiveKit's own client makes of it."""

import asyncio
import time

import aiohttp
import pytest
from livekit import api

from roomwright.testing import ServiceError


async def create(livekit_api, name="standup"):
    return await livekit_api.room.create_room(api.CreateRoomRequest(name=name))


async def rooms(livekit_api):
    return [room.name for room in (await livekit_api.room.list_rooms(api.ListRoomsRequest())).rooms]


class TestRefusing:
    async def test_a_call_is_refused_so_many_times(self, livekit_api, livekit_faults):
        livekit_faults.refuse("CreateRoom", "resource_exhausted", "slow down", times=2)
        for _ in range(2):
            with pytest.raises(api.TwirpError) as caught:
                await create(livekit_api)
            assert (caught.value.code, caught.value.message, caught.value.status) == (
                "resource_exhausted",
                "slow down",
                429,
            )
        assert (await create(livekit_api)).name == "standup"

    async def test_other_calls_go_on(self, livekit_api, livekit_faults):
        livekit_faults.refuse("RoomService.CreateRoom")
        assert await rooms(livekit_api) == []

    async def test_everything_may_be_refused(self, livekit_api, livekit_faults):
        livekit_faults.refuse("*", "internal")
        with pytest.raises(api.TwirpError, match="internal"):
            await rooms(livekit_api)
        livekit_faults.clear()
        assert await rooms(livekit_api) == []

    async def test_the_oldest_fault_comes_first(self, livekit_api, livekit_faults):
        livekit_faults.refuse("CreateRoom", "unavailable", times=1)
        livekit_faults.refuse("CreateRoom", "aborted", times=1)
        with pytest.raises(api.TwirpError, match="unavailable"):
            await create(livekit_api)
        with pytest.raises(api.TwirpError, match="aborted"):
            await create(livekit_api)

    def test_a_call_that_there_is_not_is_named(self, livekit_faults):
        with pytest.raises(ValueError, match=r"no call 'CreateRom'; there are .*CreateRoom"):
            livekit_faults.refuse("CreateRom")

    def test_a_code_that_there_is_not_is_named(self, livekit_faults):
        with pytest.raises(ValueError, match=r"'broken' is not an error code.*unavailable"):
            livekit_faults.refuse("CreateRoom", "broken")

    def test_no_times_at_all_is_a_mistake(self, livekit_faults):
        with pytest.raises(ValueError, match="never"):
            livekit_faults.refuse("CreateRoom", times=0)


class TestDelaying:
    async def test_a_call_waits(self, livekit_api, livekit_faults):
        livekit_faults.delay("CreateRoom", 0.2, times=1)
        start = time.monotonic()
        await create(livekit_api)
        assert time.monotonic() - start >= 0.2

    async def test_a_client_may_give_up_on_a_call_that_waits(self, livekit_api, livekit_faults):
        livekit_faults.delay("CreateRoom", 30, times=1)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(create(livekit_api), 0.1)
        assert await rooms(livekit_api) == []

    async def test_a_call_that_waits_when_the_test_ends_has_no_effect(
        self, livekit_server, livekit_api, livekit_faults
    ):
        livekit_faults.delay("CreateRoom", 1, times=1)
        late = asyncio.ensure_future(create(livekit_api))
        async with asyncio.timeout(20):
            while livekit_faults.descriptions():  # noqa: ASYNC110 - until the call has come
                await asyncio.sleep(0.01)
        livekit_server.reset()
        with pytest.raises(aiohttp.ClientError):
            await late
        assert await rooms(livekit_api) == []

    def test_time_is_not_negative(self, livekit_faults):
        with pytest.raises(ValueError, match="-1 s"):
            livekit_faults.delay("CreateRoom", -1)


class TestDropping:
    async def test_a_dropped_call_has_no_effect(self, livekit_api, livekit_faults):
        livekit_faults.drop("CreateRoom", times=1)
        with pytest.raises(aiohttp.ClientError):
            await create(livekit_api)
        assert await rooms(livekit_api) == []

    async def test_a_call_may_have_its_effect_and_lose_its_answer(self, livekit_api, livekit_faults):
        livekit_faults.drop("CreateRoom", handled=True, times=1)
        with pytest.raises(aiohttp.ClientError):
            await create(livekit_api)
        assert await rooms(livekit_api) == ["standup"]


class TestJoining:
    def test_a_scripted_participant_is_refused(self, livekit_participant, livekit_faults):
        livekit_faults.refuse("join", "permission_denied", "go away", times=1)
        with pytest.raises(ServiceError, match="go away"):
            livekit_participant("alice", "standup")
        assert livekit_participant("alice", "standup").present

    @pytest.mark.livekit(backend="embedded")
    @pytest.mark.parametrize("path", ["/rtc", "/rtc/v1"])
    async def test_a_client_is_refused_and_told_why(self, livekit_server, livekit_faults, path):
        livekit_faults.refuse("join", "permission_denied", "go away", times=1)
        query = f"?access_token={livekit_server.token('alice', 'standup')}"
        async with aiohttp.ClientSession(livekit_server.http_url) as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(f"{path}{query}")
            assert caught.value.status == 403
            async with session.get(f"{path}/validate{query}") as reason:
                assert (reason.status, await reason.text()) == (403, "go away")

    @pytest.mark.livekit(backend="embedded")
    @pytest.mark.parametrize("handled", [False, True])
    async def test_a_client_is_cut_off_before_it_is_in(self, livekit_server, livekit_faults, handled):
        livekit_faults.drop("join", handled=handled)
        query = f"?access_token={livekit_server.token('alice', 'standup')}"
        async with aiohttp.ClientSession(livekit_server.http_url) as session:
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.ws_connect(f"/rtc{query}")
            livekit_faults.clear()
            await (await session.ws_connect(f"/rtc{query}")).close()
        assert livekit_server.report().count("ParticipantJoined") == 1

    @pytest.mark.parametrize("handled", [False, True])
    def test_a_scripted_participant_is_cut_off_before_it_is_in(self, livekit_participant, livekit_faults, handled):
        livekit_faults.drop("join", handled=handled)
        with pytest.raises(ConnectionResetError, match="alice"):
            livekit_participant("alice", "standup")

    @pytest.mark.livekit(backend="embedded")
    async def test_a_clients_socket_is_cut(self, livekit_server, livekit_faults):
        async with aiohttp.ClientSession(livekit_server.http_url) as session:
            socket = await session.ws_connect(f"/rtc?access_token={livekit_server.token('alice', 'standup')}")
            assert (await socket.receive(20)).type is aiohttp.WSMsgType.BINARY
            assert livekit_faults.cut_sockets("bob") == 0
            assert livekit_faults.cut_sockets("alice") == 1
            async with asyncio.timeout(20):
                async for _ in socket:  # what was sent before
                    pass
            assert socket.close_code != 1000

    def test_scripted_participants_are_cut_off_for_good(self, livekit_participant, livekit_faults):
        alice, bob = livekit_participant("alice", "standup"), livekit_participant("bob", "standup")
        assert livekit_faults.cut_sockets("alice") == 1
        assert (alice.present, bob.present) == (False, True)
        assert livekit_faults.cut_sockets() == 1

    async def test_the_memory_backend_tells_a_client_why_there_is_no_way_in(self, livekit_server):
        async with aiohttp.ClientSession(livekit_server.http_url) as session, session.get("/rtc/validate") as answer:
            assert answer.status == 501
            assert "backend='embedded'" in await answer.text()
