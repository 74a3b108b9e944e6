"""Every state meets every input."""

import pytest

from roomwright.config import RoomSettings
from roomwright.rooms import commands as c
from roomwright.rooms.inputs import handlers
from roomwright.rooms.states import TRANSITIONS, ParticipantState
from roomwright_proto import livekit as pb

CAMERA = pb.AddTrackRequest(cid="cam", type=pb.TrackType.VIDEO, source=pb.TrackSource.CAMERA)


def every_command(pending: str, track: str) -> list[c.Command]:
    return [
        c.Activate(),
        c.AddTrack(CAMERA),
        c.StartTrack(track_sid=pending),
        c.UnpublishTrack(track),
        c.MuteTrack(track, muted=True),
        c.DescribeTrack(pb.UpdateLocalVideoTrack(track_sid=track, width=1, height=2)),
        c.UpdateSelf(pb.UpdateParticipantMetadata(name="other")),
        c.SetSubscriptions((track,), subscribe=True),
        c.SetSubscriptionPermission(pb.SubscriptionPermission()),
        c.PublishDataTrack(pb.PublishDataTrackRequest(pub_handle=1, name="d")),
        c.UnpublishDataTrack(1),
        c.SetDataSubscriptions((pb.UpdateDataSubscriptionUpdate(track_sid="DTR_1", subscribe=True),)),
        c.SendPacket(pb.DataPacket(user=pb.UserPacket(payload=b"x"))),
        c.Leave(),
        c.Disconnect(),
    ]


NAMES = [type(command).__name__ for command in every_command("", "")]


def test_the_table_and_the_handlers_know_the_same_commands():
    commands = {type(command) for command in every_command("", "")}
    assert commands == set(handlers(None, None, RoomSettings()))
    assert commands == {command for row in TRANSITIONS.values() for command in row}
    assert set(TRANSITIONS) == set(ParticipantState)


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
@pytest.mark.parametrize("state", list(ParticipantState), ids=lambda state: state.name)
def test_every_state_meets_every_input(engine, state, number):
    engine.join("watcher")
    participant = engine.join("alice", active=state is not ParticipantState.JOINED, can_update_own_metadata=True)
    engine.say(participant, c.AddTrack(CAMERA))
    (pending,) = participant.pending
    track = engine.publish(participant)
    if state is ParticipantState.DISCONNECTED:
        engine.say(participant, c.Leave())
    assert participant.state is state
    before = participant.info()
    engine.forget()

    command = every_command(pending, track)[number]
    expected = TRANSITIONS[state].get(type(command))
    happened = engine.say(participant, command)

    assert participant.state is (expected or state)
    if expected is None:
        assert happened == []
        assert engine.inbox == {}
        assert participant.info() is before


def test_a_second_activation_is_no_event(engine):
    alice = engine.join("alice")
    assert engine.say(alice, c.Activate()) == []
