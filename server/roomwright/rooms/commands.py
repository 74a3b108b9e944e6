"""What a participant's driver tells the engine. The same for scripted, signalling-only and WebRTC participants.

A command that a participant may not give is answered through its outbox (as clients expect), never with an exception.
"""

from dataclasses import dataclass, field

from roomwright.auth.claims import Claims
from roomwright_proto import livekit as pb


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A client with a verified token wants to be in the token's room.

    `auto_subscribe_data`: it wants every data track, too. `client` is what it says about itself; the region is where
    it connected.
    """

    claims: Claims
    auto_subscribe: bool = True
    auto_subscribe_data: bool = False
    client: pb.ClientInfo = field(default_factory=pb.ClientInfo)
    region: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """What all inputs of a participant that is present have: nothing."""


@dataclass(frozen=True, slots=True)
class Activate(Command):
    """The media transport is connected."""


@dataclass(frozen=True, slots=True)
class AddTrack(Command):
    """The client announces a track. It is answered with `track_published`; nobody else sees it before it starts."""

    request: pb.AddTrackRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTrack(Command):
    """Media of an announced track arrives: it is published. Empty fields leave what the announcement said."""

    track_sid: str
    mime_type: str = ""
    mid: str = ""
    codecs: tuple[pb.SimulcastCodecInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class UnpublishTrack(Command):
    """The client stopped publishing a track."""

    track_sid: str


@dataclass(frozen=True, slots=True)
class MuteTrack(Command):
    """The client mutes or unmutes a track of its own."""

    track_sid: str
    muted: bool


@dataclass(frozen=True, slots=True)
class DescribeTrack(Command):
    """The client says how it captures a track of its own now: an audio's features or a video's size."""

    request: pb.UpdateLocalAudioTrack | pb.UpdateLocalVideoTrack


@dataclass(frozen=True, slots=True)
class UpdateSelf(Command):
    """The client changes its own name, metadata or attributes."""

    request: pb.UpdateParticipantMetadata


@dataclass(frozen=True, slots=True)
class SetSubscriptions(Command):
    """The client wants the tracks, or does not want them any more."""

    track_sids: tuple[str, ...]
    subscribe: bool


@dataclass(frozen=True, slots=True)
class SetSubscriptionPermission(Command):
    """The client says who may subscribe to its tracks."""

    permission: pb.SubscriptionPermission


@dataclass(frozen=True, slots=True)
class PublishDataTrack(Command):
    """The client publishes a data track."""

    request: pb.PublishDataTrackRequest


@dataclass(frozen=True, slots=True)
class UnpublishDataTrack(Command):
    """The client stopped publishing a data track, which it names by its own number for it."""

    pub_handle: int


@dataclass(frozen=True, slots=True)
class SetDataSubscriptions(Command):
    """The client wants data tracks, or does not want them any more."""

    updates: tuple[pb.UpdateDataSubscriptionUpdate, ...]


@dataclass(frozen=True, slots=True)
class SendPacket(Command):
    """The client sends a data packet. Its sender fields are overwritten."""

    packet: pb.DataPacket


@dataclass(frozen=True, slots=True)
class Leave(Command):
    """The client says good-bye. The engine echoes it."""

    reason: pb.DisconnectReason = pb.DisconnectReason.CLIENT_INITIATED


@dataclass(frozen=True, slots=True)
class Disconnect(Command):
    """The connection is lost or the server ends it; nothing can be said to the client any more."""

    reason: pb.DisconnectReason = pb.DisconnectReason.CONNECTION_TIMEOUT
