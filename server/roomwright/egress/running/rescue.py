"""Storing what a recorder left in the spool when it was killed: another process does it, told by the same plan."""

import asyncio
from collections.abc import Callable

from roomwright.egress.running.recorder import Recorder, Spawn
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1


async def rescued(spawn: Spawn, plan: v1.Plan, info: pb.EgressInfo, begun: Callable[[Recorder], None]) -> str:
    """Have stored what is there, and bring `info` up to date; what became of it, in words."""
    supervisor = _Supervisor()
    try:
        process = await spawn(supervisor)
    except OSError:
        return _KEPT
    begun(process)
    process.order(v1.Order(plan=plan))
    await supervisor.over.wait()
    match supervisor.report:
        case v1.Report(finished=v1.Finished(progress=v1.Progress() as progress)):
            _update(info, progress)
            return "what it wrote has been stored"
        case v1.Report(failed=v1.Failed(error=error, progress=v1.Progress() as progress)):
            _update(info, progress)
            return error
        case _:
            return _KEPT


_KEPT = "what it wrote is kept"


def _update(info: pb.EgressInfo, progress: v1.Progress) -> None:
    stored = {file.filename: file for file in progress.files}
    for file in info.file_results:
        found = stored.get(file.filename, file)
        file.size, file.location = found.size, found.location


class _Supervisor:
    """Of the process: its only word, if it said one, and its end."""

    def __init__(self) -> None:
        self.report: v1.Report | None = None
        self.over = asyncio.Event()

    def on_report(self, report: v1.Report) -> None:
        self.report = report

    def on_exit(self, code: int) -> None:
        _ = code
        self.over.set()
