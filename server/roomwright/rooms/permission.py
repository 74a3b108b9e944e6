"""What a participant may do: pure functions on permissions."""

from roomwright.auth.claims import VideoGrant
from roomwright_proto import livekit as pb

_SOURCES = {source.name.lower(): source for source in pb.TrackSource}
_NOTHING_SAID = VideoGrant()


def from_grant(grant: VideoGrant | None) -> pb.ParticipantPermission:
    """The permission that a token gives.

    Publishing and subscribing are allowed unless denied; data follows publishing unless said. A source that does not
    exist counts as UNKNOWN: leaving it out could leave no restriction at all.
    """
    grant = grant or _NOTHING_SAID
    can_publish = grant.can_publish is not False
    permission = pb.ParticipantPermission(
        can_subscribe=grant.can_subscribe is not False,
        can_publish=can_publish,
        can_publish_data=can_publish if grant.can_publish_data is None else grant.can_publish_data,
        can_publish_sources=[_SOURCES.get(name, pb.TrackSource.UNKNOWN) for name in grant.can_publish_sources],
        hidden=grant.hidden,
        can_update_metadata=bool(grant.can_update_own_metadata),
        can_subscribe_metrics=bool(grant.can_subscribe_metrics),
        can_manage_agent_session=bool(grant.can_manage_agent_session),
    )
    permission.recorder, permission.agent = grant.recorder, grant.agent  # deprecated: the constructor would warn
    return permission


def copy(permission: pb.ParticipantPermission) -> pb.ParticipantPermission:
    """An equal permission that nobody else holds."""
    duplicate = pb.ParticipantPermission()
    vars(duplicate).update(vars(permission))
    duplicate.can_publish_sources = list(permission.can_publish_sources)
    return duplicate


def may_publish(permission: pb.ParticipantPermission, source: pb.TrackSource) -> bool:
    """Whether a track of that source may be published; an empty list of sources means all."""
    return permission.can_publish and (not permission.can_publish_sources or source in permission.can_publish_sources)


def to_grant(permission: pb.ParticipantPermission, base: VideoGrant | None, room: str) -> VideoGrant:
    """The grant of a refreshed token: `base` with the permission in place of what it said, for `room`."""
    base = base or _NOTHING_SAID
    return VideoGrant(
        room_create=base.room_create,
        room_list=base.room_list,
        room_record=base.room_record,
        room_admin=base.room_admin,
        room_join=True,
        room=room,
        destination_room=base.destination_room,
        can_publish=permission.can_publish,
        can_subscribe=permission.can_subscribe,
        can_publish_data=permission.can_publish_data,
        can_publish_sources=tuple(source.name.lower() or "unknown" for source in permission.can_publish_sources),
        can_update_own_metadata=permission.can_update_metadata,
        can_subscribe_metrics=permission.can_subscribe_metrics,
        can_manage_agent_session=permission.can_manage_agent_session,
        ingress_admin=base.ingress_admin,
        hidden=permission.hidden,
        recorder=permission.recorder,
        agent=permission.agent,
    )
