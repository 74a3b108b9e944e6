"""A participant: its state and the messages that wait for its client. It changes nothing by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.rooms import permission as permissions
from roomwright.rooms.commands import Join
from roomwright.rooms.instant import NS_PER_MS, NS_PER_SECOND, Instant
from roomwright.rooms.states import ParticipantState
from roomwright.rooms.track import Track
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.rooms.data_track import DataTrack
    from roomwright.rooms.room import Room
    from roomwright.rooms.rpc import RpcCall

_DEPENDENT_KINDS = (pb.ParticipantInfoKind.AGENT, pb.ParticipantInfoKind.EGRESS)


@dataclass(frozen=True, slots=True)
class TokenOutdated:
    """For the driver: the client's token no longer says what holds; send it a `refresh_token` made of `claims`."""

    claims: Claims


@dataclass(frozen=True, slots=True)
class SubscriptionChanged:
    """For the driver: its client receives `track` of `publisher` from now on, or does not any more."""

    publisher: "Participant"
    track: Track
    subscribed: bool


Message = pb.SignalResponse | pb.DataPacket | TokenOutdated | SubscriptionChanged
"""What waits in an outbox. Messages are shared between outboxes: whoever sends them does not change them.

Two belong to one client alone, and its driver completes them: `join` (what it knows of the transport) and `room_moved`
(a token).
"""


class Driver(Protocol):
    """Whoever carries a participant's messages to its client. The engine keeps it, and never calls it."""

    def attach(self, participant: "Participant") -> None:
        """This is whom you drive. Called once, before the first `receive`."""
        ...

    def receive(self, messages: list[Message]) -> None:
        """Send these to the client, in order. When the participant is not present any more, close the connection."""
        ...


class Choice:
    """What was decided about a subscription: by the client, or by the API, which overrides the permission."""

    __slots__ = ("forced", "subscribe")

    def __init__(self, subscribe: bool, forced: bool) -> None:
        self.subscribe = subscribe
        self.forced = forced


