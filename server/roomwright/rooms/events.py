"""Everything that can happen to a room, in the past tense.

Events are what webhooks, event streams, metrics and egress live on. Each carries the whole room as it was when the
event had happened; the messages in it are snapshots: nobody changes them afterwards.
"""

from dataclasses import dataclass

from roomwright_proto import livekit as pb


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events have.

    `sequence` counts a room's events from 1 without gaps, over the room's life (a room created again under the same
    name has another sid and starts anew); `at_ns` is nanoseconds since the epoch.
    """

    sequence: int
    at_ns: int
    room: pb.Room


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomStarted(Event):
    """The room exists. Always the first event of a room. `egress` is what its configuration wants recorded."""

    egress: pb.RoomEgress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFinished(Event):
    """The room is gone. Always the last event of a room; `reason` says why."""

    reason: pb.RoomEndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMetadataChanged(Event):
    """The room's metadata was replaced; `previous` is the old text."""

    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantEvent(Event):
    """What all events of a participant have: the participant, with its tracks, after the event."""

    participant: pb.ParticipantInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantJoined(ParticipantEvent):
    """A participant's signalling is connected: it is listed, counted and visible to the others (state JOINED)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantActivated(ParticipantEvent):
    """A participant's media transport is connected (state ACTIVE). At most once per participant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantLeft(ParticipantEvent):
    """A participant is gone; `was_active` says whether it was ever ACTIVE. `participant.disconnect_reason` is set."""

    was_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantUpdated(ParticipantEvent):
    """Name, metadata or attributes changed; `changed_attributes` holds new values, "" for a deleted key."""

    previous_name: str
    previous_metadata: str
    changed_attributes: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantPermissionChanged(ParticipantEvent):
    """The participant's permission was replaced; `previous` is the old one."""

    previous: pb.ParticipantPermission


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantMoved(ParticipantEvent):
    """A participant went to another room.

    Told in the room that it left (followed there by its ParticipantLeft) with `destination` the other room's name.
    """

    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackEvent(ParticipantEvent):
    """What all events of a track have: the track after the event; `participant` is its publisher."""

    track: pb.TrackInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackPublished(TrackEvent):
    """A track can be subscribed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackUnpublished(TrackEvent):
    """A track is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackMuted(TrackEvent):
    """A track was muted, by its publisher or by the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackUnmuted(TrackEvent):
    """A track was unmuted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackSubscribed(TrackEvent):
    """`subscriber` (an identity) receives the track."""

    subscriber: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackUnsubscribed(TrackEvent):
    """`subscriber` (an identity) does not receive the track any more."""

    subscriber: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchCreated(Event):
    """An agent was asked for."""

    dispatch: pb.AgentDispatch


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchDeleted(Event):
    """A request for an agent was withdrawn."""

    dispatch: pb.AgentDispatch
