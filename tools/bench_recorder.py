"""What recording tracks as they are sent costs: CPU of one recorder for each minute that it records.

Usage: python -m tools.bench_recorder [--seconds 20] [--rounds 2]     (in the repository)

Media is encoded once (a loop of two seconds), cut into RTP packets with sender reports and handed to a real recorder
over its socket: in real time, as a server does, and once more as fast as it reads, which shows the work alone. CPU is
that of the recorder's process without its start; of several rounds the cheapest counts. `per core` says how many such
recordings, in real time, keep one core busy.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np

from roomwright_proto.roomwright.egress import v1
from tests.egress import payloads, source
from tests.egress.payloads import Encoded
from tests.egress.process import Recorder
from tests.egress.recorder.plans import file, track
from tests.egress.sender import Sent, added, arriving
from tools.benchlib import columns, cpu_seconds, resident_bytes

LOOP_SECONDS = 2
FPS = 30


@dataclass(frozen=True, slots=True)
class Case:
    """A track: its codec and container, the size of its pictures, its bit rate."""

    codec: str
    container: str
    size: tuple[int, int] = (0, 0)
    bit_rate: int = 32_000

    def __str__(self) -> str:
        picture = f" {self.size[0]}x{self.size[1]}" if self.size[0] else ""
        return f"{self.codec}{picture} → {self.container}"


CASES = (
    Case("opus", "ogg"),
    Case("red", "ogg"),
    Case("vp8", "webm", (1280, 720), 1_700_000),
    Case("vp9", "webm", (1280, 720), 1_700_000),
    Case("h264", "mp4", (1280, 720), 1_700_000),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one recording took."""

    case: Case
    seconds: float
    packets: int
    bytes: int
    cpu: float
    memory: int

    @property
    def per_minute(self) -> float:
        """CPU seconds for each recorded minute."""
        return self.cpu * 60 / self.seconds


def pictures(case: Case) -> Iterator[Encoded]:
    """Two seconds of noise that no encoder can make small, at the bit rate."""
    encoder = av.VideoCodecContext.create(payloads.ENCODERS[case.codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = *case.size, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.bit_rate, encoder.gop_size, encoder.max_b_frames = case.bit_rate, LOOP_SECONDS * FPS, 0
    encoder.options = payloads.OPTIONS[case.codec]
    chance = np.random.default_rng(1)
    for number in range(LOOP_SECONDS * FPS):
        planes = source.picture(number, *case.size).to_ndarray()
        planes[: case.size[1]] += chance.integers(0, 12, planes[: case.size[1]].shape, np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        for packet in encoder.encode(frame):
            yield Encoded(number / FPS, bytes(packet), packet.is_keyframe)


def media(case: Case, seconds: float) -> Iterator[Encoded]:
    """The loop, over and over."""
    once = list(pictures(case) if case.size[0] else payloads.opus(LOOP_SECONDS))
    count = round(len(once) * seconds / LOOP_SECONDS)
    for number, frame in enumerate(islice(cycle(once), count)):
        yield replace(frame, at=frame.at + number // len(once) * LOOP_SECONDS)


def measured(case: Case, seconds: float, *, real_time: bool) -> Cost:
    """Record for so long."""
    sent = Sent(1, case.codec, list(media(case, seconds)))
    events = list(arriving(sent))
    packets = sum(not isinstance(event, v1.Order) for _, event in events)
    with tempfile.TemporaryDirectory() as directory:
        name = f"track.{case.container}"
        recorder = Recorder(track(file(Path(directory), name), video=bool(case.size[0])))
        recorder.until("ready")
        before = cpu_seconds(recorder.process.pid)
        recorder.order(added(sent))
        recorder.play(events, real_time=real_time)
        recorder.order(v1.Order(stop=v1.Stop("StopEgress API")))
        recorder.until("finished")
        cost, memory = cpu_seconds(recorder.process.pid) - before, resident_bytes(recorder.process.pid)
        recorder.part()
        recorder.process.communicate()
        size = (Path(directory) / name).stat().st_size
    return Cost(case, seconds, packets, size, cost, memory)


def row(cost: Cost, alone: Cost) -> Sequence[str]:
    """A line of the table."""
    return (
        str(cost.case),
        f"{cost.bytes * 8 / cost.seconds / 1000:.0f}",
        f"{cost.packets / cost.seconds:.0f}",
        f"{cost.per_minute:.2f}",
        f"{alone.per_minute:.2f}",
        f"{60 / cost.per_minute:.0f}",
        f"{cost.memory / (1 << 20):.0f}",
    )


def cheapest(case: Case, seconds: float, rounds: int, *, real_time: bool) -> Cost:
    """Of several rounds."""
    costs = [measured(case, seconds, real_time=real_time) for _ in range(rounds)]
    return min(costs, key=lambda cost: cost.cpu)


def main() -> None:
    """Measure every case, and print the table."""
    parser = argparse.ArgumentParser(description="CPU of recordings of tracks as they are sent")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    header = ("track", "kbit/s", "packets/s", "CPU s/min", "of it work", "per core", "MiB")
    rows = [
        row(
            cheapest(case, arguments.seconds, arguments.rounds, real_time=True),
            cheapest(case, arguments.seconds, arguments.rounds, real_time=False),
        )
        for case in CASES
    ]
    print(columns([header, *rows]))


if __name__ == "__main__":
    main()
