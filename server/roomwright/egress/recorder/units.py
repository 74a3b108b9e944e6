"""Media on its way through a recorder. All times are nanoseconds since the recording's first media.

Intake makes `Sound` and `Picture` (decoded) or `Unit` (as it was sent); encoders make `Unit`; outputs take `Unit`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import av

    from roomwright_proto.roomwright.egress import v1


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What an output is told of a stream before its first unit.

    `codec` is FFmpeg's name (`opus`, `vp8`, `h264`, `aac`, `mp3`, …). Sizes in pixels, `rate` in Hz for audio.
    `extradata` as FFmpeg wants it for the codec.
    """

    kind: str
    codec: str
    width: int = 0
    height: int = 0
    framerate: int = 0
    rate: int = 0
    channels: int = 0
    bit_rate: int = 0
    extradata: bytes = b""


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded frame of the stream `index` (its place among the formats)."""

    index: int
    pts_ns: int
    dts_ns: int
    duration_ns: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Sound:
    """Decoded audio of a track, at the time at which its first sample is heard."""

    track: int
    at_ns: int
    frame: "av.AudioFrame"


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture of a track, to be shown from `at_ns` on."""

    track: int
    at_ns: int
    frame: "av.VideoFrame"


class Output(Protocol):
    """Something that units are written to: a file, a playlist, streams. Slow storage never holds it up for long."""

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        """Begin; `epoch_ns` is time 0 of all units, in ns since 1970. Raises OutputError when that cannot be."""
        ...

    def write(self, unit: Unit) -> None:
        """Take one unit; units of a stream come in the order of `dts_ns`. Raises OutputError."""
        ...

    def progress(self, into: "v1.Progress") -> None:
        """Add this output's results so far, as EgressInfo will list them."""
        ...

    def close(self) -> None:
        """Finish and store; what was written stays playable. Raises OutputError; idempotent."""
        ...


class Outputs(Protocol):
    """All outputs of a plan, as the conductor uses them. Made by `outputs.make(plan)`, which raises OutputError."""

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        """Begin; called once, before the first unit. `epoch_ns` is time 0, in ns since 1970. Raises OutputError."""
        ...

    def track_added(self, track: "v1.TrackAdded") -> None:
        """What manifests say of tracks."""
        ...

    def still(self, at_ns: int, frame: "av.VideoFrame") -> None:
        """A composed picture, for outputs of images. Raises OutputError."""
        ...

    def write(self, unit: Unit) -> None:
        """Give the unit to every output. Raises OutputError when none is left, or one fails that must not."""
        ...

    def stream_added(self, added: "v1.StreamAdded") -> None:
        """One more live stream, while running."""
        ...

    def stream_removed(self, url: str) -> None:
        """End a live stream."""
        ...

    def progress(self, into: "v1.Progress") -> None:
        """Add the results of all outputs and `bytes`."""
        ...

    def exhausted(self) -> bool:
        """Whether there is nothing left to write to: all streams were removed. The conductor then stops."""
        ...

    def close(self) -> Sequence[str]:
        """Finish and store everything, manifests last; gives their locations. Raises OutputError after closing all."""
        ...


class Composer(Protocol):
    """Turns what tracks show and play into encoded units. Made by `compose.make(plan, outputs.still)`.

    Calls come from one thread. Media is handed in as soon as it is decoded, in the order of its time for each track,
    always before `advance` passes its time.
    """

    @property
    def formats(self) -> Sequence[StreamFormat]:
        """What the units will be; known from the start."""
        ...

    def track_added(self, track: "v1.TrackAdded") -> None:
        """Media of this track may follow. Its `track.muted` is its first state."""
        ...

    def track_removed(self, number: int) -> None:
        """No more of this track from the time that was advanced to."""
        ...

    def track_muted(self, number: int, muted: bool) -> None:
        """Sound of a muted track is silence, its picture the placeholder."""
        ...

    def sound(self, sound: Sound) -> None:
        """Samples of a track. What no samples came for is silence."""
        ...

    def picture(self, picture: Picture) -> None:
        """A picture of a track, shown until its next one. Its size may change at any time."""
        ...

    def speakers(self, identities: Sequence[str]) -> None:
        """Who speaks, loudest first."""
        ...

    def layout(self, name: str) -> None:
        """Another layout."""
        ...

    def advance(self, until_ns: int) -> Iterable[Unit]:
        """Encode up to this time, which only grows: all media before it has been handed in.

        Called some 30 times a second; the first units begin at time 0.
        """
        ...

    def finish(self, at_ns: int) -> Iterable[Unit]:
        """Encode up to the end, and what the encoders still hold."""
        ...


class OutputError(Exception):
    """An output cannot go on. `code` is an HTTP status, as in EgressInfo's `error_code`."""

    def __init__(self, message: str, code: int = 500) -> None:
        super().__init__(message)
        self.code = code
