"""A recorder without its process: a conductor that is given events in simulated time, and what it says and writes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from roomwright.egress.frames import Packet
from roomwright.egress.recorder.composing import Composing
from roomwright.egress.recorder.conductor import Conductor
from roomwright.egress.recorder.pipeline import Pipeline
from roomwright.egress.recorder.units import Picture, Sound, StreamFormat, Unit
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.sender import EPOCH_NS, Event
from tests.egress.source import Shown, Watched


@dataclass
class Written:
    """Outputs that keep everything."""

    formats: Sequence[StreamFormat] = ()
    epoch_ns: int = 0
    units: list[Unit] = field(default_factory=list)
    closed: int = 0

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        self.formats, self.epoch_ns = formats, epoch_ns

    def write(self, unit: Unit) -> None:
        self.units.append(unit)

    def track_added(self, track: v1.TrackAdded) -> None: ...

    def still(self, at_ns: int, frame: object) -> None: ...

    def stream_added(self, added: v1.StreamAdded) -> None: ...

    def stream_removed(self, url: str) -> None: ...

    def progress(self, into: v1.Progress) -> None:
        into.bytes += sum(len(unit.data) for unit in self.units)

    def exhausted(self) -> bool:
        return False

    def close(self) -> Sequence[str]:
        self.closed += 1
        return ["manifest.json"]


@dataclass
class Heard:
    """A composer that keeps everything."""

    formats: Sequence[StreamFormat] = ()
    sounds: list[Sound] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    said: list[object] = field(default_factory=list)
    sounds_said: list[int] = field(default_factory=list)
    advanced_ns: int = 0
    too_late: int = 0

    def track_added(self, track: v1.TrackAdded) -> None:
        self.said.append(("added", track.number))

    def track_removed(self, number: int) -> None:
        self.said.append(("removed", number))

    def track_muted(self, number: int, muted: bool) -> None:
        self.said.append(("muted", number, muted))

    def sound(self, sound: Sound) -> None:
        self.too_late += max(0, sound.at_ns) < self.advanced_ns
        self.sounds.append(sound)
        self.sounds_said.append(len(self.said))

    def picture(self, picture: Picture) -> None:
        self.too_late += max(0, picture.at_ns) < self.advanced_ns
        self.pictures.append(picture)

    def speakers(self, identities: Sequence[str]) -> None:
        self.said.append(("speakers", *identities))

    def layout(self, name: str) -> None:
        self.said.append(("layout", name))

    def advance(self, until_ns: int) -> Iterable[Unit]:
        assert until_ns >= self.advanced_ns
        self.advanced_ns = until_ns
        return ()

    def finish(self, at_ns: int) -> Iterable[Unit]:
        self.said.append(("finish", at_ns))
        return ()

    def watched(self, sound: int = 1, picture: int = 2) -> Watched:
        """What it was given, as if it were a recording."""
        shown = [
            Shown(seen.at_ns / 1e9, number)
            for seen in self.pictures
            if seen.track == picture and (number := source.code(source.cut(seen.frame, (0, 0, 1, 1)))) is not None
        ]
        pieces = [(round(heard.at_ns * 48e-6), heard.frame) for heard in self.sounds if heard.track == sound]
        wave = np.zeros(max((at + frame.samples for at, frame in pieces), default=0), np.float32)
        for at, frame in pieces:
            left = frame.to_ndarray()[0, ::2] / 32768
            if at >= 0:
                wave[at : at + frame.samples] = left
        return Watched(tuple(shown), tuple(source.beeps(wave)), len(wave) / 48_000)


class Stage:
    """Runs a conductor on events. `reports` are what it said."""

    def __init__(self, plan: v1.Plan, pipeline: Pipeline) -> None:
        self.reports: list[v1.Report] = []
        self.conductor = Conductor(plan, pipeline, self.reports.append, EPOCH_NS)
        self.now_ns = EPOCH_NS

    def play(self, events: Iterable[Event], *, until: float | None = None) -> None:
        """Give the events, and let time pass between them in steps of 20 ms."""
        for at_ns, event in events:
            self.pass_time(at_ns)
            if isinstance(event, Packet):
                self.conductor.packet(event)
            else:
                self.conductor.order(event)
        if until is not None:
            self.pass_time(EPOCH_NS + int(until * 1e9))

    def pass_time(self, until_ns: int) -> None:
        """Nothing comes until then."""
        while until_ns - self.now_ns > 20_000_000:
            self.now_ns += 20_000_000
            self.conductor.tick(self.now_ns)
        self.now_ns = max(self.now_ns, until_ns)

    def order(self, order: v1.Order) -> None:
        """Give an order now."""
        self.conductor.order(order)

    def last(self) -> v1.Report:
        """What it said last."""
        return self.reports[-1]

    def all_of(self, kind: Callable[[v1.Report], object]) -> list[object]:
        """The reports of a kind."""
        return [found for report in self.reports if (found := kind(report)) is not None]


def composing(plan: v1.Plan | None = None) -> tuple[Stage, Heard, Written]:
    """A stage whose composer and outputs keep everything."""
    heard, written = Heard(), Written()
    plan = plan or v1.Plan(source=v1.Source(kind=v1.SourceKind.ROOM, audio=True, video=True), encoding=v1.Encoding())
    return Stage(plan, Composing(heard, written)), heard, written
