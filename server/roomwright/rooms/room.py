"""A room: its settings, who is in it, what it looks like from outside. What happens in it is in the modules beside."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING

from roomwright.rooms.instant import NS_PER_MS, NS_PER_SECOND, Instant
from roomwright.rooms.participant import Participant
from roomwright.rooms.track import Track
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.rooms.configuration import Configuration
    from roomwright.rooms.data import Nonces
    from roomwright.rooms.dispatches import Dispatches


class RoomState(Enum):
    """A room is OPEN until its end begins, then CLOSED for good."""

    OPEN = auto()
    CLOSED = auto()


class Room:
    """State of one room. Participants stand in order of joining; the engine's modules change it, through a `Turn`.

    `due` is when it ends unless somebody comes, in seconds on the monotonic scale; None while somebody is there for
    whom it is kept. `joined_once` says whether anybody was. `number` counts the rooms of a registry. `recorded` says
    whether the server records it, besides recorders that have joined. `subscription_limits` says how many tracks of a
    kind one participant receives; 0: as many as there are.
    """

    __slots__ = (
        "_snapshot",
        "codecs",
        "configuration",
        "created",
        "dispatches",
        "due",
        "joined_once",
        "metadata",
        "name",
        "nonces",
        "number",
        "participants",
        "recorded",
        "sequence",
        "sid",
        "sids",
        "state",
        "subscription_limits",
        "turn_password",
    )

    def __init__(
        self,
        name: str,
        sid: str,
        *,
        number: int,
        turn_password: str,
        configuration: "Configuration",
        codecs: list[pb.Codec],
        subscription_limits: Mapping[pb.TrackType, int],
        now: Instant,
    ) -> None:
        self.name = name
        self.sid = sid
        self.number = number
        self.turn_password = turn_password
        self.configuration = configuration
        self.codecs = codecs
        self.subscription_limits = subscription_limits
        self.metadata = configuration.metadata
        self.created = now
        self.state = RoomState.OPEN
        self.sequence = 0
        self.joined_once = False
        self.recorded = False
        self.due: float | None = now.monotonic + configuration.empty_timeout
        self.participants: dict[str, Participant] = {}
        self.sids: dict[str, Participant] = {}
        self.dispatches: Dispatches | None = None
        self.nonces: Nonces | None = None
        self._snapshot: pb.Room | None = None

    @property
    def open(self) -> bool:
        """Whether the room has not ended."""
        return self.state is RoomState.OPEN

    def snapshot(self) -> pb.Room:
        """The room as its API shows it; the same message until the room changes."""
        if self._snapshot is None:
            self._snapshot = self._make_snapshot()
        return self._snapshot

    def changed(self) -> None:
        """What is seen of it from outside may be different now."""
        self._snapshot = None

    def occupied(self) -> bool:
        """Whether somebody is there for whom the room is kept."""
        return any(not participant.dependent for participant in self.participants.values())

    def has_seat(self, identity: str) -> bool:
        """Whether one more may come who is counted. Who replaces somebody that is counted needs no further seat."""
        limit = self.configuration.max_participants
        if not limit or self.snapshot().num_participants < limit:
            return True
        namesake = self.participants.get(identity)
        return namesake is not None and not namesake.dependent

    def find_track(self, sid: str) -> tuple[Participant, Track] | None:
        """The published track of that sid and its publisher."""
        for participant in self.participants.values():
            if track := participant.tracks.get(sid):
                return participant, track
        return None

    def others(self, participant: Participant) -> list[Participant]:
        """Everybody else."""
        return [other for other in self.participants.values() if other is not participant]

    def _make_snapshot(self) -> pb.Room:
        everybody = self.participants.values()
        return pb.Room(
            sid=self.sid,
            name=self.name,
            empty_timeout=self.configuration.empty_timeout,
            departure_timeout=self.configuration.departure_timeout,
            max_participants=self.configuration.max_participants,
            creation_time=self.created.wall_ns // NS_PER_SECOND,
            creation_time_ms=self.created.wall_ns // NS_PER_MS,
            turn_password=self.turn_password,
            enabled_codecs=self.codecs,
            metadata=self.metadata,
            num_participants=sum(not participant.dependent for participant in everybody),
            num_publishers=sum(participant.is_publisher for participant in everybody),
            active_recording=self.recorded or any(participant.records for participant in everybody),
        )

    def __repr__(self) -> str:
        return f"<Room {self.name}: {self.state.name}, {len(self.participants)} participants>"
