"""Names, metadata, attributes and permissions. Everything is checked before anything is changed."""

from collections.abc import Mapping

from roomwright.errors import ServiceError
from roomwright.rooms import data_tracks, subscriptions, tracks
from roomwright.rooms import permission as permissions
from roomwright.rooms.commands import UpdateSelf
from roomwright.rooms.events import ParticipantPermissionChanged, ParticipantUpdated, RoomMetadataChanged
from roomwright.rooms.limits import Limits
from roomwright.rooms.participant import Participant, TokenOutdated, merge_attributes
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

_Reason = pb.RequestResponseReason


def check(name: str, metadata: str, attributes: Mapping[str, str], limits: Limits) -> None:
    """Refuse values that are too large."""
    limits.participant_name(name)
    limits.metadata(metadata)
    limits.attributes(attributes)


def check_merged(participant: Participant, attributes: Mapping[str, str], limits: Limits) -> None:
    """Refuse attributes that add up to too much with those that are there."""
    if attributes:
        limits.merged_attributes(merge_attributes(participant.attributes, attributes))


def room_metadata(turn: Turn, metadata: str) -> None:
    """Replace the room's metadata; the same text again is no change."""
    room = turn.room
    if metadata == room.metadata:
        return
    previous, room.metadata = room.metadata, metadata
    room.changed()
    turn.emit(RoomMetadataChanged, previous=previous)


def by_api(turn: Turn, participant: Participant, request: pb.UpdateParticipantRequest) -> None:
    """What UpdateParticipant asks for, already checked."""
    profile_changed = profile(turn, participant, request.name, request.metadata, request.attributes)
    permission_changed = request.permission is not None and _permission(turn, participant, request.permission)
    if profile_changed or permission_changed:
        _tell(turn, participant)


def by_itself(turn: Turn, participant: Participant, command: UpdateSelf, limits: Limits) -> None:
    """The client changes its own profile, if it may; it hears how that went."""
    request = command.request
    answer = _judge(participant, request, limits)
    if answer.reason is _Reason.OK and profile(turn, participant, request.name, request.metadata, request.attributes):
        _tell(turn, participant)
    turn.post(participant, pb.SignalResponse(request_response=answer))


def _judge(participant: Participant, request: pb.UpdateParticipantMetadata, limits: Limits) -> pb.RequestResponse:
    reason, message = _Reason.OK, ""
    if not participant.permission.can_update_metadata:
        reason, message = _Reason.NOT_ALLOWED, "does not have permission to update own metadata"
    else:
        try:
            check(request.name, request.metadata, request.attributes, limits)
            check_merged(participant, request.attributes, limits)
        except ServiceError as error:
            reason, message = _Reason.LIMIT_EXCEEDED, error.message
    return pb.RequestResponse(request_id=request.request_id, reason=reason, message=message, update_metadata=request)


def profile(turn: Turn, participant: Participant, name: str, metadata: str, attributes: Mapping[str, str]) -> bool:
    """Empty name and metadata mean "keep"; attributes are merged, an empty value deletes. Says whether it changed."""
    before = participant.name, participant.metadata, participant.attributes
    after = name or before[0], metadata or before[1], merge_attributes(before[2], attributes)
    if before == after:
        return False
    participant.name, participant.metadata, participant.attributes = after
    participant.changed()
    turn.emit(
        ParticipantUpdated,
        participant=participant.info(),
        previous_name=before[0],
        previous_metadata=before[1],
        changed_attributes={k: v for k, v in attributes.items() if v != before[2].get(k, "")},
    )
    return True


def _permission(turn: Turn, participant: Participant, permission: pb.ParticipantPermission) -> bool:
    """Replace the whole permission. One that leaves publishing allowed makes a connected participant a publisher."""
    previous = participant.permission
    if permission == previous:
        return False
    participant.permission = permissions.copy(permission)
    participant.is_publisher = permission.can_publish and (participant.active or participant.is_publisher)
    participant.changed()
    turn.room.changed()
    turn.emit(ParticipantPermissionChanged, participant=participant.info(), previous=previous)
    tracks.end_forbidden(turn, participant)
    data_tracks.end_forbidden(turn, participant)
    if previous.can_subscribe and not permission.can_subscribe:
        subscriptions.revoke(turn, participant)
    else:
        subscriptions.settle_subscriber(turn, participant)
    data_tracks.settle_subscriber(turn, participant)
    return True


def _tell(turn: Turn, participant: Participant) -> None:
    turn.announce(participant)
    turn.post(participant, TokenOutdated(participant.current_claims()))
    for track in list(participant.tracks.values()):
        subscriptions.settle_track(turn, participant, track)
    data_tracks.settle_publisher(turn, participant)
