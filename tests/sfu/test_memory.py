"""The memory backend beyond the contract: time, scripted participants, the real timer."""

import asyncio

import pytest

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import SystemClock
from roomwright.config import RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright.sfu.backend import Backend, Caller
from roomwright.sfu.memory import MemoryBackend, PublishRefusedError, RpcError
from roomwright_proto import livekit as pb

CALLER = Caller(Claims())


@pytest.fixture
async def backend():
    backend = MemoryBackend()
    yield backend
    await backend.close()


async def rooms(backend) -> list[str]:
    return [room.name for room in (await backend.list_rooms(pb.ListRoomsRequest(), CALLER)).rooms]


def rpc(method="m", **fields):
    return pb.PerformRpcRequest(room="room", destination_identity="alice", method=method, **fields)


def test_it_is_a_backend():
    def use(backend: Backend) -> None:
        del backend

    use(MemoryBackend())


class TestTime:
    async def test_advancing_fires_every_time_out_at_its_own_time(self, backend):
        for name, seconds in (("late", 20), ("early", 10)):
            await backend.create_room(pb.CreateRoomRequest(name=name, empty_timeout=seconds), CALLER)
        stream = backend.events()
        await backend.advance(30)
        ends = [await anext(stream), await anext(stream)]
        assert [(event.room.name, event.at_ns) for event in ends] == [
            ("early", 1_750_000_010_000_000_000),
            ("late", 1_750_000_020_000_000_000),
        ]

    async def test_nothing_happens_without_advancing(self, backend):
        await backend.create_room(pb.CreateRoomRequest(name="room", empty_timeout=1), CALLER)
        await asyncio.sleep(0.01)
        assert await rooms(backend) == ["room"]

    async def test_a_chain_of_time_outs_fits_into_one_advance(self, backend):
        alice = await backend.join("room", "alice")
        alice.deaf = True
        waiting = asyncio.ensure_future(backend.perform_rpc(rpc(), CALLER))
        await asyncio.sleep(0)
        await alice.leave()
        await backend.advance(1000)
        assert await rooms(backend) == []
        with pytest.raises(ServiceError, match="1503"):
            await waiting

    async def test_the_systems_clock_has_a_real_timer(self):
        backend = MemoryBackend(RoomSettings(departure_timeout=0), clock=SystemClock())
        alice = await backend.join("room", "alice")
        await backend.create_room(pb.CreateRoomRequest(name="other"), CALLER)
        stream = backend.events()
        await alice.leave()
        async with asyncio.timeout(20):
            async for event in stream:
                if type(event).__name__ == "RoomFinished":
                    break
        assert await rooms(backend) == ["other"]
        with pytest.raises(RuntimeError, match="by itself"):
            await backend.advance(1)
        await backend.close()
        assert backend._timer is None

    async def test_the_real_timer_follows_the_earliest_time_out(self):
        backend = MemoryBackend(clock=SystemClock())
        for seconds in (100, 50, 200):
            await backend.create_room(pb.CreateRoomRequest(name=str(seconds), empty_timeout=seconds), CALLER)
        assert backend._timer_due == backend.rooms.next_timeout()
        await backend.delete_room(pb.DeleteRoomRequest(room="50"), CALLER)
        assert backend._timer_due == backend.rooms.next_timeout()
        await backend.close()


