"""Rooms: made, found, listed, changed, ended."""

import pytest

from roomwright.config import LimitSettings, RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms.events import RoomFinished, RoomMetadataChanged, RoomStarted
from roomwright.rooms.room import RoomState
from roomwright_proto import livekit as pb

PRESET = pb.RoomConfiguration(
    empty_timeout=111,
    departure_timeout=22,
    max_participants=7,
    metadata="preset-meta",
    agents=[pb.RoomAgentDispatch(agent_name="helper")],
)


def test_a_new_room_has_the_defaults_and_every_field(engine):
    room = engine.create()
    assert room.name == "room"
    assert (room.empty_timeout, room.departure_timeout, room.max_participants) == (300, 20, 0)
    assert room.creation_time == 1_750_000_000
    assert room.creation_time_ms == 1_750_000_000_000
    assert room.sid.startswith("RM_")
    assert room.turn_password
    assert [codec.mime for codec in room.enabled_codecs][:3] == ["audio/PCMU", "audio/PCMA", "audio/opus"]
    assert len(room.enabled_codecs) == 10
    assert (room.metadata, room.num_participants, room.num_publishers, room.active_recording) == ("", 0, 0, False)
    assert room.version is None


def test_creating_a_live_room_again_changes_nothing_and_tells_nobody(engine):
    first = engine.create(empty_timeout=5, metadata="old")
    engine.forget()
    again = engine.create(
        empty_timeout=50, departure_timeout=60, max_participants=9, metadata="new", room_preset="nope"
    )
    assert again == first
    assert engine.happened == []


def test_zero_means_the_default_and_other_values_are_kept(engine):
    room = engine.create(empty_timeout=0, departure_timeout=1, max_participants=2)
    assert (room.empty_timeout, room.departure_timeout, room.max_participants) == (300, 1, 2)


@pytest.mark.parametrize("name", ["", "g with space", "a/b", "😀", "\x00", "\t", "G-CASE", ".", "n" * 256])
def test_a_name_may_be_any_text_of_256_bytes(engine, name):
    assert engine.create(name).name == name
    assert [room.name for room in engine.api.list_rooms(pb.ListRoomsRequest(names=[name])).rooms] == [name]


@pytest.mark.parametrize("name", ["n" * 257, "é" * 129])
def test_a_longer_name_is_refused_in_bytes(engine, name):
    with pytest.raises(ServiceError, match="room name length exceeds limits") as refused:
        engine.create(name)
    assert (refused.value.code, refused.value.meta) == (Code.INVALID_ARGUMENT, {})
    assert len(engine.rooms) == 0


@pytest.mark.parametrize(
    ("fields", "argument"),
    [
        ({"metadata": "m" * 524_289}, "metadata size exceeds limits"),
        ({"agents": [pb.RoomAgentDispatch(metadata="m" * 524_289)]}, "metadata size exceeds limits"),
        ({"agents": [pb.RoomAgentDispatch(attributes={"k": "m" * 65_536})]}, "attribute size exceeds limits"),
    ],
)
def test_what_is_too_large_is_refused_and_named_in_meta(engine, fields, argument):
    with pytest.raises(ServiceError) as refused:
        engine.create(**fields)
    assert (refused.value.code, refused.value.meta) == (Code.INVALID_ARGUMENT, {"argument": argument})
    assert engine.room() is None


def test_metadata_of_exactly_the_limit_is_accepted(engine):
    assert len(engine.create(metadata="m" * 524_288).metadata) == 524_288


@pytest.mark.parametrize(
    "egress",
    [
        pb.RoomEgress(room=pb.RoomCompositeEgressRequest()),
        pb.RoomEgress(participant=pb.AutoParticipantEgress()),
        pb.RoomEgress(tracks=pb.AutoTrackEgress()),
    ],
)
def test_egress_is_refused_by_name_rather_than_ignored(engine, egress):
    with pytest.raises(ServiceError, match="egress") as refused:
        engine.create(egress=egress)
    assert refused.value.code is Code.UNIMPLEMENTED
    assert engine.room() is None


def test_an_egress_that_asks_for_nothing_is_accepted(engine):
    assert engine.create(egress=pb.RoomEgress()).name == "room"


def test_a_preset_fills_what_the_request_leaves_out(make_engine):
    engine = make_engine(RoomSettings(room_configurations={"a": PRESET}))
    room = engine.create(room_preset="a", departure_timeout=5)
    assert (room.empty_timeout, room.departure_timeout, room.max_participants) == (111, 5, 7)
    assert room.metadata == "preset-meta"
    dispatches = engine.api.list_dispatch(pb.ListAgentDispatchRequest(room="room")).agent_dispatches
    assert [dispatch.agent_name for dispatch in dispatches] == ["helper"]


def test_an_unknown_preset_is_refused_for_a_new_room(engine):
    with pytest.raises(ServiceError, match="'nope'") as refused:
        engine.create(room_preset="nope")
    assert refused.value.code is Code.INVALID_ARGUMENT
    assert engine.room() is None


def test_a_preset_with_egress_is_refused(make_engine):
    preset = pb.RoomConfiguration(egress=pb.RoomEgress(tracks=pb.AutoTrackEgress()))
    engine = make_engine(RoomSettings(room_configurations={"a": preset}))
    with pytest.raises(ServiceError, match="egress"):
        engine.create(room_preset="a")


