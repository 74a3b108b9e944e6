"""One input to a room, from its arrival to the last of its consequences."""

from typing import TYPE_CHECKING, Any

from roomwright.rooms.events import Event
from roomwright.rooms.instant import Instant
from roomwright.rooms.participant import Message, Participant
from roomwright.rooms.room import Room
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.rooms.rpc import RpcCall


class Turn:
    """Collects what an input leads to: events, in order, and messages for clients.

    Whoever changes the room does so at `now`, says `room.changed()` or `participant.changed()`, and emits the event
    after the change, because an event shows the room as it is then.
    """

    __slots__ = ("_before", "calls", "events", "mail", "newcomer", "now", "room")

    def __init__(self, room: Room, now: Instant) -> None:
        self.room = room
        self.now = now
        self.events: list[Event] = []
        self.mail: dict[Participant, None] = {}
        self.calls: list[RpcCall] = []
        self.newcomer: Participant | None = None
        self._before = room.snapshot()

    def emit(self, event: type[Event], **fields: Any) -> None:
        """Add an event of that type; number, time and room are filled in."""
        room = self.room
        room.sequence += 1
        self.events.append(event(sequence=room.sequence, at_ns=self.now.wall_ns, room=room.snapshot(), **fields))

    def post(self, participant: Participant, message: Message) -> None:
        """Put a message into a participant's outbox. A forwarded participant has no client to read it."""
        if participant.origin is None:
            participant.outbox.append(message)
            self.mail[participant] = None

    def announce(self, participant: Participant, *, to_self: bool = True) -> None:
        """Show a participant as it is now to those who may see it, and to itself.

        One that was made hidden is shown only once more: when it goes.
        """
        message = pb.SignalResponse(update=pb.ParticipantUpdate(participants=[participant.info()]))
        if to_self:
            self.post(participant, message)
        if not self.room.open or self._unseen(participant):
            return
        participant.announced = True
        for other in self.room.others(participant):
            self.post(other, message)

    @staticmethod
    def _unseen(participant: Participant) -> bool:
        return participant.permission.hidden and (participant.present or not participant.announced)

    def finish(self) -> None:
        """Tell those who are there what is new about the room itself. The last thing of a turn."""
        room, after = self.room, self.room.snapshot()
        if not room.open or after is self._before or _same(self._before, after):
            return
        message = pb.SignalResponse(room_update=pb.RoomUpdate(room=after))
        for participant in room.participants.values():
            if participant is not self.newcomer:
                self.post(participant, message)


def _same(one: pb.Room, other: pb.Room) -> bool:
    """Whether two snapshots of a room differ in nothing that changes during its life."""
    return (
        one.num_participants == other.num_participants
        and one.num_publishers == other.num_publishers
        and one.active_recording == other.active_recording
        and one.metadata == other.metadata
    )
