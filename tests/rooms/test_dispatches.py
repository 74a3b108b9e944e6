"""Agent dispatches."""

import pytest

from roomwright.config import LimitSettings, RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright_proto import livekit as pb


def listed(engine, room="room", dispatch_id=""):
    request = pb.ListAgentDispatchRequest(room=room, dispatch_id=dispatch_id)
    return engine.api.list_dispatch(request).agent_dispatches


def create(engine, **fields):
    request = pb.CreateAgentDispatchRequest(**{"room": "room", "agent_name": "ag", **fields})
    return engine.call(engine.api.create_dispatch, request)


def delete(engine, dispatch_id, room="room"):
    request = pb.DeleteAgentDispatchRequest(room=room, dispatch_id=dispatch_id)
    return engine.call(engine.api.delete_dispatch, request)


def test_every_room_has_one_anonymous_dispatch_from_the_start(engine):
    engine.create()
    engine.clock.advance(5)
    (dispatch,) = listed(engine)
    assert dispatch.id.startswith("AD_")
    assert (dispatch.agent_name, dispatch.room) == ("", "room")
    assert dispatch.state == pb.AgentDispatchState(created_at=1_750_000_000_000_000_000)
    assert listed(engine) == [dispatch]


def test_a_room_made_with_agents_has_those_instead(engine):
    agents = [
        pb.RoomAgentDispatch(
            agent_name="a", metadata="m", restart_policy=pb.JobRestartPolicy.JRP_NEVER, attributes={"k": "v"}
        ),
        pb.RoomAgentDispatch(agent_name="b", deployment="prod"),
    ]
    engine.create(agents=agents)
    first, second = listed(engine)
    assert (first.agent_name, first.metadata, first.attributes) == ("a", "m", {"k": "v"})
    assert first.restart_policy is pb.JobRestartPolicy.JRP_NEVER
    assert (second.agent_name, second.deployment) == ("b", "prod")
    assert engine.names() == ["RoomStarted", "DispatchCreated", "DispatchCreated"]


def test_a_dispatch_is_created_listed_and_deleted(engine):
    engine.create()
    engine.clock.advance(1)
    dispatch = create(engine, metadata="md", attributes={"a": "b"}, deployment="prod")
    assert (dispatch.agent_name, dispatch.room, dispatch.metadata) == ("ag", "room", "md")
    assert dispatch.state == pb.AgentDispatchState(created_at=1_750_000_001_000_000_000)
    assert [one.agent_name for one in listed(engine)] == ["", "ag"]
    assert listed(engine, dispatch_id=dispatch.id) == [dispatch]
    assert delete(engine, dispatch.id) == dispatch
    assert [one.agent_name for one in listed(engine)] == [""]
    assert engine.names() == ["RoomStarted", "DispatchCreated", "DispatchDeleted"]


def test_an_unknown_id_is_an_empty_list_and_not_found_for_deletion(engine):
    engine.create()
    assert listed(engine, dispatch_id="AD_nope") == []
    with pytest.raises(ServiceError, match="AD_nope") as refused:
        delete(engine, "AD_nope")
    assert refused.value.code is Code.NOT_FOUND


def test_creating_makes_the_room(engine):
    assert create(engine).agent_name == "ag"
    assert engine.room() is not None


def test_creating_makes_no_room_where_that_is_off(make_engine):
    engine = make_engine(RoomSettings(auto_create=False))
    with pytest.raises(ServiceError) as refused:
        create(engine)
    assert refused.value.code is Code.NOT_FOUND


@pytest.mark.parametrize("call", [lambda e: listed(e, "nowhere"), lambda e: delete(e, "AD_x", "nowhere")])
def test_an_unknown_room_is_not_found_at_once(engine, call):
    with pytest.raises(ServiceError, match="requested room does not exist") as refused:
        call(engine)
    assert refused.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"deployment": "no spaces/allowed?"}, "position 2"),
        ({"deployment": "a\x01"}, "position 1"),
        ({"metadata": "m" * 65}, "metadata"),
        ({"attributes": {"k": "m" * 64}}, "attributes"),
        ({"room": "n" * 257}, "room name"),
    ],
)
def test_wrong_fields_are_refused_and_make_no_room(make_engine, fields, message):
    engine = make_engine(None, LimitSettings(max_metadata_size=64, max_attributes_size=64))
    with pytest.raises(ServiceError, match=message) as refused:
        create(engine, **fields)
    assert (refused.value.code, refused.value.meta) == (Code.INVALID_ARGUMENT, {})
    assert len(engine.rooms) == 0
