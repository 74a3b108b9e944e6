"""The states of a participant, as data: a table says what each input does in each state.

    (new) --join--> JOINED --Activate--> ACTIVE
                       |                    |
                       +--Leave, Disconnect-+--> DISCONNECTED

JOINED: its signalling is connected. It is listed, counted, visible, and may announce tracks; nothing that needs a media
transport reaches it. A participant without WebRTC stays JOINED for as long as it lives. ACTIVE: media and data flow.
DISCONNECTED: gone for good; whatever its client still says is ignored, because the client cannot know yet.

A move to another room is not a state: the participant leaves one room and enters the next, and its client notices no
more than a message.
"""

from collections.abc import Mapping
from enum import Enum

from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb


class ParticipantState(Enum):
    """Where a participant is in its life. The value is the state's name on the wire."""

    JOINED = pb.ParticipantInfoState.JOINED
    ACTIVE = pb.ParticipantInfoState.ACTIVE
    DISCONNECTED = pb.ParticipantInfoState.DISCONNECTED


_JOINED, _ACTIVE, _DISCONNECTED = ParticipantState

_WHILE_PRESENT: tuple[type[c.Command], ...] = (
    c.AddTrack,
    c.StartTrack,
    c.UnpublishTrack,
    c.MuteTrack,
    c.DescribeTrack,
    c.UpdateSelf,
    c.SetSubscriptions,
    c.SetSubscriptionPermission,
    c.PublishDataTrack,
    c.UnpublishDataTrack,
    c.SetDataSubscriptions,
)

TRANSITIONS: Mapping[ParticipantState, Mapping[type[c.Command], ParticipantState]] = {
    _JOINED: {
        **dict.fromkeys(_WHILE_PRESENT, _JOINED),
        c.Activate: _ACTIVE,
        c.Leave: _DISCONNECTED,
        c.Disconnect: _DISCONNECTED,
    },
    _ACTIVE: {
        **dict.fromkeys(_WHILE_PRESENT, _ACTIVE),
        c.SendPacket: _ACTIVE,
        c.Leave: _DISCONNECTED,
        c.Disconnect: _DISCONNECTED,
    },
    _DISCONNECTED: {},
}
"""What an input leads to. An input that is missing in a state's row is ignored there."""
