"""The composer of a plan: one picture at each tick of the frame rate, one block of sound after the other, encoded.

Time is the recording's alone: pictures are painted at whole multiples of the frame's time, sound is mixed sample by
sample, whether media came or not.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ..encode import MIX_RATE, AudioEncoder, VideoEncoder
from ..units import Picture, Sound, StreamFormat, Unit
from .interleave import Interleaver
from .mixer import Mixer
from .stage import Stage

if TYPE_CHECKING:
    import av

SECOND: Final = 1_000_000_000

BLOCK: Final = MIX_RATE // 50
"""Samples that are mixed at a time."""

Still = Callable[[int, "av.VideoFrame"], None]
"""Takes a composed picture and its time; it must be done with the picture when it returns."""


class Sights:
    """The picture's side: a stage, its frame rate, its encoder if there is one, and who wants stills."""

    def __init__(self, stage: Stage, framerate: int, encoder: VideoEncoder | None, still: Still | None) -> None:
        self.stage = stage
        self.encoder = encoder
        self._framerate = framerate
        self._still = still
        self._number = 0

    @property
    def now_ns(self) -> int:
        """The time of the next picture."""
        return self._number * SECOND // self._framerate

    def step(self) -> Iterator[Unit]:
        """Compose the next picture."""
        now = self.now_ns
        frame = self.stage.picture(now)
        if self._still:
            self._still(now, frame)
        if self.encoder:
            yield from self.encoder.encode(frame, self._number)
        self._number += 1


class Sounds:
    """The sound's side: a mixer and its encoder."""

    def __init__(self, mixer: Mixer, encoder: AudioEncoder) -> None:
        self.mixer = mixer
        self.encoder = encoder
        self._at = 0

    @property
    def now_ns(self) -> int:
        """The time at which the next block is complete."""
        return (self._at + BLOCK) * SECOND // MIX_RATE

    def step(self) -> Iterator[Unit]:
        """Mix the next block."""
        yield from self.encoder.encode(self.mixer.mix(self._at, BLOCK), self._at)
        self._at += BLOCK


class Studio:
    """See `units.Composer`. Either side may be missing."""

    def __init__(self, sights: Sights | None, sounds: Sounds | None) -> None:
        self._sights = sights
        self._sounds = sounds
        self._sides = [side for side in (sights, sounds) if side is not None]
        self._encoders = [side.encoder for side in self._sides if side.encoder is not None]
        self._interleaver = Interleaver(len(self._encoders))

    @property
    def formats(self) -> Sequence[StreamFormat]:
        """Picture first."""
        return [encoder.format for encoder in self._encoders]

    def track_added(self, track: v1.TrackAdded) -> None:
        """Media of this track may follow."""
        if self._sights:
            self._sights.stage.add(track)
        if self._sounds and track.track is not None and track.track.type is pb.TrackType.AUDIO:
            self._sounds.mixer.add(track.number, track.channel)

    def track_removed(self, number: int) -> None:
        """No more of this track."""
        if self._sights:
            self._sights.stage.remove(number)
        if self._sounds:
            self._sounds.mixer.remove(number)

    def track_muted(self, number: int, muted: bool) -> None:
        """A muted picture gives way to the placeholder; silence comes by itself."""
        if self._sights:
            self._sights.stage.mute(number, muted)

    def sound(self, sound: Sound) -> None:
        """Samples of a track."""
        if self._sounds:
            self._sounds.mixer.take(sound.track, sound.at_ns, sound.frame)

    def picture(self, picture: Picture) -> None:
        """A picture of a track."""
        if self._sights:
            self._sights.stage.take(picture.track, picture.at_ns, picture.frame)

    def speakers(self, identities: Sequence[str]) -> None:
        """Who speaks, loudest first."""
        if self._sights:
            self._sights.stage.speakers(identities)

    def layout(self, name: str) -> None:
        """Another layout."""
        if self._sights:
            self._sights.stage.layout(name)

    def advance(self, until_ns: int) -> Iterator[Unit]:
        """Compose and encode what lies before this time."""
        while self._sides and (side := min(self._sides, key=lambda side: side.now_ns)).now_ns < until_ns:
            for unit in side.step():
                yield from self._interleaver.put(unit)

    def finish(self, at_ns: int) -> Iterator[Unit]:
        """Compose up to the end, and give what encoders hold."""
        yield from self.advance(at_ns)
        for encoder in self._encoders:
            for unit in encoder.flush():
                yield from self._interleaver.put(unit)
        yield from self._interleaver.rest()
