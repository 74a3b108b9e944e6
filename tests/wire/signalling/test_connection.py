"""Clients over real WebSockets: aiohttp's client speaks, the whole server answers."""

import asyncio

import aiohttp
import pytest

from roomwright.config import LimitSettings
from roomwright.signalling import deadlines
from roomwright_proto import livekit as pb
from tests.wire.signalling.client import LIMIT, listed


class TestAConnection:
    async def test_ends_with_the_leave_that_was_sent(self, server, connect):
        client = await connect()
        await client.say(leave=pb.LeaveRequest(reason=pb.DisconnectReason.CLIENT_INITIATED))
        assert (await client.until("leave")).reason is pb.DisconnectReason.CLIENT_INITIATED
        assert await client.end() == 1000
        assert await listed(server) == []

    async def test_is_answered_in_the_frames_it_speaks(self, connect):
        client = await connect()
        await client.until("offer")
        await client.ws.send_str('{"ping_req":{"timestamp":"5"}}')
        while (frame := await client.ws.receive(timeout=LIMIT)).type is not aiohttp.WSMsgType.TEXT:
            pass  # what was on its way
        assert '"pongResp":{"lastPingTimestamp":"5"' in frame.data
        await client.say(ping=1)
        while (frame := await client.ws.receive(timeout=LIMIT)).type is not aiohttp.WSMsgType.BINARY:
            pass

    @pytest.mark.parametrize("frame", ["{nope", b"\xff\xff\xff"])
    async def test_that_makes_no_sense_is_closed(self, server, connect, frame):
        client = await connect()
        await (client.ws.send_str(frame) if isinstance(frame, str) else client.ws.send_bytes(frame))
        assert await client.end() == 1000
        assert await listed(server) == []

    async def test_may_send_nothing_in_a_frame(self, connect):
        client = await connect()
        await client.ws.send_bytes(b"")
        await client.ws.send_str("")
        await client.ws.ping(b"hello")
        await client.say(ping=1)
        await client.until("pong")

    async def test_with_a_message_that_is_too_large_loses_only_itself(self, server, connect):
        alice, bob = await connect(), await connect(identity="bob")
        await alice.ws.send_bytes(bytes(LimitSettings().max_signal_size + 1))
        assert await alice.end() == 1009
        await bob.say(ping=1)
        await bob.until("pong")

    async def test_that_is_cut_is_resumed(self, server, connect):
        client = await connect()
        sid = (await client.until("join")).participant.sid
        transport = client.ws._writer.transport
        transport.abort()
        again = await connect(f"/rtc?reconnect=1&sid={sid}")
        assert [(await again.next())[0] for _ in range(4)] == ["reconnect", "update", "room_update", "refresh_token"]
        assert await listed(server) == ["alice"]

    async def test_that_is_not_known_to_be_dead_is_closed_by_the_resume(self, server, connect):
        old = await connect()
        sid = (await old.until("join")).participant.sid
        new = await connect(f"/rtc?reconnect=1&sid={sid}")
        assert (await new.next())[0] == "reconnect"
        assert await old.end() == 1000
        await new.say(ping=1)
        await new.until("pong")
        assert await listed(server) == ["alice"]

    async def test_that_resumes_nothing_is_told_to_rejoin(self, connect):
        client = await connect("/rtc?reconnect=1&sid=PA_nope")
        leave = await client.until("leave")
        assert (leave.reason.name, leave.action.name) == ("STATE_MISMATCH", "RECONNECT")
        assert await client.end() == 1000

    async def test_is_taken_over_by_the_same_identity(self, connect):
        old = await connect()
        await old.until("join")
        new = await connect()
        assert (await old.until("leave")).reason is pb.DisconnectReason.DUPLICATE_IDENTITY
        assert await old.end() == 1000
        await new.until("join")

    async def test_hears_of_others_at_once(self, connect):
        alice = await connect()
        await alice.until("join")
        await connect(identity="bob")
        assert (await alice.until("update")).participants[0].identity == "bob"
        assert (await alice.until("room_update")).room.num_participants == 2


async def test_a_client_that_only_answers_pings_stays(server, connect, monkeypatch):
    monkeypatch.setattr(deadlines, "PING_EVERY", 0.05)
    monkeypatch.setattr(deadlines, "SILENCE", 2)
    client = await connect()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.until("leave"), 3)
    assert await listed(server) == ["alice"]


async def test_a_server_that_stops_tells_everybody_and_does_not_wait(server, connect):
    client = await connect()
    await client.until("join")
    stopping = asyncio.create_task(server.stop(grace=600))
    assert (await client.until("leave")).reason is pb.DisconnectReason.SERVER_SHUTDOWN
    assert await client.end() == 1000
    await asyncio.wait_for(stopping, LIMIT)
