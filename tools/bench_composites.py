"""What composing a room costs: recorders of 1, 4 and 9 participants at 720p30, beside plain FFmpeg.

Usage: python tools/bench_composites.py [--seconds 30] [--rounds 3] [--participants 1,4,9]

Every participant publishes 1280x720 at 30 frames a second (VP8, 1.5 Mbit/s, moving and noisy) and a voice (Opus). A
recorder gets their packets over its socket in real time, as from a server, and composes a grid at 1280x720, H.264 of
3 Mbit/s (x264 veryfast, two threads) and AAC, into an MP4. FFmpeg reads the same media from files, scales and tiles it,
mixes the sound and encodes with the same settings, as fast as it can. Both decode on one thread for each participant.
Each recorder is followed by its FFmpeg, so that both meet the same machine; the round whose ratio is the median counts.
CPU time is user and system time of all threads from the recorder's being ready, and from FFmpeg's start, to the end.
Needs ffmpeg. The exit code is 1 when a ratio is above its budget, 2 when something could not be measured.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

import av
from benchlib import ROOT, CannotMeasureError, columns, cpu_seconds, require

from roomwright import codec
from roomwright.egress.frames import FrameReader, message_frame, packet_frame
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

BUDGET = 1.25
WIDTH, HEIGHT, FPS = 1280, 720, 30
VIDEO_BITS, AUDIO_BITS, RATE = 3_000_000, 128_000, 44_100
MEDIA = ROOT / ".cache" / "bench"
SOURCES = 3
"""Different pictures; more participants show the same ones again."""

AUDIO = 100
MTU = 1_100
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds for a second of media, and the most memory, in bytes."""

    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Timed:
    """A packet and its time, in seconds from the beginning."""

    at: float
    track: int
    data: bytes


def source(number: int, seconds: int) -> Path:
    """The file of a participant's media, made when it is missing."""
    path = MEDIA / f"participant{number % SOURCES}-{seconds}.webm"
    if path.exists():
        return path
    MEDIA.mkdir(parents=True, exist_ok=True)
    picture = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={FPS},hue=h={number % SOURCES * 40},noise=alls=6:allf=t"
    voice = f"sine=frequency={300 + number % SOURCES * 100}:sample_rate=48000"
    encode = [
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-b:v",
        "1500k",
        "-g",
        "300",
        "-c:a",
        "libopus",
        "-b:a",
        "32k",
    ]
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", voice]
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-t", str(seconds), *encode, str(path)]
    subprocess.run(command, check=True)
    return path


def packets(number: int, path: Path) -> Iterator[Timed]:
    """A participant's packets, in order of time."""
    sequences = {number: 0, AUDIO + number: 0}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.pts is None or packet.time_base is None:
                continue
            at = float(packet.pts * packet.time_base)
            video = packet.stream.type == "video"
            track = number if video else AUDIO + number
            payloads = list(_vp8(bytes(packet))) if video else [bytes(packet)]
            for place, payload in enumerate(payloads):
                last = place == len(payloads) - 1
                head = _rtp_head(track, sequences[track], round(at * (90_000 if video else 48_000)), video and last)
                sequences[track] += 1
                yield Timed(at, track, head + payload)


def _vp8(frame: bytes) -> Iterator[bytes]:
    for begin in range(0, len(frame), MTU):
        yield (b"\x10" if begin == 0 else b"\x00") + frame[begin : begin + MTU]


def _rtp_head(track: int, sequence: int, timestamp: int, marker: bool) -> bytes:
    kind = (0x80 if marker else 0) | (96 if track < AUDIO else 111)
    return (
        bytes([0x80, kind])
        + (sequence & 0xFFFF).to_bytes(2, "big")
        + (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
        + (track + 1).to_bytes(4, "big")
    )


def plan(directory: Path) -> v1.Plan:
    """What the recorder shall do."""
    return v1.Plan(
        egress_id="EG_bench",
        room_name="bench",
        source=v1.Source(kind=v1.SourceKind.ROOM, audio=True, video=True, layout="grid"),
        encoding=v1.Encoding(
            width=WIDTH,
            height=HEIGHT,
            framerate=FPS,
            video_codec=pb.VideoCodec.H264_MAIN,
            video_bitrate=VIDEO_BITS,
            audio_codec=pb.AudioCodec.AAC,
            audio_bitrate=AUDIO_BITS,
            audio_frequency=RATE,
            key_frame_interval=4,
        ),
        outputs=[
            v1.Output(
                file=v1.File(path="room.mp4", type=pb.EncodedFileType.MP4), storage=v1.Storage(directory=str(directory))
            )
        ],
    )


def added(number: int) -> Iterator[v1.Order]:
    """A participant's tracks."""
    vp8 = v1.Payload(type=96, mime="video/vp8", clock_rate=90_000)
    opus = v1.Payload(type=111, mime="audio/opus", clock_rate=48_000, channels=2)
    for track, kind, payload in ((number, pb.TrackType.VIDEO, vp8), (AUDIO + number, pb.TrackType.AUDIO, opus)):
        info = pb.TrackInfo(sid=f"TR_{track}", type=kind)
        name = f"Participant {number}"
        yield v1.Order(
            track_added=v1.TrackAdded(number=track, track=info, identity=f"p{number}", name=name, payloads=[payload])
        )


def recorder(participants: int, seconds: int, directory: Path) -> Cost:
    """Let a recorder compose in real time."""
    media = sorted(
        (packet for number in range(participants) for packet in packets(number, source(number, seconds))),
        key=lambda packet: packet.at,
    )
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "roomwright.egress.recorder", str(theirs.fileno())]
    process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), cwd=ROOT)
    theirs.close()
    try:
        return _driven(process, ours, participants, media, directory)
    finally:
        ours.close()
        process.kill()
        process.wait()


