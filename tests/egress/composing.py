"""What tests of composition and outputs share: plans, participants that show the source, and composed units."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from roomwright.egress.recorder import compose
from roomwright.egress.recorder.units import Picture, Sound, StreamFormat, Unit
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source

SECOND = 1_000_000_000
EPOCH_NS = 1_700_000_000_250_000_000
FPS = 30

AUDIO = 100
"""Added to the number of a participant's video track."""


def encoding(**changes: Any) -> v1.Encoding:
    """A small picture, so that tests are fast."""
    values: dict[str, Any] = {
        "width": 320,
        "height": 240,
        "framerate": FPS,
        "video_codec": pb.VideoCodec.H264_MAIN,
        "video_bitrate": 500_000,
        "audio_codec": pb.AudioCodec.AAC,
        "audio_bitrate": 96_000,
        "audio_frequency": 44_100,
        "key_frame_interval": 1.0,
    }
    return v1.Encoding(**(values | changes))


def plan(*outputs: v1.Output, video: bool = True, audio: bool = True, layout: str = "", **changes: Any) -> v1.Plan:
    """A plan for a room; `changes` are of its encoding."""
    return v1.Plan(
        egress_id="EG_test",
        room_name="standup",
        room_sid="RM_test",
        source=v1.Source(kind=v1.SourceKind.ROOM, audio=audio, video=video, layout=layout),
        encoding=encoding(**changes),
        outputs=list(outputs) or [v1.Output(file=v1.File(path="a.mp4"))],
    )


def added(number: int, kind: pb.TrackType = pb.TrackType.VIDEO, identity: str = "ada", **changes: Any) -> v1.TrackAdded:
    """A track comes."""
    track = pb.TrackInfo(sid=f"TR_{number}", type=kind, source=changes.pop("source", pb.TrackSource.CAMERA))
    return v1.TrackAdded(number=number, identity=identity, name=identity.title(), track=track, **changes)


def watched(composer: Any, seconds: float, tracks: Sequence[int] = (0,)) -> Iterator[Unit]:
    """Show and play the source on these tracks, each with its sound, and compose."""
    for number in tracks:
        composer.track_added(added(number, identity=f"p{number}"))
        composer.track_added(added(AUDIO + number, pb.TrackType.AUDIO, identity=f"p{number}"))
    for number in range(round(seconds * FPS)):
        at_ns = number * SECOND // FPS
        for track in tracks:
            composer.picture(Picture(track, at_ns, source.picture(number)))
            composer.sound(Sound(AUDIO + track, at_ns, source.sound(number / FPS, source.RATE // FPS)))
        yield from composer.advance(at_ns)
    yield from composer.finish(round(seconds * SECOND))


def no_still(at_ns: int, frame: Any) -> None:
    """Nobody wants stills."""


@cache
def recorded(seconds: float, **changes: Any) -> tuple[tuple[StreamFormat, ...], tuple[Unit, ...]]:
    """Formats and units of the source, encoded; made once for all tests."""
    composer = compose.make(plan(**changes), no_still)
    return tuple(composer.formats), tuple(watched(composer, seconds))


def through(output: Any, seconds: float, each: Callable[[Unit], None] | None = None, **changes: Any) -> v1.Progress:
    """Write the source to an output, and close it."""
    formats, units = recorded(seconds, **changes)
    output.open(formats, EPOCH_NS)
    for unit in units:
        output.write(unit)
        if each:
            each(unit)
    output.close()
    return results(output)


def written(outputs: Any, units: Sequence[Unit]) -> None:
    """Write the units."""
    for unit in units:
        outputs.write(unit)


def results(output: Any) -> v1.Progress:
    """What an output says of itself."""
    progress = v1.Progress()
    output.progress(progress)
    return progress


def local(directory: Path) -> v1.Storage:
    """Storage in a directory."""
    return v1.Storage(directory=str(directory))


def later(unit: Unit, by_ns: int) -> Unit:
    """The same unit at another time."""
    return replace(unit, pts_ns=unit.pts_ns + by_ns, dts_ns=unit.dts_ns + by_ns)
