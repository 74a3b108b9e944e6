"""Webhooks from a whole server to a real listener, as the official receiver sees them."""

import asyncio
import base64
import hashlib
import json
from collections import Counter

import jwt
import pytest
from livekit import api
from structlog.testing import capture_logs

from roomwright.config import WebhookUrl
from roomwright.config.event_names import EventFilter
from roomwright.webhooks import FILE, Store
from roomwright_proto import livekit as pb
from tests.serving import KEY, SECRET
from tests.webhooks.conftest import Hosting
from tests.webhooks.listener import Listener


async def test_a_rooms_life_arrives_in_order_and_whole(listener: Listener, hosting: Hosting):
    async with hosting(listener.url()) as host:
        await host.create("standup", metadata="m")
        await host.delete("standup")
        started, finished = await listener.until_named("room_started", "room_finished")
        assert started.event.id.startswith("EV_")
        assert started.event.id != finished.event.id
        assert started.event.created_at > 0
        assert (started.event.room.name, started.event.room.metadata) == ("standup", "m")
        assert len(started.event.room.enabled_codecs) == 10


async def test_headers_and_signature_are_the_official_ones(listener: Listener, hosting: Hosting):
    async with hosting(listener.url()) as host:
        await host.create("standup")
        (arrival,) = await listener.until_named("room_started")
    assert arrival.headers["Content-Type"] == "application/webhook+json"
    claims = jwt.decode(arrival.headers["Authorization"], SECRET, algorithms=["HS256"])  # no "Bearer"
    assert claims["iss"] == KEY
    assert claims["exp"] - claims["nbf"] == 300
    assert claims["sha256"] == base64.b64encode(hashlib.sha256(arrival.body).digest()).decode()
    assert int(arrival.headers["Roomwright-Sequence"]) > 0
    assert json.loads(arrival.body)["createdAt"].isdigit()


@pytest.mark.parametrize("status", [400, 500])
async def test_the_log_does_not_show_what_is_secret_in_a_url(listener: Listener, hosting: Hosting, status: int):
    listener.answer = lambda _event, _before: status
    with capture_logs() as logs:
        async with hosting(f"{listener.url()}?token=confidential") as host:
            await host.create("standup")
            await listener.until_named("room_started")
    assert {each["url"] for each in logs if "a webhook" in each["event"]} == {f"{listener.url()}?…"}
    assert "confidential" not in str(logs)


async def test_an_answered_calls_events_are_in_the_outbox_though_nobody_listens(hosting: Hosting, tmp_path):
    async with hosting("http://127.0.0.1:9/nobody") as host:
        for number in range(5):
            await host.create(f"room-{number}")
            rows = list(Store(tmp_path / "outbox" / FILE, create=False).rows(100))
            assert [row.room for row in rows] == [f"room-{each}" for each in range(number + 1)]


async def test_what_a_listener_missed_comes_in_order_in_the_next_life(listener: Listener, hosting: Hosting):
    await listener.stop()
    async with hosting(listener.url()) as host:
        for name in ("a", "b"):
            await host.create(name)
    await listener.start()
    async with hosting(listener.url()) as host:
        await host.create("a")
        await listener.until(lambda: len(listener.ledger) >= 5)
    by_room = {room: [a.event.event for a in listener.ledger if a.room == room] for room in "ab"}
    assert by_room["a"][:3] == ["room_started", "room_finished", "room_started"]
    assert by_room["b"] == ["room_started", "room_finished"]


async def test_a_redelivery_is_identical(listener: Listener, hosting: Hosting):
    listener.answer = lambda _event, before: 200 if before else 500
    async with hosting(listener.url()) as host:
        await host.create("standup")
        first, second = await listener.until_named("room_started", "room_started")
    assert first.body == second.body
    assert first.headers["Roomwright-Sequence"] == second.headers["Roomwright-Sequence"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
async def test_later_events_of_a_room_wait_and_other_rooms_do_not(listener: Listener, hosting: Hosting, status: int):
    quick_came = lambda: any(each.room == "quick" for each in listener.ledger)  # noqa: E731 - is said once
    listener.answer = lambda event, _before: status if event.room.name == "slow" and not quick_came() else 200
    async with hosting(listener.url()) as host:
        await host.create("slow")
        await host.delete("slow")
        await host.create("quick")
        await listener.until(lambda: len(listener.taken()) == 3)
        taken = [(event.room.name, event.event) for event in listener.taken()]
    assert taken == [
        ("quick", "room_started"),
        ("slow", "room_started"),
        ("slow", "room_finished"),
    ]


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 408, 425, 501])
async def test_a_refusal_is_not_repeated_but_kept_as_a_dead_letter(
    listener: Listener, hosting: Hosting, tmp_path, status: int
):
    listener.answer = lambda event, _before: status if event.event == "room_started" else 200
    listener.headers = {"Location": listener.url("/elsewhere")}
    async with hosting(listener.url()) as host:
        await host.create("standup")
        await host.delete("standup")
        await listener.until_named("room_started", "room_finished")
    (dead,) = Store(tmp_path / "outbox" / FILE, create=False).rows(10)
    assert (dead.state, dead.event, dead.error, dead.attempts) == ("dead", "room_started", f"HTTP {status}", 1)


