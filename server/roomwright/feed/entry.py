"""One entry of the feed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from roomwright import codec
from roomwright_proto import livekit as pb


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened.

    `sequence` grows from entry to entry, over all rooms, and from one life of the server to the next; within a life it
    has no gaps. `room` is the name of the room, empty where none is concerned. Entries of one `queue` (a room's name,
    or an egress id) are delivered in order. `webhooks` are receivers beside the configured ones. Nobody changes
    `message`.
    """

    sequence: int
    room: str
    queue: str
    message: pb.WebhookEvent
    webhooks: Sequence[pb.WebhookConfig] = ()

    def __repr__(self) -> str:
        return f"<Entry {self.sequence}: {self.name} in {self.queue!r}>"

    @property
    def name(self) -> str:
        """The event's name, such as `room_started`."""
        return self.message.event

    @cached_property
    def body(self) -> bytes:
        """The message as standard JSON, as webhooks and event streams carry it; made once."""
        return codec.to_json(self.message)

    @cached_property
    def outline(self) -> bytes:
        """The same with nobody in it: what happened in which room, for those who may know no more."""
        return codec.to_json(self._brief)

    def packed(self) -> "Entry":
        """The same for who keeps many: `body` and `outline` are as here, but of `message` only the outline is left.

        As objects a participant's attributes take some twenty times the memory that they take in `body`.
        """
        packed = replace(self, message=self._brief, webhooks=())
        packed.__dict__["body"] = bytes(memoryview(self.body))  # orjson's own hold on to the buffer they were made in
        return packed

    @property
    def _brief(self) -> pb.WebhookEvent:
        known = self.message
        return pb.WebhookEvent(
            event=known.event,
            room=known.room or (pb.Room(name=self.room) if self.room else None),
            id=known.id,
            created_at=known.created_at,
            room_end_reason=known.room_end_reason,
        )
