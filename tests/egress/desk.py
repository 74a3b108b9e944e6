"""Everything that records but media and recorders: the memory backend, taps that tests feed, and a fake program."""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from roomwright.clock import CountedIds, SystemClock
from roomwright.config import EgressLimits, EgressSettings
from roomwright.egress.auto import AutoEgress, judged
from roomwright.egress.egresses import Egresses
from roomwright.egress.hearing import Hearing
from roomwright.egress.planning.plan import Site
from roomwright.egress.records import Journal
from roomwright.egress.running.recorder import Recorder
from roomwright.egress.running.session import Times
from roomwright.feed import Entry, Feed
from roomwright.rooms import events
from roomwright.sfu.backend import Caller
from roomwright.sfu.memory import MemoryBackend
from roomwright.sfu.taps import Payload, TapListener
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

CALLER = Caller()
COMMAND = (sys.executable, "-m", "tests.egress.fake_recorder")
OPUS = Payload(111, "audio/opus", 48_000, 2)


@dataclass
class FakeTap:
    """A tapped track."""

    listener: TapListener
    payloads: Sequence[Payload] = (OPUS,)
    wanted: list[int] = field(default_factory=list)
    open: bool = True

    def request_key_frame(self, layer: int) -> None:
        self.wanted.append(layer)

    def repeat_reports(self) -> None:
        self.listener.on_report(0, 1, 2, 3)

    def close(self) -> None:
        self.open = False


class FakeTaps:
    """Taps by the tracks' sids."""

    def __init__(self) -> None:
        self.open: dict[str, FakeTap] = {}
        self.speakers: list[Callable[[Sequence[str]], None]] = []

    def tap(self, room: str, track_sid: str, listener: TapListener) -> FakeTap:
        tap = self.open[track_sid] = FakeTap(listener)
        return tap

    def listen_to_speakers(self, room: str, listener: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        self.speakers.append(listener)
        return lambda: self.speakers.remove(listener)


class Desk:
    """`backend` has rooms and scripted participants, `egress` records them below `folder`, `told` is what was said."""

    def __init__(
        self,
        folder: Path,
        *,
        times: Times | None = None,
        cores: float = 100,
        command: Sequence[str] = COMMAND,
        **settings: Any,
    ) -> None:
        self.folder = folder
        self.backend = MemoryBackend(clock=SystemClock())
        self.taps = FakeTaps()
        self.told: list[tuple[str, str]] = []
        clock, ids = SystemClock(), CountedIds()
        self.feed = Feed(self.backend.events, ids, clock)
        self.hearing = Hearing(self.backend.events, self._on_event)
        self.journal = Journal(folder / "state")
        self.egress = Egresses(
            EgressSettings(**{"stop_grace": 5, **settings}),
            self.backend,
            self.taps,
            self.feed,
            self.journal,
            keys=["devkey"],
            site=Site(
                storage=v1.Storage(directory=str(folder), spool=str(folder / "spool")),
                prefix="",
                limits=EgressLimits(),
            ),
            clock=clock,
            ids=ids,
            times=times,
            spawn=partial(Recorder.spawn, command=command),
            cores=cores,
            catch_up=self.hearing.drain,
        )
        self.auto = AutoEgress(self.egress.begin, self.egress.failed)
        self.backend.judge_egress(lambda egress, room: judged(egress, room, self.egress.judge))

    async def __aenter__(self) -> "Desk":
        self.feed.listen(self._hear)
        await self.egress.start(lambda problem: None)
        self.hearing.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hearing.stop()
        await self.egress.stop()
        await self.backend.close()

    async def record(self, room: str = "r", layout: str = "", path: str = "x", **fields: Any) -> pb.EgressInfo:
        """Record a room."""
        request = pb.RoomCompositeEgressRequest(
            room_name=room, layout=layout, file_outputs=[pb.EncodedFileOutput(filepath=path)], **fields
        )
        return await self.egress.start_room_composite_egress(request, CALLER)

    async def until(self, egress_id: str, *statuses: str, within: float = 60) -> pb.EgressInfo:
        """The egress, once it has one of these states."""
        deadline = time.monotonic() + within
        while True:
            info = await self.look(egress_id)
            if info.status.name.removeprefix("EGRESS_") in statuses:
                return info
            assert time.monotonic() < deadline, info
            await asyncio.sleep(0.02)

    async def over(self) -> None:
        """Nothing runs any more."""
        await asyncio.gather(*(session.wait() for session in list(self.egress.sessions.values())))

    async def look(self, egress_id: str) -> pb.EgressInfo:
        return (await self.egress.list_egress(pb.ListEgressRequest(egress_id=egress_id), CALLER)).items[0]

    async def stop(self, egress_id: str) -> pb.EgressInfo:
        return await self.egress.stop_egress(pb.StopEgressRequest(egress_id=egress_id), CALLER)

    async def seen(self, path: str, text: str, within: float = 60) -> list[str]:
        """The orders that a fake recorder got, once `text` is among them."""
        deadline = time.monotonic() + within
        file = self.folder / path
        while True:
            lines = file.read_text().split("\n") if file.exists() else []
            if any(line.startswith(text) for line in lines):
                return lines
            assert time.monotonic() < deadline, lines
            await asyncio.sleep(0.02)

    async def _on_event(self, event: events.Event) -> None:
        self.egress.on_event(event)
        await self.auto.on_event(event)

    def _hear(self, entry: Entry) -> None:
        if entry.message.egress_info is not None:
            self.told.append((entry.name, entry.message.egress_info.status.name))