class TestScriptedParticipants:
    async def test_join_with_an_identity_or_with_claims(self, backend):
        alice = await backend.join("room", "alice")
        assert (alice.identity, alice.room, alice.info.state.name) == ("alice", "room", "ACTIVE")
        claims = Claims(identity="bob", name="Bob", video=VideoGrant(room="ignored", can_publish=False))
        bob = await backend.join("room", claims, active=False)
        assert (bob.room, bob.info.name, bob.info.state.name) == ("room", "Bob", "JOINED")
        await bob.activate()
        assert bob.info.state.name == "ACTIVE"
        assert alice.inbox.seen().keys() == {"alice", "bob"}

    async def test_are_refused_like_anybody(self, backend):
        await backend.create_room(pb.CreateRoomRequest(name="room", max_participants=1), CALLER)
        await backend.join("room", "alice")
        with pytest.raises(ServiceError, match="full"):
            await backend.join("room", "bob")

    async def test_publish_or_hear_that_they_may_not(self, backend):
        alice, bob = await backend.join("room", "alice"), await backend.join("room", "bob")
        track = await alice.publish("cam", source=pb.TrackSource.CAMERA, width=320, height=180)
        assert (track.type.name, track.mime_type, track.width) == ("VIDEO", "video/VP8", 320)
        assert bob.subscribed == [track.sid]
        assert await alice.announce("later")
        silent = await backend.join("room", Claims(identity="silent", video=VideoGrant(can_publish=False)))
        with pytest.raises(PublishRefusedError, match="silent may not publish MICROPHONE"):
            await silent.publish()

    async def test_change_their_subscriptions_and_who_may_subscribe(self, backend):
        alice, bob = await backend.join("room", "alice"), await backend.join("room", "bob")
        track = await alice.publish()
        await bob.unsubscribe(track.sid)
        assert bob.subscribed == []
        await bob.subscribe(track.sid)
        assert bob.subscribed == [track.sid]
        await alice.allow_subscribers(pb.SubscriptionPermission())
        assert bob.subscribed == []

    async def test_change_their_profile_and_hear_how_that_went(self, backend):
        grant = VideoGrant(can_update_own_metadata=True)
        alice = await backend.join("room", Claims(identity="alice", video=grant))
        assert (await alice.update(name="A", attributes={"k": "v"})).reason.name == "OK"
        assert (alice.info.name, alice.info.attributes) == ("A", {"k": "v"})
        assert alice.token.name == "A"
        bob = await backend.join("room", "bob")
        assert (await bob.update(name="B")).reason.name == "NOT_ALLOWED"

    async def test_send_and_receive_data(self, backend):
        alice, bob = await backend.join("room", "alice"), await backend.join("room", "bob")
        await alice.send_data(b"x", topic="t", reliable=False)
        packet = bob.inbox.packets()[0]
        assert (packet.kind.name, packet.user.topic, packet.participant_identity) == ("LOSSY", "t", "alice")
        await alice.send_packet(pb.DataPacket(chat_message=pb.ChatMessage(message="hi")))
        assert (await bob.inbox.receive("chat_message")).message == "hi"
        assert bob.inbox.data() == [b"x"]

    async def test_leave_or_are_lost(self, backend):
        alice, bob = await backend.join("room", "alice"), await backend.join("room", "bob")
        await alice.leave()
        assert (alice.present, alice.info.disconnect_reason.name) == (False, "CLIENT_INITIATED")
        await bob.drop()
        assert (bob.present, bob.info.disconnect_reason.name) == (False, "CONNECTION_TIMEOUT")
        await bob.leave()
        assert bob.inbox.signals("leave") == []

    async def test_have_no_state_before_they_have_joined(self, backend):
        from roomwright.sfu.memory.scripted import ScriptedParticipant

        with pytest.raises(RuntimeError, match="not joined"):
            _ = ScriptedParticipant(backend, Claims()).sid

    async def test_show_their_state(self, backend):
        alice = await backend.join("room", "alice")
        assert repr(alice).startswith("<ScriptedParticipant <Participant alice: ACTIVE, 0 tracks>, ")


async def test_a_driver_that_fails_does_not_fail_the_call(backend, monkeypatch):
    alice, bob = await backend.join("room", "alice"), await backend.join("room", "bob")
    failures = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["message"]))
    monkeypatch.setattr(alice, "receive", lambda _: 1 / 0)
    await backend.send_data(pb.SendDataRequest(room="room", data=b"x"), CALLER)
    assert bob.inbox.data() == [b"x"]
    assert failures == ["the driver of <Participant alice: ACTIVE, 0 tracks> failed"]


