"""What is kept for readers, and who may read what."""

import json
import tracemalloc

import pytest

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import CountedIds, ManualClock
from roomwright.events import Missed, Ring, asked, event, greeting, missed
from roomwright.events.ring import MOST_BYTES
from roomwright.feed import Entry, Feed
from roomwright.rooms import events as happened
from roomwright.sfu.fanout import Fanout
from roomwright_proto import livekit as pb

ALICE = pb.ParticipantInfo(sid="PA_1", identity="alice", metadata="secret")


@pytest.fixture
async def feed():
    fanout = Fanout()
    feed = Feed(fanout.listen, CountedIds(), ManualClock())
    feed.fanout = fanout
    return feed


def happen(feed: Feed, number: int, metadata: str = "") -> None:
    room = pb.Room(name="standup", metadata=metadata)
    feed.fanout.publish([happened.RoomStarted(sequence=1, at_ns=0, room=room)] * number)
    feed.pump()


async def test_a_reader_takes_what_came_since_it_is_there(feed: Feed):
    ring = Ring(feed, kept=10)
    reader = ring.reader(None)
    assert reader.take(9).entries == []
    happen(feed, 3)
    assert [len(reader.take(2).entries) for _ in range(3)] == [2, 1, 0]
    ring.end()


async def test_only_so_many_bytes_are_kept(feed: Feed):
    ring = Ring(feed, kept=1_000)
    reader = ring.reader(None)
    size = MOST_BYTES // 10
    for _ in range(15):
        happen(feed, 1, "x" * size)
    taken = reader.take(1_000)
    assert taken.gap == Missed(15 - len(taken.entries))
    assert 8 <= len(taken.entries) <= 10
    ring.end()


async def test_what_is_kept_takes_little_more_than_its_bytes(feed: Feed):
    """Attributes of a few bytes each are large as objects, and clients choose them."""
    ring = Ring(feed, kept=1_000)
    reader = ring.reader(None)
    _come_with_attributes(feed, 0)  # compiles the codec
    tracemalloc.start()
    for number in range(1, 50):
        _come_with_attributes(feed, number)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    entries = reader.take(1_000).entries
    assert taken < 2 * sum(len(entry.body) for entry in entries)
    assert json.loads(entries[7].body)["participant"]["attributes"]["7-9"] == "v"
    assert "participant" not in json.loads(entries[7].outline)
    ring.end()


def _come_with_attributes(feed: Feed, number: int) -> None:
    alice = pb.ParticipantInfo(identity="alice", attributes={f"{number}-{name}": "v" for name in range(1_000)})
    room = pb.Room(name="standup")
    feed.fanout.publish([happened.ParticipantActivated(sequence=1, at_ns=0, room=room, participant=alice)])
    feed.pump()


async def test_an_outline_says_what_happened_in_which_room_but_not_to_whom():
    room = pb.Room(name="standup", num_participants=1)
    message = pb.WebhookEvent(event="participant_joined", room=room, participant=ALICE, id="EV_1", created_at=5)
    entry = Entry(sequence=1, room="standup", queue="standup", message=message)
    assert json.loads(entry.outline) == {
        "event": "participant_joined",
        "room": {"name": "standup", "numParticipants": 1},
        "id": "EV_1",
        "createdAt": "5",
    }
    lister, admin = VideoGrant(room_list=True), VideoGrant(room_list=True, room_admin=True)
    assert asked({}, "", Claims(video=lister)).body(entry) == entry.outline
    assert asked({"room": "standup"}, "", Claims(video=lister)).body(entry) == entry.outline
    assert asked({}, "", Claims(video=admin)).body(entry) == entry.body
    assert asked({"room": "standup"}, "", Claims(video=admin)).body(entry) == entry.body
    assert asked({}, "", Claims(video=VideoGrant(room_list=True, room_admin=True, room="a"))).outlines
    assert not asked({"room": "a"}, "", Claims(video=VideoGrant(room_admin=True, room="a"))).outlines


def test_events_are_text_that_any_reader_understands():
    assert event(7, b'{"a":1}') == b'id: 7\ndata: {"a":1}\n\n'
    assert greeting(7) == b"retry: 1000\nid: 7\n\n"
    assert missed(Missed(3), 9) == b'event: missed\nid: 9\ndata: {"missed":3,"reason":"too far behind"}\n\n'
    assert b'"missed":null' in missed(Missed(None), 9)
