"""A whole server tells of a recording: by configured webhooks and the request's own, in order, signed officially."""

import json
from pathlib import Path

import aiohttp
import pytest
from livekit import api

from roomwright.app import Server
from roomwright.config import Config, EgressSettings, LoggingSettings, WebhookSettings, WebhookUrl
from roomwright.egress.planning import requests
from roomwright.egress.record import Record
from roomwright.egress.records import Journal
from roomwright_proto import livekit as pb
from tests.serving import KEY, SECRET, token
from tests.webhooks.listener import Listener


async def test_a_recording_is_told_of_in_order_to_everybody_who_asked(tmp_path: Path) -> None:
    async with Listener() as listener:
        config = Config(
            port=0,
            bind_addresses=("127.0.0.1",),
            keys={KEY: SECRET},
            logging=LoggingSettings(level="error"),
            webhook=WebhookSettings(urls=(WebhookUrl(url=listener.url()),), outbox_directory=str(tmp_path / "outbox")),
            egress=EgressSettings(directory=str(tmp_path), state_directory=str(tmp_path / "state")),
        )
        async with Server(config) as server, aiohttp.ClientSession() as client:

            async def call(method: str, **request) -> dict:
                headers = {"Authorization": f"Bearer {token()}"}
                async with client.post(f"{server.url}/twirp/livekit.{method}", json=request, headers=headers) as answer:
                    found = await answer.json()
                    assert answer.status == 200, found
                    return found

            await call("RoomService/CreateRoom", name="r")
            own = [{"url": listener.url("/own"), "signing_key": KEY}]
            files = [{"filepath": "told"}]
            started = await call(
                "Egress/StartRoomCompositeEgress", room_name="r", audio_only=True, file_outputs=files, webhooks=own
            )
            names = ["egress_started", "egress_updated", "egress_updated", "egress_ended"]

            def told(path: str) -> list[str]:
                return [event.event for event in listener.taken(path) if event.event.startswith("egress_")]

            await listener.until(lambda: told("/own") == names[:2])  # nobody is there: it begins after three seconds
            await call("Egress/StopEgress", egress_id=started["egress_id"])
            await listener.until(lambda: told("/own") == told("/hook") == names)
        last = listener.taken("/own")[-1]
        assert (last.egress_info.egress_id, last.room.name) == (started["egress_id"], "r")
        assert last.egress_info.file_results[0].size == (tmp_path / "told.ogg").stat().st_size
        manifest = json.loads((tmp_path / f"{started['egress_id']}.json").read_text())
        assert manifest["egress_id"] == started["egress_id"]


async def test_webhooks_of_a_request_are_told_of_an_end_that_came_with_the_servers(tmp_path: Path) -> None:
    async with Listener() as listener:
        own = pb.WebhookConfig(url=listener.url("/own?token=confidential"), signing_key=KEY)
        file = pb.EncodedFileOutput(filepath="told")
        request = pb.RoomCompositeEgressRequest(room_name="r", file_outputs=[file], webhooks=[own])
        record = Record.of(requests.room_composite(request), "EG_1", pb.Room(name="r", sid="RM_1"), 1)
        earlier = Journal(tmp_path / "state")
        earlier.write(record.to_store())
        await earlier.close()
        config = Config(
            port=0,
            bind_addresses=("127.0.0.1",),
            keys={KEY: SECRET},
            webhook=WebhookSettings(outbox_directory=str(tmp_path / "outbox")),
            egress=EgressSettings(directory=str(tmp_path), state_directory=str(tmp_path / "state")),
        )
        async with Server(config):
            (told,) = await listener.until_named("egress_ended")
    assert told.path == "/own"
    assert told.event.egress_info.status == api.EgressStatus.EGRESS_ABORTED
    assert "confidential" not in told.body.decode()


async def test_webhooks_that_cannot_be_kept_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    settings = EgressSettings(directory=str(tmp_path), state_directory=str(tmp_path / "state"))
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, egress=settings)
    own = [api.WebhookConfig(url="http://127.0.0.1:9/", signing_key=KEY)]
    files = [api.EncodedFileOutput(filepath="x")]
    request = api.RoomCompositeEgressRequest(room_name="r", audio_only=True, file_outputs=files, webhooks=own)
    async with Server(config) as server, api.LiveKitAPI(server.url, KEY, SECRET) as lk:
        await lk.room.create_room(api.CreateRoomRequest(name="r"))
        with pytest.raises(api.TwirpError, match=r"webhooks: webhook.outbox_directory: the outbox .*file") as caught:
            await lk.egress.start_room_composite_egress(request)
        assert caught.value.code == "failed_precondition"
        assert not (await lk.egress.list_egress(api.ListEgressRequest())).items
        del request.webhooks[:]
        assert (await lk.egress.start_room_composite_egress(request)).egress_id


async def test_webhooks_of_a_request_must_be_usable(tmp_path: Path) -> None:
    settings = EgressSettings(directory=str(tmp_path), state_directory=str(tmp_path / "state"))
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, egress=settings)
    async with Server(config) as server, aiohttp.ClientSession() as client:
        headers = {"Authorization": f"Bearer {token()}"}
        await client.post(f"{server.url}/twirp/livekit.RoomService/CreateRoom", json={"name": "r"}, headers=headers)
        for webhook, field in (
            ({"url": "nonsense", "signing_key": KEY}, "webhooks[0].url"),
            ({"url": "http://127.0.0.1/", "signing_key": "other"}, "webhooks[0].signing_key"),
        ):
            request = {"room_name": "r", "file_outputs": [{"filepath": "x"}], "webhooks": [webhook]}
            url = f"{server.url}/twirp/livekit.Egress/StartRoomCompositeEgress"
            async with client.post(url, json=request, headers=headers) as answer:
                assert (answer.status, (await answer.json())["meta"]) == (400, {"argument": field})