class TestTheirRpcs:
    async def test_are_answered_by_functions_and_coroutines(self, backend):
        alice = await backend.join("room", "alice")
        alice.on_rpc("now", lambda call: f"{call.method}:{call.payload}:{len(call.caller_identity)}")

        async def later(call):
            await asyncio.sleep(0)
            return call.payload

        alice.on_rpc("later", later)
        assert (await backend.perform_rpc(rpc("now", payload="p"), CALLER)).payload == "now:p:36"
        assert (await backend.perform_rpc(rpc("later", payload="p"), CALLER)).payload == "p"

    @pytest.mark.parametrize("late", [False, True])
    @pytest.mark.parametrize(
        ("error", "message"), [(RpcError(123, "mine"), "RpcError 123: mine"), (KeyError("x"), "RpcError 1500")]
    )
    async def test_fail_as_their_handlers_do(self, backend, late, error, message):
        alice = await backend.join("room", "alice")

        def fail(_):
            raise error

        async def fail_late(_):
            raise error

        alice.on_rpc("m", fail_late if late else fail)
        with pytest.raises(ServiceError, match=message) as refused:
            await backend.perform_rpc(rpc(), CALLER)
        assert refused.value.code is Code.INTERNAL

    async def test_of_the_deaf_are_not_even_acknowledged(self, backend):
        alice = await backend.join("room", "alice")
        alice.deaf = True
        waiting = asyncio.ensure_future(backend.perform_rpc(rpc(), CALLER))
        await asyncio.sleep(0)
        await backend.advance(7)
        with pytest.raises(ServiceError, match="RpcError 1501"):
            await waiting

    async def test_may_be_given_up_by_the_caller(self, backend):
        alice = await backend.join("room", "alice")
        alice.deaf = True
        waiting = asyncio.ensure_future(backend.perform_rpc(rpc(), CALLER))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await backend.advance(100)
        assert backend._waiting == {}


class TestInboxes:
    async def test_give_each_message_of_a_kind_once(self, backend):
        alice = await backend.join("room", "alice")
        assert (await alice.inbox.receive("join")).participant.identity == "alice"
        with pytest.raises(TimeoutError):
            await alice.inbox.receive("join", patience=0.01)

    async def test_are_waited_for(self, backend):
        alice = await backend.join("room", "alice")
        waiting = asyncio.ensure_future(alice.inbox.receive("user"))
        await asyncio.sleep(0)
        await backend.send_data(pb.SendDataRequest(room="room", data=b"x"), CALLER)
        assert (await waiting).payload == b"x"

    async def test_know_what_the_client_knows(self, backend):
        alice = await backend.join("room", "alice")
        bob = await backend.join("room", "bob")
        await backend.move_participant(
            pb.MoveParticipantRequest(room="room", identity="alice", destination_room="other"), CALLER
        )
        assert alice.inbox.rooms() == ["room", "other"]
        assert bob.inbox.seen().keys() == {"bob"}
        assert alice.inbox.kinds()[0] == "join"


class TestAfterClosing:
    async def test_changes_are_refused_and_lists_are_empty(self):
        backend = MemoryBackend()
        alice = await backend.join("room", "alice")
        await backend.close()
        assert await rooms(backend) == []
        with pytest.raises(ServiceError, match="shutting down") as refused:
            await backend.create_room(pb.CreateRoomRequest(name="room"), CALLER)
        assert refused.value.code is Code.UNAVAILABLE
        await alice.leave()
        assert alice.inbox.kinds()[-1] == "leave"

    async def test_waiting_rpcs_fail(self):
        backend = MemoryBackend()
        alice = await backend.join("room", "alice")
        alice.deaf = True
        waiting = asyncio.ensure_future(backend.perform_rpc(rpc(), CALLER))
        await asyncio.sleep(0)
        await backend.close()
        with pytest.raises(ServiceError, match="1503"):
            await waiting
