"""What is done about each command. Whether a command counts at all is in `states`."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from roomwright.clock import Ids
from roomwright.config import RoomSettings
from roomwright.rooms import commands as c
from roomwright.rooms import data, data_tracks, presence, subscriptions, tracks, updates
from roomwright.rooms.limits import Limits
from roomwright.rooms.participant import Participant
from roomwright.rooms.turn import Turn

Handler = Callable[[Turn, Participant, Any], None]


def handlers(ids: Ids, limits: Limits, settings: RoomSettings) -> Mapping[type[c.Command], Handler]:
    """One function for each type of command."""
    return {
        c.Activate: presence.activate,
        c.AddTrack: partial(tracks.add, ids=ids, limits=limits),
        c.StartTrack: tracks.start,
        c.UnpublishTrack: tracks.unpublish,
        c.MuteTrack: tracks.mute_own,
        c.DescribeTrack: tracks.describe,
        c.UpdateSelf: partial(updates.by_itself, limits=limits),
        c.SetSubscriptions: subscriptions.choose,
        c.SetSubscriptionPermission: _permit,
        c.PublishDataTrack: partial(data_tracks.add, ids=ids, limits=limits, enabled=settings.enable_data_tracks),
        c.UnpublishDataTrack: data_tracks.remove,
        c.SetDataSubscriptions: data_tracks.choose,
        c.SendPacket: data.relay,
        c.Leave: presence.leave,
        c.Disconnect: presence.disconnect,
    }


def _permit(turn: Turn, publisher: Participant, command: c.SetSubscriptionPermission) -> None:
    subscriptions.permit(turn, publisher, command)
    data_tracks.settle_publisher(turn, publisher)
