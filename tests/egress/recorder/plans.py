"""Plans for tests."""

from pathlib import Path

from roomwright_proto.livekit import AudioCodec, EncodedFileType, VideoCodec
from roomwright_proto.roomwright.egress import v1

ENCODING = v1.Encoding(
    width=640,
    height=360,
    framerate=30,
    video_codec=VideoCodec.H264_MAIN,
    video_bitrate=1_500_000,
    audio_codec=AudioCodec.AAC,
    audio_bitrate=128_000,
    audio_frequency=48_000,
    key_frame_interval=1,
)


def file(directory: Path, name: str) -> v1.Output:
    """A file of that name; for composites mp4."""
    container = name.rpartition(".")[2]
    kind = EncodedFileType.MP4 if container == "mp4" else EncodedFileType.DEFAULT_FILETYPE
    storage = v1.Storage(directory=str(directory))
    return v1.Output(file=v1.File(path=name, container=container, type=kind), storage=storage)


def track(*outputs: v1.Output, video: bool = False) -> v1.Plan:
    """A recording of one track as it is sent."""
    source = v1.Source(kind=v1.SourceKind.TRACK, audio=not video, video=video)
    return v1.Plan(egress_id="EG_test", room_name="stage", source=source, outputs=[*outputs])


def pair(*outputs: v1.Output) -> v1.Plan:
    """A recording of an audio and a video track as they are sent."""
    plan = track(*outputs)
    plan.source = v1.Source(kind=v1.SourceKind.TRACK_PAIR, audio=True, video=True)
    return plan


def room(*outputs: v1.Output, kind: v1.SourceKind = v1.SourceKind.ROOM) -> v1.Plan:
    """A composite of picture and sound."""
    source = v1.Source(kind=kind, audio=True, video=True)
    return v1.Plan(egress_id="EG_test", room_name="stage", source=source, encoding=ENCODING, outputs=[*outputs])