def test_configured_defaults_and_limits_apply(make_engine):
    settings = RoomSettings(empty_timeout=60, departure_timeout=3, max_participants=5)
    engine = make_engine(settings, LimitSettings(max_room_name_length=16, max_metadata_size=64))
    assert engine.create("1234567890123456", metadata="m" * 64).max_participants == 5
    with pytest.raises(ServiceError):
        engine.create("12345678901234567")


def test_rooms_are_listed_in_order_of_creation_and_once(engine):
    for name in ("b", "a", "c"):
        engine.create(name)
    assert [room.name for room in engine.api.list_rooms(pb.ListRoomsRequest()).rooms] == ["b", "a", "c"]
    named = engine.api.list_rooms(pb.ListRoomsRequest(names=["c", "nope", "b", "c"]))
    assert [room.name for room in named.rooms] == ["b", "c"]


def test_neither_prefixes_nor_sids_nor_other_cases_find_a_room(engine):
    sid = engine.create().sid
    assert engine.api.list_rooms(pb.ListRoomsRequest(names=["roo", sid, "ROOM"])).rooms == []


def test_a_deleted_room_is_gone_and_may_be_made_anew(engine):
    first = engine.create()
    engine.call(engine.api.delete_room, pb.DeleteRoomRequest(room="room"))
    assert engine.names() == ["RoomStarted", "RoomFinished"]
    assert engine.happened[-1].reason is pb.RoomEndReason.ROOM_END_API_DELETE
    assert engine.room() is None
    assert engine.create().sid != first.sid


@pytest.mark.parametrize("call", ["delete_room", "update_room_metadata"])
def test_an_unknown_room_is_not_found(engine, call):
    request = {"delete_room": pb.DeleteRoomRequest, "update_room_metadata": pb.UpdateRoomMetadataRequest}[call]
    with pytest.raises(ServiceError, match="requested room does not exist: 'nope'") as refused:
        engine.call(getattr(engine.api, call), request(room="nope"))
    assert refused.value.code is Code.NOT_FOUND


def test_metadata_is_replaced_and_everybody_told(engine):
    alice = engine.join("alice")
    answer = engine.call(engine.api.update_room_metadata, pb.UpdateRoomMetadataRequest(room="room", metadata="m1"))
    assert answer == engine.room()
    assert answer.metadata == "m1"
    assert engine.mail(alice, "room_update")[-1].room.metadata == "m1"
    event = engine.happened[-1]
    assert isinstance(event, RoomMetadataChanged)
    assert (event.previous, event.room.metadata) == ("", "m1")


def test_empty_metadata_clears(engine):
    engine.create(metadata="old")
    assert engine.call(engine.api.update_room_metadata, pb.UpdateRoomMetadataRequest(room="room")).metadata == ""


def test_metadata_that_is_too_large_changes_nothing(engine):
    engine.create(metadata="old")
    request = pb.UpdateRoomMetadataRequest(room="room", metadata="m" * 524_289)
    with pytest.raises(ServiceError) as refused:
        engine.call(engine.api.update_room_metadata, request)
    assert refused.value.meta == {"argument": "metadata size exceeds limits"}
    assert engine.room().metadata == "old"


def test_a_snapshot_is_the_same_until_the_room_changes(engine):
    engine.create()
    first = engine.room()
    assert engine.room() is first
    engine.join("alice")
    assert engine.room() is not first
    assert first.num_participants == 0


def test_an_event_shows_the_room_as_it_was_then(engine):
    engine.join("alice")
    engine.join("bob")
    joined = [event for event in engine.happened if type(event).__name__ == "ParticipantJoined"]
    assert [event.room.num_participants for event in joined] == [1, 2]


def test_shutting_down_ends_every_room(engine):
    engine.create("a")
    bob = engine.join("bob", "b")
    engine.rooms.shut_down(engine.now)
    engine.drain()
    ends = [event for event in engine.happened if isinstance(event, RoomFinished)]
    assert [event.reason for event in ends] == [pb.RoomEndReason.ROOM_END_SERVER_SHUTDOWN] * 2
    assert engine.mail(bob, "leave")[0].reason is pb.DisconnectReason.SERVER_SHUTDOWN
    assert len(engine.rooms) == 0


def test_repr_shows_the_state(engine):
    engine.join("alice")
    room = engine.rooms.get("room")
    assert repr(room) == "<Room room: OPEN, 1 participants>"
    assert repr(engine.rooms) == "<Rooms: 1 open>"
    assert room.state is RoomState.OPEN


def test_the_first_event_of_a_room_is_its_start(engine):
    engine.create(agents=[pb.RoomAgentDispatch(agent_name="a")])
    assert isinstance(engine.happened[0], RoomStarted)
    assert engine.names() == ["RoomStarted", "DispatchCreated"]


def test_streams_are_kept_in_step_when_the_request_or_its_preset_says_so(make_engine):
    engine = make_engine(RoomSettings(room_configurations={"stepped": pb.RoomConfiguration(sync_streams=True)}))
    for name, fields in {"plain": {}, "asked": {"sync_streams": True}, "preset": {"room_preset": "stepped"}}.items():
        engine.create(name=name, **fields)
        assert engine.rooms.find(name).configuration.sync_streams is (name != "plain")
