"""What the engine's events become, in which order, and who hears them."""

import asyncio

import pytest

from roomwright import codec
from roomwright.clock import CountedIds, ManualClock
from roomwright.config.event_names import ALL_EVENTS, EVENTS, OPT_IN, EventFilter
from roomwright.errors import ServiceError
from roomwright.feed import Entry, Feed, check_webhooks
from roomwright.rooms import events as happened
from roomwright.sfu.fanout import Fanout
from roomwright_proto import livekit as pb

ROOM = pb.Room(sid="RM_1", name="standup", num_participants=1, metadata="m")
ALICE = pb.ParticipantInfo(sid="PA_1", identity="alice", name="Alice", metadata="new", attributes={"a": "1"})
MIC = pb.TrackInfo(sid="TR_1", name="mic")
BASE = {"sequence": 1, "at_ns": 1_750_000_000_900_000_000, "room": ROOM}


class World:
    """A feed, its backend's events, and what a listener heard."""

    def __init__(self) -> None:
        self.fanout = Fanout()
        self.feed = Feed(self.fanout.listen, CountedIds(), ManualClock())
        self.heard: list[Entry] = []
        self.stop = self.feed.listen(self.heard.append)

    def names(self, *events: happened.Event) -> list[str]:
        self.heard.clear()
        self.fanout.publish(list(events))
        self.feed.pump()
        return [entry.name for entry in self.heard]


@pytest.fixture
async def world():
    world = World()
    yield world
    world.stop()


def updated(**previous):
    known = {"previous_name": "Alice", "previous_metadata": "new", "changed_attributes": {}}
    return happened.ParticipantUpdated(**BASE, participant=ALICE, **{**known, **previous})


async def test_every_event_has_the_name_that_receivers_know(world):
    someone = {**BASE, "participant": ALICE}
    track = {**someone, "track": MIC}
    assert world.names(
        happened.RoomStarted(**BASE),
        happened.RoomMetadataChanged(**BASE, previous=""),
        happened.ParticipantActivated(**someone),
        happened.TrackPublished(**track),
        happened.TrackMuted(**track),
        happened.TrackUnmuted(**track),
        happened.ParticipantPermissionChanged(**someone, previous=pb.ParticipantPermission()),
        happened.TrackUnpublished(**track),
        happened.ParticipantLeft(**someone, was_active=True),
        happened.RoomFinished(**BASE, reason=pb.RoomEndReason(0)),
    ) == [
        "room_started",
        "room_metadata_changed",
        "participant_joined",
        "track_published",
        "track_muted",
        "track_unmuted",
        "participant_permission_changed",
        "track_unpublished",
        "participant_left",
        "room_finished",
    ]


async def test_who_was_never_active_has_neither_joined_nor_left(world):
    someone = {**BASE, "participant": ALICE}
    assert world.names(
        happened.ParticipantJoined(**someone), happened.ParticipantLeft(**someone, was_active=False)
    ) == ["participant_connection_aborted"]


@pytest.mark.parametrize(
    ("previous", "names"),
    [
        ({}, []),
        ({"previous_name": "Al"}, ["participant_name_changed"]),
        ({"previous_metadata": ""}, ["participant_metadata_changed"]),
        ({"changed_attributes": {"a": "1"}}, ["participant_attributes_changed"]),
        (
            {"previous_name": "", "previous_metadata": "", "changed_attributes": {"b": ""}},
            ["participant_name_changed", "participant_metadata_changed", "participant_attributes_changed"],
        ),
    ],
)
async def test_an_update_is_one_event_for_each_thing_that_changed(world, previous, names):
    assert world.names(updated(**previous)) == names


async def test_every_message_has_the_whole_room_an_id_and_a_time(world):
    world.names(happened.RoomStarted(**BASE), happened.TrackMuted(**BASE, participant=ALICE, track=MIC))
    for entry in world.heard:
        assert entry.message.room == ROOM
        assert entry.message.created_at == 1_750_000_000
        assert (entry.room, entry.queue) == ("standup", "standup")
    assert [entry.message.id for entry in world.heard] == ["EV_000000000001", "EV_000000000002"]


async def test_a_track_event_names_its_participant_by_sid_and_identity_alone(world):
    world.names(happened.TrackPublished(**BASE, participant=ALICE, track=MIC))
    assert world.heard[0].message.participant == pb.ParticipantInfo(sid="PA_1", identity="alice")
    assert world.heard[0].message.track == MIC


async def test_the_body_is_the_message_as_json(world):
    world.names(happened.ParticipantActivated(**BASE, participant=ALICE))
    entry = world.heard[0]
    assert codec.from_json(pb.WebhookEvent, entry.body) == entry.message
    assert entry.body is entry.body


