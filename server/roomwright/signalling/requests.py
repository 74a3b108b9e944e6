"""What is done about each request of a client: one function per member of `SignalRequest`, in a table.

They decide and change nothing: what the engine answers comes back through the participant's outbox.
"""

from collections.abc import Callable, Mapping
from typing import Any

from betterproto2 import which_one_of

from roomwright.rooms import commands as c
from roomwright.rooms.instant import NS_PER_MS, Instant
from roomwright.rooms.participant import Participant
from roomwright.signalling.outputs import Tell, ToMedia, Topic
from roomwright_proto import livekit as pb

Step = pb.SignalResponse | Tell | ToMedia
"""A message for the client, or something for the engine or the media."""

_Answer = Callable[[Any, Participant, Instant], list[Step]]
_Reason = pb.RequestResponseReason

_PARTING = (
    pb.DisconnectReason.CLIENT_INITIATED,
    pb.DisconnectReason.USER_UNAVAILABLE,
    pb.DisconnectReason.USER_REJECTED,
)
"""The reasons that a client may give for going."""


def answer(request: pb.SignalRequest, participant: Participant, now: Instant) -> list[Step]:
    """What follows from a request; nothing from one that says nothing or that this version does not know."""
    kind, content = which_one_of(request, "message")
    return REQUESTS[kind](content, participant, now) if kind else []


def _media(topic: Topic) -> _Answer:
    """It is the media plane's."""
    return lambda content, _participant, _now: [ToMedia(topic, content)]


def _engine(command: Callable[[Any], c.Command]) -> _Answer:
    """It is the engine's."""
    return lambda content, _participant, _now: [Tell(command(content))]


def _refused(what: str) -> _Answer:
    """It is not done here, and the client is told."""

    def refuse(content: Any, _participant: Participant, _now: Instant) -> list[Step]:
        response = pb.RequestResponse(
            request_id=getattr(content, "request_id", 0),
            reason=_Reason.UNSUPPORTED_TYPE,
            message=f"{what} is not supported by this server",
        )
        return [pb.SignalResponse(request_response=response)]

    return refuse


def _ignored(_content: Any, _participant: Participant, _now: Instant) -> list[Step]:
    """There is nothing to do, and the client expects no answer: see docs/decisions/0012."""
    return []


def _ping(_sent: int, _participant: Participant, now: Instant) -> list[Step]:
    return [pb.SignalResponse(pong=now.wall_ns // NS_PER_MS)]


def _ping_req(ping: pb.Ping, _participant: Participant, now: Instant) -> list[Step]:
    pong = pb.Pong(last_ping_timestamp=ping.timestamp, timestamp=now.wall_ns // NS_PER_MS)
    return [pb.SignalResponse(pong_resp=pong)]


def _leave(leave: pb.LeaveRequest, _participant: Participant, _now: Instant) -> list[Step]:
    reason = leave.reason if leave.reason in _PARTING else pb.DisconnectReason.CLIENT_INITIATED
    return [Tell(c.Leave(reason))]


def _subscription(update: pb.UpdateSubscription, _participant: Participant, _now: Instant) -> list[Step]:
    sids = [*update.track_sids, *(sid for group in update.participant_tracks for sid in group.track_sids)]
    return [Tell(c.SetSubscriptions(tuple(sids), subscribe=update.subscribe))] if sids else []


def _sync_state(state: pb.SyncState, participant: Participant, now: Instant) -> list[Step]:
    """Mend what the client got wrong while it was away: its choices count, tracks that are gone are gone."""
    steps = _subscription(state.subscription, participant, now) if state.subscription else []
    if state.track_sids_disabled:
        held = pb.UpdateTrackSettings(track_sids=list(state.track_sids_disabled), disabled=True)
        steps.append(ToMedia(Topic.TRACK_SETTING, held))
    if state.data_subscription is not None:
        steps.append(Tell(c.SetDataSubscriptions(tuple(state.data_subscription.updates))))
    steps += _unknown_data_tracks(state, participant)
    for published in state.publish_tracks:
        sid = published.track.sid if published.track else ""
        if sid and participant.track(sid) is None:
            gone = pb.TrackUnpublishedResponse(track_sid=sid)
            steps.append(pb.SignalResponse(track_unpublished=gone))
    return [*steps, ToMedia(Topic.SYNC_STATE, state)]


def _unknown_data_tracks(state: pb.SyncState, participant: Participant) -> list[Step]:
    """The data tracks that the client believes it publishes, and does not."""
    known = {track.info.sid for track in participant.data_tracks.values()}
    gone = [published.info for published in state.publish_data_tracks if published.info is not None]
    return [
        pb.SignalResponse(unpublish_data_track_response=pb.UnpublishDataTrackResponse(info=info))
        for info in gone
        if info.sid not in known
    ]


REQUESTS: Mapping[str, _Answer] = {
    "offer": _media(Topic.OFFER),
    "answer": _media(Topic.ANSWER),
    "trickle": _media(Topic.TRICKLE),
    "track_setting": _media(Topic.TRACK_SETTING),
    "sync_state": _sync_state,
    "add_track": _engine(c.AddTrack),
    "mute": _engine(lambda mute: c.MuteTrack(mute.sid, mute.muted)),
    "update_metadata": _engine(c.UpdateSelf),
    "subscription": _subscription,
    "subscription_permission": _engine(c.SetSubscriptionPermission),
    "leave": _leave,
    "ping": _ping,
    "ping_req": _ping_req,
    "update_layers": _ignored,
    "update_audio_track": _engine(c.DescribeTrack),
    "update_video_track": _engine(c.DescribeTrack),
    "update_data_subscription": _engine(lambda update: c.SetDataSubscriptions(tuple(update.updates))),
    "simulate": _refused("simulate"),
    "publish_data_track_request": _engine(c.PublishDataTrack),
    "unpublish_data_track_request": _engine(lambda request: c.UnpublishDataTrack(request.pub_handle)),
    "store_data_blob_request": _refused("storing data blobs"),
    "get_data_blob_request": _refused("getting data blobs"),
}
"""By the name of the request's member; a test holds it to the schema."""
