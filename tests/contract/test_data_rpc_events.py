"""The contract of data, RPC and events."""

import asyncio

import pytest

from roomwright.auth.claims import Claims
from roomwright.errors import Code, ServiceError
from roomwright.sfu.backend import Caller, Capability
from roomwright_proto import livekit as pb
from tests.contract.harness import CALLER, PATIENCE, eventually


def payloads(guest):
    return [packet.user.payload for packet in guest.received()]


async def send(backend, data=b"x", **fields):
    sids = fields.pop("destination_sids", [])
    request = pb.SendDataRequest(room="room", data=data, **fields)
    request.destination_sids = sids
    assert await backend.send_data(request, CALLER) == pb.SendDataResponse()


async def call(backend, method="m", payload="p", caller=CALLER, **fields):
    request = pb.PerformRpcRequest(room="room", destination_identity="alice", method=method, payload=payload, **fields)
    return (await backend.perform_rpc(request, caller)).payload


async def test_data_reaches_whom_it_is_for(harness, backend):
    alice, bob = await harness.join("room", "alice"), await harness.join("room", "bob")
    await send(backend, b"all", topic="t")
    await send(backend, b"alice", destination_identities=["alice", "nobody"])
    await send(backend, b"both", destination_identities=["alice"], destination_sids=[bob.sid])
    await send(backend, b"nobody", destination_identities=["nobody"])
    await send(backend, b"end")
    await eventually(lambda: payloads(alice)[-1:] == payloads(bob)[-1:] == [b"end"])
    assert payloads(alice) == [b"all", b"alice", b"both", b"end"]
    assert payloads(bob) == [b"all", b"both", b"end"]
    assert (bob.received()[0].user.topic, bob.received()[0].participant_identity) == ("t", "")


async def test_a_nonce_is_delivered_once(harness, backend):
    alice = await harness.join("room", "alice")
    for data in (b"1", b"2"):
        await send(backend, data, nonce=b"0123456789abcdef")
    await send(backend, b"end")
    await eventually(lambda: payloads(alice) == [b"1", b"end"])


async def test_wrong_data_is_refused(harness, backend):
    await harness.join("room", "alice")
    for request in (
        pb.SendDataRequest(room="room", nonce=b"short"),
        pb.SendDataRequest(room="room", data=b"x" * 256_001),
    ):
        with pytest.raises(ServiceError) as refused:
            await backend.send_data(request, CALLER)
        assert refused.value.code is Code.INVALID_ARGUMENT


async def test_guests_send_to_each_other(harness):
    alice, bob = await harness.join("room", "alice"), await harness.join("room", "bob")
    carol = await harness.join("room", "carol")
    await alice.send(b"all")
    await alice.send(b"bob", to=["bob"])
    await alice.send(b"end")
    await eventually(lambda: payloads(carol) == [b"all", b"end"] and payloads(bob) == [b"all", b"bob", b"end"])
    assert payloads(alice) == []
    assert bob.received()[0].participant_identity == "alice"


async def test_rpc_answers(harness, backend):
    alice = await harness.join("room", "alice")
    alice.answer("m", "answer")
    alice.answer("empty", "")
    assert await call(backend) == "answer"
    assert await call(backend, "empty") == ""


@pytest.mark.parametrize(
    ("method", "code", "message"),
    [
        ("unknown", Code.INVALID_ARGUMENT, "RpcError 1400"),
        ("fails", Code.INTERNAL, "RpcError 123: my error"),
    ],
)
async def test_rpc_errors(harness, backend, method, code, message):
    alice = await harness.join("room", "alice")
    alice.answer("fails", 123)
    with pytest.raises(ServiceError, match=message) as refused:
        await call(backend, method)
    assert refused.value.code is code


async def test_rpc_time_outs(harness, backend):
    alice = await harness.join("room", "alice")
    alice.answer("never", None)
    waiting = asyncio.ensure_future(call(backend, "never", response_timeout_ms=1000))
    await asyncio.sleep(0)
    await harness.pass_time(1.1)
    with pytest.raises(ServiceError, match="RpcError 1502") as refused:
        await waiting
    assert refused.value.code is Code.CANCELED


