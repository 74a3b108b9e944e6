"""Many tracks in, one picture and one sound out, encoded. Knows nothing of files, streams and storage."""

from collections.abc import Iterator
from typing import Final

import betterproto2
from av.error import FFmpegError

from roomwright_proto.roomwright.egress import v1

from ..encode import MIX_RATE, AudioEncoder, VideoEncoder
from ..units import OutputError
from .mixer import Mixer
from .stage import Stage
from .studio import SECOND, Sights, Sounds, Still, Studio

__all__ = ["make"]

KEY_EVERY: Final = 4.0
"""Seconds between key frames where the plan says nothing."""


def make(plan: v1.Plan, still: Still) -> Studio:
    """The composer of a plan with an encoding. Raises OutputError where that cannot be encoded."""
    if plan.encoding is None or plan.source is None:
        raise OutputError("a composition needs a source and an encoding", 500)
    try:
        return _made(plan.source, plan.encoding, list(plan.outputs), still)
    except (FFmpegError, OSError, ValueError) as error:
        raise OutputError(f"the encoding cannot be used: {error}", 400) from error


def _made(source: v1.Source, encoding: v1.Encoding, outputs: list[v1.Output], still: Still) -> Studio:
    kinds = [betterproto2.which_one_of(output, "kind")[0] for output in outputs]
    encoded = any(kind != "images" for kind in kinds)
    sights = sounds = None
    if source.video:
        encoder = VideoEncoder(encoding, 0, round(min(_key_times(encoding, outputs)) * SECOND)) if encoded else None
        plain = source.kind is not v1.SourceKind.ROOM
        stage = Stage(encoding.width, encoding.height, source.layout, plain)
        sights = Sights(stage, encoding.framerate, encoder, still if "images" in kinds else None)
    if source.audio and encoded:
        audio = AudioEncoder(encoding, int(source.video))
        sounds = Sounds(Mixer(MIX_RATE), audio)
    return Studio(sights, sounds)


def _key_times(encoding: v1.Encoding, outputs: list[v1.Output]) -> Iterator[float]:
    """Segments are cut at key frames, so that none may be longer than they are."""
    yield encoding.key_frame_interval or KEY_EVERY
    yield from (output.segments.duration for output in outputs if output.segments and output.segments.duration > 0)
