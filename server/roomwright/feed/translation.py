"""From what happened in the engine to what listeners are told: which event has which name and carries what."""

from collections.abc import Iterator

from roomwright.rooms import events
from roomwright_proto import livekit as pb

_NS = 1_000_000_000


def messages(event: events.Event) -> Iterator[pb.WebhookEvent]:
    """The messages that stand for an event: none, one, or one for each thing that changed. Without ids."""
    for name in _names(event):
        message = pb.WebhookEvent(event=name, room=event.room, created_at=event.at_ns // _NS)
        _fill(message, event)
        yield message


def _names(event: events.Event) -> Iterator[str]:
    match event:
        case events.ParticipantLeft(was_active=was_active):
            yield "participant_left" if was_active else "participant_connection_aborted"
        case events.ParticipantUpdated():
            yield from _changes(event)
        case _ if name := _NAMES.get(type(event)):
            yield name
        case _:
            return


def _changes(event: events.ParticipantUpdated) -> Iterator[str]:
    if event.participant.name != event.previous_name:
        yield "participant_name_changed"
    if event.participant.metadata != event.previous_metadata:
        yield "participant_metadata_changed"
    if event.changed_attributes:
        yield "participant_attributes_changed"


def _fill(message: pb.WebhookEvent, event: events.Event) -> None:
    match event:
        case events.TrackEvent(participant=participant, track=track):
            message.participant = pb.ParticipantInfo(sid=participant.sid, identity=participant.identity)
            message.track = track
        case events.ParticipantEvent(participant=participant):
            message.participant = participant
        case events.RoomFinished(reason=reason):
            message.room_end_reason = reason
        case _:
            pass


_NAMES: dict[type[events.Event], str] = {
    events.RoomStarted: "room_started",
    events.RoomFinished: "room_finished",
    events.RoomMetadataChanged: "room_metadata_changed",
    events.ParticipantActivated: "participant_joined",
    events.ParticipantPermissionChanged: "participant_permission_changed",
    events.TrackPublished: "track_published",
    events.TrackUnpublished: "track_unpublished",
    events.TrackMuted: "track_muted",
    events.TrackUnmuted: "track_unmuted",
}
"""Events that have one name. A participant has joined when its media is connected; others have none, such as
subscriptions."""
