"""What somebody asks to have recorded, whichever generation of the API asked: one form for all requests.

Owns the shape alone; `planning/` makes it of requests and makes plans of it.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

Upload: TypeAlias = pb.S3Upload | pb.GcpUpload | pb.AzureBlobUpload | pb.AliOssUpload
"""Somebody's object storage."""
Options: TypeAlias = pb.EncodingOptionsPreset | pb.EncodingOptions | None
Request: TypeAlias = (
    pb.StartEgressRequest
    | pb.RoomCompositeEgressRequest
    | pb.ParticipantEgressRequest
    | pb.TrackCompositeEgressRequest
    | pb.TrackEgressRequest
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is recorded. Which tracks belong to it is in `selection.py`.

    `video_of` is the participant whose picture alone is shown, where `identity` is not whose everything is recorded.
    `screen` and `camera`: which of a participant's pictures (and sounds) are taken.
    """

    kind: v1.SourceKind
    audio: bool = True
    video: bool = True
    layout: str = ""
    audio_mixing: pb.AudioMixing = pb.AudioMixing.DEFAULT_MIXING
    identity: str = ""
    camera: bool = True
    screen: bool = False
    audio_track: str = ""
    video_track: str = ""
    video_of: str = ""
    routes: tuple[pb.AudioRoute, ...] = ()

    @property
    def tracks(self) -> tuple[str, ...]:
        """The sids of the tracks that it cannot do without."""
        return tuple(filter(None, (self.audio_track, self.video_track)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWish:
    """One file. `storage` None: the server's."""

    type: pb.EncodedFileType = pb.EncodedFileType.DEFAULT_FILETYPE
    path: str = ""
    manifest: bool = True
    storage: Upload | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWish:
    """Live streams; URLs have their keys."""

    protocol: pb.StreamProtocol
    destinations: tuple[pb.StreamDestination, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsWish:
    """HLS."""

    request: pb.SegmentedFileOutput = field(repr=False)
    storage: Upload | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesWish:
    """Still pictures."""

    request: pb.ImageOutput = field(repr=False)
    storage: Upload | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketWish:
    """Raw audio."""

    url: str = field(repr=False)


OutputWish: TypeAlias = FileWish | StreamWish | SegmentsWish | ImagesWish | WebSocketWish


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A whole request. `repeated_as` is the member of EgressInfo that repeats it, `request` the request itself."""

    room_name: str
    source: Source
    options: Options
    outputs: tuple[OutputWish, ...]
    webhooks: tuple[pb.WebhookConfig, ...] = field(default=(), repr=False)
    repeated_as: str
    request: Request = field(repr=False)