async def test_an_rpc_to_somebody_who_leaves_fails(harness, backend):
    alice = await harness.join("room", "alice")
    alice.answer("never", None)
    waiting = asyncio.ensure_future(call(backend, "never"))
    await asyncio.sleep(0)
    await alice.leave()
    with pytest.raises(ServiceError) as refused:
        await waiting
    assert refused.value.code is Code.CANCELED


async def test_wrong_rpcs_are_refused(harness, backend):
    await harness.join("room", "alice")
    for request, code in (
        (pb.PerformRpcRequest(room="room"), Code.INVALID_ARGUMENT),
        (pb.PerformRpcRequest(room="room", destination_identity="nobody"), Code.NOT_FOUND),
        (pb.PerformRpcRequest(room="nowhere", destination_identity="alice"), Code.NOT_FOUND),
        (
            pb.PerformRpcRequest(room="room", destination_identity="alice", payload="x" * 15_361),
            Code.INVALID_ARGUMENT,
        ),
    ):
        with pytest.raises(ServiceError) as refused:
            await backend.perform_rpc(request, CALLER)
        assert refused.value.code is code


async def test_events_tell_a_rooms_whole_story_in_order(harness, backend):
    stream = backend.events()
    alice = await harness.join("room", "alice")
    sid = await alice.publish("mic")
    await alice.mute(sid)
    await alice.leave()
    await backend.delete_room(pb.DeleteRoomRequest(room="room"), CALLER)
    story = []
    async with asyncio.timeout(PATIENCE):
        async for event in stream:
            story.append(event)
            if type(event).__name__ == "RoomFinished":
                break
    assert [type(event).__name__ for event in story] == [
        "RoomStarted",
        "ParticipantJoined",
        "ParticipantActivated",
        "TrackPublished",
        "TrackMuted",
        "TrackUnpublished",
        "ParticipantLeft",
        "RoomFinished",
    ]
    assert [event.sequence for event in story] == list(range(1, 9))
    assert [event.room.num_participants for event in story] == [0, 1, 1, 1, 1, 1, 0, 0]
    assert story[-1].reason is pb.RoomEndReason.ROOM_END_API_DELETE
    assert story[-2].was_active is True


async def test_every_listener_gets_every_event_from_its_beginning_on(harness, backend):
    early = backend.events()
    await harness.join("one", "alice")
    late = backend.events()
    await harness.join("two", "bob")
    await harness.close()
    heard_early = [event.room.name async for event in early]
    heard_late = [event.room.name async for event in late]
    assert heard_early[:3] == ["one"] * 3
    assert heard_late[:3] == ["two"] * 3
    assert set(heard_late) == {"one", "two"}


async def test_closing_ends_everything_and_may_be_repeated(harness, backend):
    stream = backend.events()
    guest = await harness.join("room", "alice")
    await backend.close()
    await backend.close()
    last = [event async for event in stream][-1]
    assert last.reason is pb.RoomEndReason.ROOM_END_SERVER_SHUTDOWN
    await eventually(lambda: guest.farewell() is pb.DisconnectReason.SERVER_SHUTDOWN)
    assert [event async for event in backend.events()] == []


async def test_capabilities_are_known_by_name(backend):
    assert backend.capabilities <= frozenset(Capability)


async def test_a_callers_deadline_ends_its_rpc(harness, backend):
    alice = await harness.join("room", "alice")
    alice.answer("never", None)
    caller = Caller(Claims(), deadline=harness.monotonic() + 0.5)
    waiting = asyncio.ensure_future(call(backend, "never", caller=caller))
    await asyncio.sleep(0)
    await harness.pass_time(1)
    with pytest.raises(ServiceError) as refused:
        await waiting
    assert refused.value.code is Code.DEADLINE_EXCEEDED
