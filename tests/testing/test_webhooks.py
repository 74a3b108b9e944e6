"""The inbox gets the webhooks that the server really sends."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from livekit import api

from roomwright.testing import ThreadedServer, WaitedInVainError


async def test_events_arrive_in_order_as_official_messages(livekit_participant, webhook_inbox):
    alice = await livekit_participant.aio("alice", "standup")
    await alice.publish.aio("mic")
    await alice.leave.aio()
    left = await webhook_inbox.wait_for.aio("participant_left")
    assert isinstance(left.message, api.WebhookEvent)
    assert (left.room, left.participant) == ("standup", "alice")
    assert [each.event for each in webhook_inbox.received] == [
        "room_started",
        "participant_joined",
        "track_published",
        "track_unpublished",
        "participant_left",
    ]


def test_a_certain_one_is_waited_for(livekit_participant, webhook_inbox):
    for identity in ("alice", "bob"):
        livekit_participant(identity, "standup", metadata=identity.upper())
    assert webhook_inbox.wait_for("participant_joined", participant="bob").participant == "bob"
    assert webhook_inbox.wait_for("participant_joined").participant == "alice"
    started = webhook_inbox.wait_for("room_started", room="standup", where=lambda it: it.message.room.sid != "")
    assert str(started) == "room_started standup"


def test_who_waits_in_vain_is_told_what_came(livekit_participant, webhook_inbox):
    livekit_participant("alice", "standup")
    webhook_inbox.wait_for("participant_joined")
    with pytest.raises(WaitedInVainError) as caught:
        webhook_inbox.wait_for("room_finished", room="standup", timeout=0.05)
    assert str(caught.value) == (
        "no room_finished of room 'standup' within 0.05 s; "
        "what arrived: room_started standup, participant_joined standup alice"
    )


def test_an_event_that_there_is_not_is_told_at_once(webhook_inbox):
    with pytest.raises(ValueError, match=r"no event 'room_startd'; there are .*room_started"):
        webhook_inbox.wait_for("room_startd")


def test_who_waits_for_what_is_not_sent_is_told_what_sends_it(livekit_participant, webhook_inbox):
    alice = livekit_participant("alice", "standup")
    alice.mute(alice.publish("mic").sid)
    with pytest.raises(WaitedInVainError, match=r"sent only where webhook\.filter_params\.include_events names it"):
        webhook_inbox.wait_for("track_muted", timeout=0.05)


@pytest.mark.livekit(config={"webhook": {"filter_params": {"include_events": ["track_muted"]}}})
def test_what_is_sent_on_request_can_be_asked_for(livekit_participant, webhook_inbox):
    alice = livekit_participant("alice", "standup")
    alice.mute(alice.publish("mic").sid)
    assert webhook_inbox.wait_for("track_muted").participant == "alice"


def test_time_may_be_skipped_to_the_end_of_a_room(livekit_server, livekit_clock, webhook_inbox):
    request = api.CreateRoomRequest(name="standup", empty_timeout=300)
    livekit_server.run(livekit_server.api.room.create_room(request))
    livekit_clock.advance(300)
    ended = webhook_inbox.wait_for("room_finished")
    assert ended.message.created_at - ended.message.room.creation_time == pytest.approx(300, abs=5)


def test_a_delivery_that_fails_is_tried_again(livekit_participant, livekit_clock, webhook_inbox):
    webhook_inbox.fail(times=1)
    livekit_participant("alice", "standup")
    assert webhook_inbox.wait_for("room_started", timeout=60).room == "standup"
    assert webhook_inbox.wait_for("participant_joined", timeout=60).participant == "alice"


def test_failures_of_one_test_do_not_delay_the_next_one():
    with ThreadedServer() as server:
        url = server.url
        server.webhooks.fail()
        server.join("alice", "standup")
        server.reset()
        assert (server.url, server.webhooks.received) == (url, [])
        server.join("bob", "standup")
        assert server.webhooks.wait_for("participant_joined").participant == "bob"


def test_body_and_headers_are_there_for_a_handler_of_the_tested_program(
    livekit_server, livekit_participant, webhook_inbox
):
    livekit_participant("alice", "standup")
    webhook = webhook_inbox.wait_for("room_started")
    receiver = api.WebhookReceiver(api.TokenVerifier(livekit_server.api_key, livekit_server.api_secret))
    assert receiver.receive(webhook.body.decode(), webhook.headers["Authorization"]).room.name == "standup"
    assert webhook.headers["Content-Type"] == "application/webhook+json"


async def test_they_are_relayed_to_the_tested_program(livekit_participant, webhook_inbox):
    got: asyncio.Queue[api.WebhookEvent] = asyncio.Queue()

    async def program(request: web.BaseRequest) -> web.Response:
        receiver = api.WebhookReceiver(api.TokenVerifier())
        got.put_nowait(receiver.receive(await request.text(), request.headers["Authorization"]))
        return web.Response()

    listener = await asyncio.get_running_loop().create_server(web.Server(program), "127.0.0.1", 0)
    webhook_inbox.relay_to(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/hook")
    await livekit_participant.aio("alice", "standup")
    async with asyncio.timeout(20):
        assert [(await got.get()).event for _ in range(2)] == ["room_started", "participant_joined"]
    listener.close()


async def test_one_that_is_relayed_is_shown_when_the_program_has_answered(livekit_participant, webhook_inbox):
    done: list[str] = []

    async def program(request: web.BaseRequest) -> web.Response:
        body = await request.json()
        await asyncio.sleep(0.2)
        done.append(body["event"])
        return web.Response()

    listener = await asyncio.get_running_loop().create_server(web.Server(program), "127.0.0.1", 0)
    webhook_inbox.relay_to(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/hook")
    await livekit_participant.aio("alice", "standup")
    await webhook_inbox.wait_for.aio("participant_joined")
    assert done == ["room_started", "participant_joined"]
    listener.close()


def test_they_are_relayed_to_urls_alone(webhook_inbox):
    with pytest.raises(ValueError, match="url must be an http:// or https:// URL, not 'localhost:8000'"):
        webhook_inbox.relay_to("localhost:8000")


async def test_one_with_a_wrong_signature_is_not_shown_but_told_of(livekit_server, webhook_inbox):
    async with aiohttp.ClientSession() as session, session.post(webhook_inbox.url, data=b"{}") as answer:
        assert answer.status == 401
    assert webhook_inbox.received == []
    assert "webhooks with a bad signature:" in livekit_server.report()


def test_one_may_be_as_large_as_a_rooms_metadata_makes_it(livekit_server, webhook_inbox):
    request = api.CreateRoomRequest(name="standup", metadata="\x01" * 500_000)
    livekit_server.run(livekit_server.api.room.create_room(request))
    webhook = webhook_inbox.wait_for("room_started")
    assert len(webhook.message.room.metadata) == 500_000
    assert len(webhook.body) > 2_000_000


@pytest.mark.livekit(config={"webhook": {"filter_params": {"include_events": ["room_finished"]}}})
def test_the_configuration_chooses_events(livekit_participant, livekit_clock, webhook_inbox):
    livekit_participant("alice", "standup").leave()
    livekit_clock.advance(21)
    webhook_inbox.wait_for("room_finished")
    assert [each.event for each in webhook_inbox.received] == ["room_finished"]
