"""Coming, becoming active, going; and the end of a room."""

from roomwright.rooms import data_tracks, rpc, subscriptions, tracks
from roomwright.rooms.commands import Activate, Disconnect, Leave
from roomwright.rooms.events import ParticipantActivated, ParticipantJoined, ParticipantLeft, RoomFinished
from roomwright.rooms.participant import Participant, TokenOutdated
from roomwright.rooms.room import RoomState
from roomwright.rooms.states import ParticipantState
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

_Reason = pb.DisconnectReason


def enter(turn: Turn, participant: Participant) -> None:
    """Add a participant; whoever is there under its identity goes first."""
    room = turn.room
    if previous := room.participants.get(participant.identity):
        send_away(turn, previous, _Reason.DUPLICATE_IDENTITY)
    participant.room = room
    room.participants[participant.identity] = participant
    room.sids[participant.sid] = participant
    room.changed()
    turn.newcomer = participant
    turn.emit(ParticipantJoined, participant=participant.info())


def welcome(turn: Turn, participant: Participant) -> None:
    """Send a newcomer the first message of its connection; the driver adds what it knows about the transport."""
    join = pb.JoinResponse(
        room=turn.room.snapshot(), participant=participant.info(), other_participants=visible_to(participant)
    )
    turn.post(participant, pb.SignalResponse(join=join))
    turn.post(participant, TokenOutdated(participant.current_claims()))
    turn.announce(participant, to_self=False)


def visible_to(participant: Participant) -> list[pb.ParticipantInfo]:
    """Those whom a newcomer is told of."""
    return [other.info() for other in participant.room.others(participant) if not other.permission.hidden]


def activate(turn: Turn, participant: Participant, _: Activate | None = None) -> None:
    """The media transport is there: media and data can flow. Nothing happens the second time."""
    if participant.active:
        return
    participant.state = ParticipantState.ACTIVE
    participant.was_active = True
    participant.changed()
    turn.emit(ParticipantActivated, participant=participant.info())
    turn.announce(participant)
    subscriptions.welcome(turn, participant)
    data_tracks.settle_subscriber(turn, participant)


def leave(turn: Turn, participant: Participant, command: Leave) -> None:
    """The client goes: it gets its good-bye back."""
    send_away(turn, participant, command.reason)


def disconnect(turn: Turn, participant: Participant, command: Disconnect) -> None:
    """The client is gone without a word."""
    depart(turn, participant, command.reason)


def send_away(turn: Turn, participant: Participant, reason: pb.DisconnectReason) -> None:
    """Tell the client that it is out, and why; the driver closes the connection after this message."""
    turn.post(participant, pb.SignalResponse(leave=pb.LeaveRequest(reason=reason)))
    depart(turn, participant, reason)


def depart(turn: Turn, participant: Participant, reason: pb.DisconnectReason) -> None:
    """Take a participant out of the room, with all that hangs on it."""
    room = turn.room
    rpc.abandon(turn, participant)
    subscriptions.end_subscriber(turn, participant)
    data_tracks.end_subscriber(turn, participant)
    for track in list(participant.tracks.values()):
        tracks.end(turn, participant, track)
    for data_track in list(participant.data_tracks.values()):
        data_tracks.end(turn, participant, data_track)
    participant.pending.clear()
    del room.participants[participant.identity]
    del room.sids[participant.sid]
    participant.state = ParticipantState.DISCONNECTED
    participant.disconnect_reason = reason
    participant.changed()
    room.changed()
    turn.emit(ParticipantLeft, participant=participant.info(), was_active=participant.was_active)
    turn.announce(participant, to_self=False)


def close(turn: Turn, reason: pb.RoomEndReason, told: pb.DisconnectReason) -> None:
    """End the room: everybody goes, without being told of the others, then the last event comes."""
    room = turn.room
    room.state = RoomState.CLOSED
    room.due = None
    for participant in list(room.participants.values()):
        send_away(turn, participant, told)
    turn.emit(RoomFinished, reason=reason)