async def test_a_url_that_hangs_delays_neither_rooms_nor_other_urls(listener: Listener, hosting: Hosting):
    async with Listener() as hanging:
        hanging.gate.clear()
        async with hosting(hanging.url(), listener.url()) as host:
            for number in range(50):
                await host.create(f"room-{number}")
            await listener.until(lambda: len(listener.taken()) == 50)
            assert hanging.ledger == []
            hanging.gate.set()
            await hanging.until(lambda: len(hanging.taken()) == 50)


async def test_one_rooms_deliveries_that_hang_do_not_delay_the_others(listener: Listener, hosting: Hosting):
    async with hosting(listener.url(), timeout=1) as host:
        listener.gate.clear()
        await host.create("first")
        await asyncio.sleep(0.1)  # its delivery hangs now
        listener.gate.set()
        await host.create("second")
        await listener.until(lambda: {a.room for a in listener.ledger} == {"first", "second"})


async def test_filters_are_those_of_the_url_then_those_of_all(listener: Listener, hosting: Hosting):
    only_muted = EventFilter(include_events=("room_metadata_changed",))
    async with hosting(
        listener.url("/all"),
        WebhookUrl(url=listener.url("/own"), filter_params=only_muted),
        filter_params=EventFilter(exclude_events=("room_started",)),
    ) as host:
        await host.create("r")
        await host.lk.room.update_room_metadata(api.UpdateRoomMetadataRequest(room="r", metadata="new"))
        await host.delete("r")
        await listener.until(lambda: len(listener.ledger) == 2)
    assert {arrival.path: arrival.event.event for arrival in listener.ledger} == {
        "/all": "room_finished",
        "/own": "room_metadata_changed",
    }
    assert {arrival.event.room.metadata for arrival in listener.ledger} == {"new"}


async def test_a_url_may_have_a_key_of_its_own(hosting: Hosting):
    other = {"other": "another-secret-of-thirty-two-characters"}
    async with (
        Listener(keys=other) as listener,
        hosting(WebhookUrl(url=listener.url(), api_key="other"), keys=other) as host,
    ):
        await host.create("standup")
        await listener.until_named("room_started")


async def test_an_egress_requests_own_webhooks_are_told_signed_with_its_key(hosting: Hosting, monkeypatch, tmp_path):
    """No URL is configured: the outbox is opened when the first such event comes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    other = {"other": "another-secret-of-thirty-two-characters"}
    async with Listener(keys=other) as listener, hosting(outbox_directory=None, keys=other) as host:
        ended = pb.FilterParams(exclude_events=["egress_updated"])
        hook = pb.WebhookConfig(url=listener.url(), signing_key="other", filter_params=ended)
        info = pb.EgressInfo(egress_id="EG_1", room_name="standup")
        feed = host.server.feed
        for name in ("egress_started", "egress_updated", "egress_ended"):
            feed.egress(name, info, [hook])
        started, ended = await listener.until_named("egress_started", "egress_ended")
        assert started.event.egress_info.egress_id == "EG_1"


async def test_a_call_waits_for_an_outbox_that_is_only_opened_now(hosting: Hosting, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with hosting(outbox_directory=None) as host:
        hook = pb.WebhookConfig(url="http://127.0.0.1:9/nobody", signing_key=KEY)
        host.server.feed.egress("egress_started", pb.EgressInfo(egress_id="EG_1"), [hook])
        await host.create("standup")
        (row,) = Store(tmp_path / "roomwright" / "outbox" / FILE, create=False).rows(10)
        assert (row.event, row.queue) == ("egress_started", "EG_1")


async def test_one_url_is_told_once_whether_configured_or_requested(listener: Listener, hosting: Hosting):
    async with hosting(listener.url()) as host:
        hook = pb.WebhookConfig(url=listener.url(), signing_key=KEY)
        host.server.feed.egress("egress_started", pb.EgressInfo(egress_id="EG_1"), [hook])
        host.server.feed.egress("egress_ended", pb.EgressInfo(egress_id="EG_1"), [hook])
        await listener.until_named("egress_started", "egress_ended")


async def test_a_listener_that_closes_every_connection_still_gets_each_event_once(hosting: Hosting, listener: Listener):
    listener.headers = {"Connection": "close"}
    async with hosting(listener.url()) as host:
        for number in range(20):
            await host.create(f"room-{number}")
        await listener.until(lambda: len(listener.taken()) == 20)
    assert max(Counter(a.event.id for a in listener.ledger).values()) == 1


async def test_a_dead_letter_that_is_replayed_from_outside_is_delivered(listener: Listener, hosting: Hosting, tmp_path):
    listener.answer = lambda _event, before: 200 if before else 400
    async with hosting(listener.url()) as host:
        await host.create("standup")
        await listener.until_named("room_started")
        outside = Store(tmp_path / "outbox" / FILE, create=False)
        for _ in range(100):
            if outside.replay(now_ms=1):
                break
            await asyncio.sleep(0.05)
        outside.close()
        await listener.until_named("room_started", "room_started")
