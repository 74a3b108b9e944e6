"""The shape of what is set about recording and streaming."""

from dataclasses import dataclass, field

from roomwright_proto import livekit as pb

ROLES = ("assume_role_arn", "assume_role_external_id")
"""Fields of storage with S3 that are refused: nobody assumes roles here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressCosts:
    """What each kind of egress costs, in CPU cores (`cpu_cost`), under the names of LiveKit's egress service."""

    max_cpu_utilization: float = 0.8
    """The share of all cores that egress may cost in sum; one is always taken where nothing runs."""
    room_composite_cpu_cost: float = 1.0
    audio_room_composite_cpu_cost: float = 0.2
    participant_cpu_cost: float = 0.5
    track_composite_cpu_cost: float = 0.5
    track_cpu_cost: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressLimits:
    """What ends an egress with EGRESS_LIMIT_REACHED (`session_limits`); seconds, bytes; 0: no limit."""

    file_output_max_duration: float = 0
    stream_output_max_duration: float = 0
    segment_output_max_duration: float = 0
    image_output_max_duration: float = 0
    file_output_max_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressStorage:
    """Where files go when a request does not say (`storage`): one of the three, else the directory."""

    prefix: str = ""
    """Stands in front of every file's path, also of those that go elsewhere."""
    s3: pb.S3Upload | None = field(default=None, repr=False)
    gcp: pb.GcpUpload | None = field(default=None, repr=False)
    azure: pb.AzureBlobUpload | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressSettings:
    """Recording and streaming (`egress:`). Times in seconds."""

    enabled: bool = True
    directory: str = "recordings"
    """Where files go that no object storage is named for; relative to the working directory."""
    state_directory: str | None = None
    """Holds the records; null: in the user's directory for the state of programs."""
    retention: int = 86_400
    """How long a record is kept after its end."""
    spool_retention: int = 604_800
    """How long files that could not be stored are kept on this machine, since they were last changed."""
    stop_grace: int = 10
    """How long recorders may finish when the server stops."""
    cpu_cost: EgressCosts = field(default_factory=EgressCosts)
    session_limits: EgressLimits = field(default_factory=EgressLimits)
    storage: EgressStorage = field(default_factory=EgressStorage)