async def test_numbers_have_no_gaps_and_go_on_in_a_later_life():
    clock = ManualClock()
    first = World()
    first.names(*[happened.RoomStarted(**BASE)] * 3)
    numbers = [entry.sequence for entry in first.heard]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    clock.advance(1)
    assert Feed(first.fanout.listen, CountedIds(), clock).next_sequence > numbers[-1]
    first.stop()


async def test_an_egress_event_comes_after_what_led_to_it_and_is_a_copy(world):
    info = pb.EgressInfo(egress_id="EG_1", room_name="standup", status=pb.EgressStatus.EGRESS_ACTIVE)
    hook = pb.WebhookConfig(url="http://a", signing_key="k")
    world.fanout.publish([happened.RoomStarted(**BASE)])
    world.feed.egress("egress_started", info, [hook], room=ROOM)
    info.egress_id = "changed"
    started, egress = world.heard
    assert started.name == "room_started"
    assert (egress.room, egress.queue, list(egress.webhooks)) == ("standup", "EG_1", [hook])
    assert egress.message.egress_info.egress_id == "EG_1"
    assert egress.message.room == ROOM


async def test_a_listener_hears_from_the_moment_it_listens_until_it_stops(world):
    world.fanout.publish([happened.RoomStarted(**BASE)])
    late: list[Entry] = []
    stop = world.feed.listen(late.append)
    world.fanout.publish([happened.RoomFinished(**BASE, reason=pb.RoomEndReason(0))])
    stop()
    world.names(happened.RoomStarted(**BASE))
    assert [entry.name for entry in late] == ["room_finished"]


async def test_entries_come_by_themselves(world):
    came = asyncio.Event()
    stop = world.feed.listen(lambda _entry: came.set())
    world.fanout.publish([happened.RoomStarted(**BASE)])
    async with asyncio.timeout(20):
        await came.wait()
    stop()


async def test_a_listener_that_fails_hurts_no_other(world):
    def broken(_entry):
        raise RuntimeError("no")

    stop = world.feed.listen(broken)
    late: list[Entry] = []
    stop_late = world.feed.listen(late.append)
    assert world.names(happened.RoomStarted(**BASE)) == ["room_started"]
    assert len(late) == 1
    stop()
    stop_late()


async def test_nobody_listens_and_nothing_is_kept():
    fanout = Fanout()
    feed = Feed(fanout.listen, CountedIds(), ManualClock())
    feed.egress("egress_started", pb.EgressInfo())
    feed.listen(lambda _entry: None)()
    assert len(fanout._streams) == 0


def test_names_of_ours_are_never_sent_unless_asked_for():
    everything = EventFilter()
    assert all(everything.wants(name) for name in EVENTS)
    assert not any(everything.wants(name) for name in OPT_IN)
    assert all(EventFilter(include_events=(name,)).wants(name) for name in ALL_EVENTS)


def test_what_is_included_wins_over_what_is_excluded():
    chosen = EventFilter(include_events=("room_started",), exclude_events=("room_started", "room_finished"))
    assert {name for name in ALL_EVENTS if chosen.wants(name)} == {"room_started"}
    rest = EventFilter(exclude_events=("room_started",))
    assert {name for name in ALL_EVENTS if rest.wants(name)} == set(EVENTS) - {"room_started"}


@pytest.mark.parametrize(
    ("webhook", "field"),
    [
        (pb.WebhookConfig(url="ftp://x", signing_key="key"), "webhooks[0].url"),
        (pb.WebhookConfig(url="http://[", signing_key="key"), "webhooks[0].url"),
        (pb.WebhookConfig(url="", signing_key="key"), "webhooks[0].url"),
        (pb.WebhookConfig(url="http://x:99999", signing_key="key"), "webhooks[0].url"),
        (pb.WebhookConfig(url="http://x/" + "y" * 3000, signing_key="key"), "webhooks[0].url"),
        (pb.WebhookConfig(url="http://x", signing_key="unknown"), "webhooks[0].signing_key"),
        (
            pb.WebhookConfig(url="http://x", signing_key="key", filter_params=pb.FilterParams(include_events=["no"])),
            "webhooks[0].filter_params.include_events",
        ),
    ],
)
def test_a_webhook_of_a_request_that_cannot_be_is_refused_by_field(webhook, field):
    with pytest.raises(ServiceError) as refused:
        check_webhooks([webhook], {"key"})
    assert refused.value.meta == {"argument": field}


def test_webhooks_of_a_request_are_few():
    good = pb.WebhookConfig(url="https://x/y?z", signing_key="key")
    check_webhooks([good] * 10, {"key"})
    with pytest.raises(ServiceError, match="at most 10"):
        check_webhooks([good] * 11, {"key"})
