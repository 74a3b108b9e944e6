"""Scripted participants, as a test of somebody's program uses them."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from livekit import api

from roomwright.testing import (
    NotPossibleError,
    PublishRefusedError,
    RpcError,
    ServiceError,
    WaitedInVainError,
)
from roomwright_proto import livekit as pb


@pytest.fixture
def alice(livekit_participant):
    return livekit_participant("alice", "standup")


@pytest.fixture
def bob(livekit_participant, alice):
    return livekit_participant("bob", "standup")


class TestJoining:
    async def test_the_api_sees_who_joined(self, livekit_api, livekit_participant):
        await livekit_participant.aio("alice", "standup", name="Alice", metadata="{}", attributes={"role": "host"})
        [info] = (await livekit_api.room.list_participants(api.ListParticipantsRequest(room="standup"))).participants
        assert (info.identity, info.name, info.metadata, info.attributes) == ("alice", "Alice", "{}", {"role": "host"})

    def test_participants_see_each_other(self, alice, bob):
        assert list(alice.others) == ["bob"]
        assert list(bob.others) == ["alice"]

    def test_a_token_of_the_tested_program_lets_in(self, livekit_participant):
        token = (
            api.AccessToken()
            .with_identity("carol")
            .with_grants(api.VideoGrants(room_join=True, room="standup", can_publish=False))
            .to_jwt()
        )
        carol = livekit_participant(token=token)
        assert (carol.identity, carol.room) == ("carol", "standup")
        with pytest.raises(PublishRefusedError):
            carol.publish("microphone")

    def test_a_token_that_lets_nobody_in_is_refused_as_by_a_real_server(self, livekit_server):
        token = api.AccessToken().with_identity("carol").with_grants(api.VideoGrants(room_list=True)).to_jwt()
        with pytest.raises(ServiceError, match="roomJoin"):
            livekit_server.join(token=token)
        with pytest.raises(ServiceError, match="signature"):
            livekit_server.join(token=api.AccessToken("devkey", "x" * 32).with_identity("carol").to_jwt())

    def test_an_expired_token_is_refused(self, livekit_server):
        with pytest.raises(ServiceError, match="expired"):
            livekit_server.join(token=livekit_server.token("alice", "standup", ttl=-61))

    def test_a_grant_that_there_is_not_is_named(self, livekit_participant):
        with pytest.raises(TypeError, match="can_fly"):
            livekit_participant("alice", "standup", can_fly=True)

    def test_a_full_room_refuses(self, livekit_server, livekit_participant):
        livekit_server.run(
            livekit_server.api.room.create_room(api.CreateRoomRequest(name="standup", max_participants=1))
        )
        livekit_participant("alice", "standup")
        with pytest.raises(ServiceError, match="full"):
            livekit_participant("bob", "standup")

    def test_the_memory_backend_says_that_it_has_no_real_clients(self, livekit_real_participant):
        with pytest.raises(NotPossibleError, match="backend='embedded'"):
            livekit_real_participant("alice", "standup")

    @pytest.mark.livekit(backend="embedded")
    def test_the_embedded_backend_says_that_it_has_no_scripted_ones(self, livekit_participant):
        with pytest.raises(NotPossibleError, match="memory backend"):
            livekit_participant("alice", "standup")


class TestTracks:
    def test_a_published_track_is_subscribed_to(self, alice, bob):
        track = alice.publish("cam", source="camera")
        assert track.source is pb.TrackSource.CAMERA
        assert bob.subscribed == [track.sid]
        bob.unsubscribe(track.sid)
        assert bob.subscribed == []
        bob.subscribe(track.sid)
        assert bob.subscribed == [track.sid]

    def test_others_see_a_track_muted_and_gone(self, alice, bob):
        track = alice.publish("mic")
        alice.mute(track.sid)
        assert bob.others["alice"].tracks[0].muted
        alice.mute(track.sid, muted=False)
        assert not bob.others["alice"].tracks[0].muted
        alice.unpublish(track.sid)
        assert bob.others["alice"].tracks == []

    def test_a_source_that_there_is_not_is_named(self, alice):
        with pytest.raises(ValueError, match=r"'webcam'; there are .*camera"):
            alice.publish(source="webcam")

    def test_the_api_mutes_a_track(self, livekit_server, alice):
        track = alice.publish("mic")
        livekit_server.run(
            livekit_server.api.room.mute_published_track(
                api.MuteRoomTrackRequest(room="standup", identity="alice", track_sid=track.sid, muted=True)
            )
        )
        assert alice.info.tracks[0].muted


class TestData:
    def test_what_one_says_the_others_receive(self, alice, bob):
        alice.say("hello", topic="chat")
        heard = bob.receive()
        assert (heard.text, heard.topic, heard.sender) == ("hello", "chat", "alice")
        assert alice.received == []

    def test_a_topic_may_be_waited_for(self, alice, bob):
        alice.say(b"\xff", topic="other")
        alice.say("hello", topic="chat", to=["bob"])
        assert bob.receive(topic="chat").text == "hello"
        assert bob.receive().payload == b"\xff"

    def test_who_waits_in_vain_is_told_what_came(self, alice, bob):
        alice.say("hello", topic="chat")
        with pytest.raises(
            WaitedInVainError, match=r"no data on topic 'news' for bob within 0.01 s; .*hello.* from alice"
        ):
            bob.receive(topic="news", timeout=0.01)

    def test_who_never_hears_anything_is_told_so(self, alice):
        with pytest.raises(AssertionError, match="nothing arrived"):
            alice.receive(timeout=0.01)

    def test_somebody_may_wait_in_another_thread(self, alice, bob):
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(bob.receive)
            alice.say("hello")
            assert waiting.result(20).text == "hello"

    async def test_waiting_does_not_stop_the_tests_own_loop(self, alice, bob):
        async def say_it_later():
            await asyncio.sleep(0)
            await alice.say.aio("hello")

        heard, _ = await asyncio.gather(bob.receive.aio(), say_it_later())
        assert heard.text == "hello"

    async def test_the_api_sends_data(self, livekit_api, alice):
        await livekit_api.room.send_data(api.SendDataRequest(room="standup", data=b"hello", kind=0))
        assert (await alice.receive.aio()).sender == ""


class TestRpc:
    def test_one_calls_another(self, alice, bob):
        bob.on_rpc("shout", lambda call: f"{call.caller_identity}: {call.payload.upper()}")
        assert alice.call_rpc("bob", "shout", "hello") == "alice: HELLO"

    def test_an_error_of_the_handler_arrives(self, alice, bob):
        def refuse(_call):
            raise RpcError(1700, "not today")

        bob.on_rpc("shout", refuse)
        with pytest.raises(RpcError, match="not today") as caught:
            alice.call_rpc("bob", "shout")
        assert caught.value.code == 1700

    def test_why_a_handler_failed_is_in_the_log(self, alice, bob, caplog):
        bob.on_rpc("shout", lambda call: call.nonsense)
        with pytest.raises(RpcError, match="Application error"):
            alice.call_rpc("bob", "shout")
        assert "AttributeError: 'RpcInvocation' object has no attribute 'nonsense'" in caplog.text

    def test_a_method_that_there_is_not_is_an_error(self, alice, bob):
        with pytest.raises(RpcError) as caught:
            alice.call_rpc("bob", "shout")
        assert caught.value.code == 1400

    async def test_a_coroutine_handler_runs_on_the_tests_own_loop(self, alice, bob):
        home = asyncio.get_running_loop()
        asked = asyncio.Event()

        async def answer(_call):
            asked.set()
            return "here" if asyncio.get_running_loop() is home else "elsewhere"

        bob.on_rpc("where", answer)
        assert await alice.call_rpc.aio("bob", "where") == "here"
        assert asked.is_set()

    def test_a_coroutine_handler_of_a_test_without_a_loop_runs_too(self, alice, bob):
        async def answer(_call):
            await asyncio.sleep(0)
            return "yes"

        bob.on_rpc("there", answer)
        assert alice.call_rpc("bob", "there") == "yes"

    def test_a_handler_may_call_the_server(self, alice, bob):
        def handler(_call):
            bob.say("calling back")
            return bob.room

        bob.on_rpc("call back", handler)
        assert alice.call_rpc("bob", "call back") == "standup"
        assert alice.receive().text == "calling back"

    def test_a_handler_that_waits_stops_nobody(self, alice, bob):
        go_on = threading.Event()
        bob.on_rpc("wait", lambda _call: str(go_on.wait(20)))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(alice.call_rpc, "bob", "wait", timeout=20)
            alice.say("meanwhile")
            assert bob.receive().text == "meanwhile"
            go_on.set()
            assert waiting.result(20) == "True"

    def test_what_waits_for_its_own_thread_is_told_how_not_to(self, livekit_server, alice):
        async def on_the_servers_loop():
            alice.say("hello")

        with pytest.raises(RuntimeError, match=r"use \.aio"):
            livekit_server.run(on_the_servers_loop())


class TestLeaving:
    def test_who_leaves_is_gone(self, alice, bob):
        bob.leave()
        assert not bob.present
        assert alice.others == {}

    def test_who_vanishes_is_gone_too(self, alice, bob):
        bob.vanish()
        assert alice.others == {}
        assert bob.info.disconnect_reason is pb.DisconnectReason.CONNECTION_TIMEOUT

    def test_who_is_removed_knows_why(self, livekit_server, alice):
        livekit_server.run(
            livekit_server.api.room.remove_participant(api.RoomParticipantIdentity(room="standup", identity="alice"))
        )
        assert (alice.present, alice.farewell) == (False, pb.DisconnectReason.PARTICIPANT_REMOVED)
