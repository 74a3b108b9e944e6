"""The official receivers take what this server delivers, and refuse what was changed on the way."""

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

import pytest
from livekit import api

from roomwright.app import Server
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Config, WebhookSettings, WebhookUrl
from roomwright.config.event_names import ALL_EVENTS, EVENTS, EventFilter
from roomwright.sfu.backend import Caller
from roomwright.sfu.memory import MemoryBackend
from roomwright_proto import livekit as pb
from tests.polyglot.programs import RECEIVERS, Program
from tests.serving import KEY, SECRET
from tests.support import skip_or_fail
from tests.webhooks.listener import Arrival, Listener

_CALLER = Caller()
ENVIRONMENT = {"LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}
HAPPENED = {name for name in ALL_EVENTS if not name.startswith(("ingress", "agent"))}


async def meeting(server: Server, backend: MemoryBackend) -> None:
    """A room in which everything happens that there is a webhook for."""
    await backend.create_room(pb.CreateRoomRequest(name="Größe 😀", metadata='{"a": "<&>\u2028"}'), _CALLER)
    guest = VideoGrant(room_join=True, room="Größe 😀", can_update_own_metadata=True)
    alice = await backend.join("Größe 😀", Claims(identity="alice", video=guest))
    track = await alice.publish("mic", source=pb.TrackSource.MICROPHONE)
    identity = {"room": "Größe 😀", "identity": "alice"}
    for muted in (True, False):
        await alice.mute(track.sid, muted)
    change = pb.UpdateParticipantRequest(
        **identity,
        name="Alice",
        metadata="new",
        attributes={"k": "v"},
        permission=pb.ParticipantPermission(can_subscribe=True),
    )
    await backend.update_participant(change, _CALLER)
    await backend.update_room_metadata(pb.UpdateRoomMetadataRequest(room="Größe 😀", metadata="other"), _CALLER)
    for name in ("egress_started", "egress_updated", "egress_ended"):
        server.feed.egress(name, pb.EgressInfo(egress_id="EG_1", room_name="Größe 😀"))
    await alice.leave()
    await backend.delete_room(pb.DeleteRoomRequest(room="Größe 😀"), _CALLER)


async def recorded(folder: Path) -> list[Arrival]:
    """Real deliveries of every event, as they came over the socket."""
    everything = EventFilter(include_events=tuple(sorted(ALL_EVENTS)))
    backend = MemoryBackend(clock=SystemClock(), ids=RandomIds())
    async with Listener() as listener:
        urls = (WebhookUrl(url=listener.url(), filter_params=everything),)
        webhook = WebhookSettings(urls=urls, outbox_directory=str(folder))
        config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, webhook=webhook)
        async with Server(config, backend=backend) as server:
            await meeting(server, backend)
            await listener.until(lambda: listener.taken()[-1:] and listener.taken()[-1].event == "room_finished")
        return listener.ledger


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> list[Arrival]:
    return asyncio.run(recorded(tmp_path_factory.mktemp("outbox")))


def told(arrival: Arrival) -> str:
    """What a program shall print of a delivery."""
    event = arrival.event
    who = (event.room.name, event.participant.identity, event.track.name, event.egress_info.egress_id)
    return " ".join([event.event, event.id, str(event.created_at), *(each or "-" for each in who)])


def line(arrival: Arrival) -> str:
    parts = arrival.headers["Authorization"].encode(), arrival.body
    return " ".join(base64.b64encode(part).decode() for part in parts)


def tampered(arrival: Arrival) -> list[Arrival]:
    """The same with another body, another body's signature, a signature of somebody else, and none."""
    header, payload, signature = arrival.headers["Authorization"].split(".")
    claims = api.TokenVerifier(KEY, SECRET).verify(arrival.headers["Authorization"])
    forged = api.AccessToken(KEY, "another-secret-of-thirty-two-characters").with_sha256(claims.sha256).to_jwt()
    other = api.AccessToken(KEY, SECRET).with_sha256(base64.b64encode(b"\0" * 32).decode()).to_jwt()
    return [
        replace(arrival, body=arrival.body.replace(b"EV_", b"EW_")),
        replace(arrival, body=arrival.body + b" "),
        *(
            replace(arrival, headers={"Authorization": authorization})
            for authorization in (forged, other, f"{header}.{payload}.{signature[::-1]}", f"{header}.{payload}.", "x")
        ),
    ]


def takes_what_is_genuine(program: Program, deliveries: list[Arrival]) -> None:
    forgeries = tampered(deliveries[0])
    lines = program.lines(ENVIRONMENT, "".join(f"{line(each)}\n" for each in [*deliveries, *forgeries]))
    assert lines == [*map(told, deliveries), *["refused"] * len(forgeries)]


def test_there_is_a_delivery_of_every_event(deliveries: list[Arrival]) -> None:
    assert {arrival.event.event for arrival in deliveries} == HAPPENED - {"participant_connection_aborted"}
    assert set(EVENTS) <= ALL_EVENTS


def test_python(deliveries: list[Arrival]) -> None:
    takes_what_is_genuine(RECEIVERS[0], deliveries)


@pytest.mark.polyglot
@pytest.mark.parametrize("program", [pytest.param(program, id=program.language) for program in RECEIVERS[1:]])
def test_other_languages(program: Program, deliveries: list[Arrival]) -> None:
    missing = program.missing_tools()
    if missing:
        skip_or_fail(f"{program.language} needs {' and '.join(missing)} on PATH")
    takes_what_is_genuine(program, deliveries)
