"""A long recording takes no more memory than a short one."""

import gc
from pathlib import Path

import pytest

from roomwright.egress.recorder import compose, outputs
from roomwright.egress.recorder.units import Picture, Sound
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.composing import AUDIO, EPOCH_NS, FPS, SECOND, added, local, plan

MINUTES = 6
MIB = 1024 * 1024
TRACKS = (0, 1)


@pytest.mark.suite
def test_memory_stays_where_it_is_over_minutes_of_every_output(tmp_path: Path):
    storage = local(tmp_path)
    segments = v1.Segments(prefix="s", playlist="s.m3u8", live_playlist="live.m3u8", duration=2)
    nowhere = pb.StreamDestination(url="rtmp://127.0.0.1:1/live/key")
    wanted = plan(
        v1.Output(file=v1.File(path="a.mp4"), storage=storage),
        v1.Output(segments=segments, storage=storage),
        v1.Output(
            images=v1.Images(prefix="i", interval=1, suffix=pb.ImageFileSuffix.IMAGE_SUFFIX_NONE_OVERWRITE),
            storage=storage,
        ),
        v1.Output(stream=v1.Stream(destinations=[nowhere])),
    )
    made = outputs.make(wanted)
    composer = compose.make(wanted, made.still)
    made.open(composer.formats, EPOCH_NS)
    for track in TRACKS:
        composer.track_added(added(track, identity=f"p{track}"))
        composer.track_added(added(AUDIO + track, pb.TrackType.AUDIO, identity=f"p{track}"))
    resident = list[int]()
    for number in range(MINUTES * 60 * FPS):
        at_ns = number * SECOND // FPS
        for track in TRACKS:
            composer.picture(Picture(track, at_ns + SECOND // 2, source.picture(number)))
            composer.sound(Sound(AUDIO + track, at_ns, source.sound(number / FPS, source.RATE // FPS)))
        if number % (20 * FPS) == 0:
            composer.track_muted(0, muted=number % (40 * FPS) == 0)
            composer.layout(("grid", "speaker", "single-speaker")[number // (20 * FPS) % 3])
        for unit in composer.advance(at_ns):
            made.write(unit)
        if number % (60 * FPS) == 0:
            gc.collect()
            resident.append(_resident())
    made.close()
    assert resident[-1] - resident[2] < 16 * MIB, [each // MIB for each in resident]


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