def _driven(
    process: "subprocess.Popen[bytes]", ours: socket.socket, participants: int, media: Sequence[Timed], directory: Path
) -> Cost:
    orders = [v1.Order(plan=plan(directory)), *(order for number in range(participants) for order in added(number))]
    for order in orders:
        ours.sendall(message_frame(codec.encode(order)))
    reports = _reports(ours)
    next(report for report in reports if report.ready is not None)
    before = cpu_seconds(process.pid)
    _play(ours, media)
    ours.sendall(message_frame(codec.encode(v1.Order(stop=v1.Stop(reason="measured")))))
    memory = 0
    for report in reports:
        if report.failed is not None:
            raise CannotMeasureError(f"the recorder failed: {report.failed.error}")
        memory = max(memory, _peak(process.pid))
        if report.finished is not None:
            break
    cpu = cpu_seconds(process.pid) - before
    recorded = _length(directory / "room.mp4")
    return Cost(cpu / recorded, memory)


def _play(ours: socket.socket, media: Sequence[Timed]) -> None:
    began, began_ns = time.monotonic(), time.time_ns()
    for packet in media:
        wait = packet.at - (time.monotonic() - began)
        if wait > 0:
            time.sleep(wait)
        ours.sendall(packet_frame(packet.track, 0, began_ns + round(packet.at * 1e9), packet.data))


def _reports(ours: socket.socket) -> Iterator[v1.Report]:
    reader = FrameReader()
    while data := ours.recv(65_536):
        for frame in reader.feed(data):
            if isinstance(frame, bytes):
                yield codec.decode(v1.Report, frame)
    raise CannotMeasureError("the recorder went away")


def _peak(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024


def _length(path: Path) -> float:
    """Seconds of the recording; fewer pictures than it should have cannot be compared."""
    with av.open(str(path)) as container:
        seconds = float(container.duration or 0) / 1_000_000
        pictures = container.streams.video[0].frames
    if pictures < (seconds - 1) * FPS:
        raise CannotMeasureError(f"{path} has {pictures} pictures in {seconds:.1f} s")
    return seconds


def ffmpeg(participants: int, seconds: int, directory: Path) -> Cost:
    """Let FFmpeg do the same from files."""
    inputs = [each for number in range(participants) for each in ("-threads", "1", "-i", str(source(number, seconds)))]
    encode = (
        f"-c:v libx264 -preset veryfast -profile:v main -bf 0 -sc_threshold 0 -g {4 * FPS} -r {FPS} -threads 2"
        f" -b:v {VIDEO_BITS} -maxrate {VIDEO_BITS} -bufsize {2 * VIDEO_BITS} -c:a aac -b:a {AUDIO_BITS} -ar {RATE}"
    )
    target = directory / "ffmpeg.mp4"
    maps = ["-filter_complex", _graph(participants), "-map", "[v]", "-map", "[a]"]
    command = ["ffmpeg", "-v", "error", "-y", "-filter_complex_threads", "1", *inputs, *maps, *encode.split()]
    process = subprocess.Popen([*command, str(target)])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CannotMeasureError("ffmpeg failed")
    return Cost((usage.ru_utime + usage.ru_stime) / _length(target), usage.ru_maxrss * 1024)


def _graph(participants: int) -> str:
    if participants == 1:
        return "[0:v]null[v];[0:a]anull[a]"
    across = ceil(sqrt(participants))
    wide, high = WIDTH // across // 2 * 2, HEIGHT // across // 2 * 2
    scaled = "".join(f"[{each}:v]scale={wide}:{high}:flags=bilinear[v{each}];" for each in range(participants))
    places = "|".join(f"{each % across * wide}_{each // across * high}" for each in range(participants))
    tiles = "".join(f"[v{each}]" for each in range(participants))
    voices = "".join(f"[{each}:a]" for each in range(participants))
    stacked = f"{tiles}xstack=inputs={participants}:layout={places}:fill=black,pad={WIDTH}:{HEIGHT}[v]"
    return f"{scaled}{stacked};{voices}amix=inputs={participants}[a]"


def main() -> int:
    """Measure, print, compare with the budget."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--participants", default="1,4,9")
    options = parser.parse_args()
    try:
        require("ffmpeg")
        cases = [int(each) for each in options.participants.split(",")]
        over = _measure(cases, options.seconds, options.rounds)
    except CannotMeasureError as error:
        print(error, file=sys.stderr)
        return 2
    return int(over)


def _round(participants: int, seconds: int) -> tuple[Cost, Cost]:
    with tempfile.TemporaryDirectory() as directory:
        return recorder(participants, seconds, Path(directory)), ffmpeg(participants, seconds, Path(directory))


def _measure(cases: Sequence[int], seconds: int, rounds: int) -> bool:
    rows = [("participants", "recorder", "FFmpeg", "ratio", "composites a core", "recorder", "FFmpeg")]
    over = False
    for participants in cases:
        measured = [_round(participants, seconds) for _ in range(rounds)]
        ours, theirs = sorted(measured, key=lambda pair: pair[0].cpu / pair[1].cpu)[rounds // 2]
        ratio = ours.cpu / theirs.cpu
        over = over or ratio > BUDGET
        memory = (f"{cost.memory / MIB:.0f} MiB" for cost in (ours, theirs))
        times = (f"{cost.cpu:.3f} s/s" for cost in (ours, theirs))
        rows.append((str(participants), *times, f"{ratio:.2f}", f"{1 / ours.cpu:.2f}", *memory))
    print(columns(rows))
    print(f"budget: ratio <= {BUDGET}; load average {os.getloadavg()[0]:.1f}")
    return over


if __name__ == "__main__":
    sys.exit(main())