class Participant:
    """One client's presence in a room. It outlives a move to another room: `room` is where it is now.

    `announced` says whether others have ever been told of it (a hidden one is not); `records` whether it joined as a
    recorder; `received` counts the tracks that it receives, by their kind; `data_tracks` are
    by the publisher's number, `data_handles` the subscriber's numbers for what it receives; `origin` is the
    participant that a forwarded one mirrors (it has no client: its outbox stays empty).
    """

    __slots__ = (
        "_info",
        "announced",
        "attributes",
        "auto_subscribe",
        "auto_subscribe_data",
        "calls",
        "choices",
        "claims",
        "client",
        "data_choices",
        "data_handles",
        "data_tracks",
        "disconnect_reason",
        "driver",
        "identity",
        "is_publisher",
        "joined_ns",
        "kind",
        "last_data_handle",
        "metadata",
        "name",
        "origin",
        "outbox",
        "pending",
        "permission",
        "received",
        "records",
        "region",
        "room",
        "sid",
        "state",
        "subscription_permission",
        "tracks",
        "version",
        "was_active",
    )

    def __init__(self, room: "Room", sid: str, join: Join, now: Instant, origin: "Participant | None" = None) -> None:
        claims = join.claims
        self.room = room
        self.sid = sid
        self.identity = claims.identity
        self.name = claims.name
        self.metadata = claims.metadata
        self.attributes = merge_attributes({}, claims.attributes)
        self.kind = kind_of(claims)
        self.permission = permissions.from_grant(claims.video)
        self.claims = claims
        self.client = join.client
        self.region = join.region
        self.auto_subscribe = join.auto_subscribe
        self.auto_subscribe_data = join.auto_subscribe_data
        self.origin = origin
        self.records = self.permission.recorder or self.kind is pb.ParticipantInfoKind.EGRESS
        self.joined_ns = now.wall_ns
        self.state = ParticipantState.JOINED
        self.version = 1
        self.is_publisher = False
        self.announced = False
        self.was_active = False
        self.disconnect_reason = pb.DisconnectReason.UNKNOWN_REASON
        self.tracks: dict[str, Track] = {}
        self.pending: dict[str, Track] = {}
        self.choices: dict[str, Choice] = {}
        self.received: dict[pb.TrackType, int] = {}
        self.data_tracks: dict[int, DataTrack] = {}
        self.data_choices: dict[str, bool] = {}
        self.data_handles: dict[int, pb.DataTrackSubscriberHandlesPublishedDataTrack] = {}
        self.last_data_handle = 0
        self.subscription_permission: pb.SubscriptionPermission | None = None
        self.calls: dict[str, RpcCall] = {}
        self.outbox: list[Message] = []
        self.driver: Driver | None = None
        self._info: pb.ParticipantInfo | None = None

    @property
    def dependent(self) -> bool:
        """Whether it is in the room only for others: not counted, and keeps no room open."""
        return self.kind in _DEPENDENT_KINDS or self.permission.agent or self.permission.recorder

    @property
    def names(self) -> dict[str, str]:
        """Who it is, for the log."""
        return {"room": self.room.name, "identity": self.identity, "participant": self.sid}

    @property
    def present(self) -> bool:
        """Whether it is in its room."""
        return self.state is not ParticipantState.DISCONNECTED

    @property
    def active(self) -> bool:
        """Whether media and data can reach it."""
        return self.state is ParticipantState.ACTIVE

    def info(self) -> pb.ParticipantInfo:
        """A snapshot; the same one until the participant changes."""
        if self._info is None:
            self._info = self._make_info()
        return self._info

    def changed(self) -> None:
        """What others see of it is different now."""
        self.version += 1
        self._info = None

    def take_outbox(self) -> list[Message]:
        """The messages for its client since the last call, in order."""
        taken, self.outbox = self.outbox, []
        return taken

    def current_claims(self) -> Claims:
        """What a new token for this client must say."""
        return replace(
            self.claims,
            name=self.name,
            metadata=self.metadata,
            attributes=dict(self.attributes),
            video=self.current_grant(),
        )

    def current_grant(self) -> VideoGrant:
        """The `video` claim of a new token: what is allowed now, in the room where it is now."""
        return permissions.to_grant(self.permission, self.claims.video, self.room.name)

    def track(self, sid: str) -> Track | None:
        """Its track of that sid, published or only announced."""
        return self.tracks.get(sid) or self.pending.get(sid)

    def _make_info(self) -> pb.ParticipantInfo:
        return pb.ParticipantInfo(
            sid=self.sid,
            identity=self.identity,
            state=self.state.value,
            tracks=[track.info for track in self.tracks.values()],
            metadata=self.metadata,
            joined_at=self.joined_ns // NS_PER_SECOND,
            joined_at_ms=self.joined_ns // NS_PER_MS,
            name=self.name,
            version=self.version,
            permission=self.permission,
            region=self.region,
            is_publisher=self.is_publisher,
            kind=self.kind,
            attributes=dict(self.attributes),
            disconnect_reason=self.disconnect_reason,
            kind_details=[pb.ParticipantInfoKindDetail.FORWARDED] if self.origin else [],
            client_protocol=self.client.client_protocol,
            capabilities=list(self.client.capabilities),
            data_tracks=[track.info for track in self.data_tracks.values()],
        )

    def __repr__(self) -> str:
        return f"<Participant {self.identity}: {self.state.name}, {len(self.tracks)} tracks>"


def kind_of(claims: Claims) -> pb.ParticipantInfoKind:
    """The kind that a token asks for; STANDARD when it asks for none or for one that does not exist."""
    return _KINDS.get(claims.kind.lower(), pb.ParticipantInfoKind.STANDARD)


def merge_attributes(current: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """`current` with the changes, in order of the keys; an empty value deletes its key."""
    return {key: value for key, value in sorted({**current, **changes}.items()) if value}


_KINDS = {kind.name.lower(): kind for kind in pb.ParticipantInfoKind}
