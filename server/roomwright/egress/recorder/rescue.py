"""`python -m roomwright.egress.recorder.rescue FD`: stores what a killed recorder of the same plan left in the spool.

It is told the plan as a recorder is, and answers with one report. What cannot be stored stays where it is.
"""

import contextlib
import os
import socket
import sys
from pathlib import Path

from roomwright import codec
from roomwright.egress import spool
from roomwright.egress.frames import FrameReader, message_frame
from roomwright.egress.recorder.outputs import spooled
from roomwright.egress.recorder.outputs.boxes import whole
from roomwright.egress.recorder.process import NICENESS
from roomwright.egress.recorder.storage.faults import told
from roomwright.egress.recorder.storage.places import Place, place
from roomwright.egress.recorder.storage.remote import RETRY_FOR
from roomwright.egress.recorder.storage.uploads import put
from roomwright.egress.recorder.units import OutputError
from roomwright_proto.livekit import EgressStatus, FileInfo
from roomwright_proto.roomwright.egress import v1


def main() -> None:
    """Rescue one egress. A server that is gone does not hear of it."""
    os.nice(NICENESS)
    with socket.socket(fileno=int(sys.argv[1])) as connection, contextlib.suppress(OSError):
        connection.settimeout(None)
        plan = _plan(connection)
        if plan is not None:
            connection.sendall(message_frame(codec.encode(rescued(plan))))


def rescued(plan: v1.Plan) -> v1.Report:
    """Store all that is left of a plan's outputs."""
    progress = v1.Progress()
    try:
        for folder, storage in spooled(plan):
            held = spool.Hold(folder.parent)
            try:
                _store(folder, place(storage, RETRY_FOR), progress)
            finally:
                held.release()
    except OutputError as error:
        return v1.Report(failed=v1.Failed(str(error), error.code, progress))
    except OSError as error:
        return v1.Report(failed=v1.Failed(f"the spool cannot be read: {error.strerror}", 500, progress))
    return v1.Report(finished=v1.Finished(EgressStatus.EGRESS_COMPLETE, progress))


def _store(folder: Path, target: Place, progress: v1.Progress) -> None:
    for file in spool.left(folder):
        path = file.relative_to(folder).as_posix()
        if file.suffix == ".mp4":
            _trim(file)
        size = file.stat().st_size
        try:
            with told(f"cannot store {path}"):
                put(target, path, file)
        except OutputError as error:
            raise OutputError(f"{error}; it is kept at {file}", error.code) from None
        file.unlink()
        progress.files.append(FileInfo(filename=path, size=size, location=target.url(path)))


def _trim(file: Path) -> None:
    with file.open("r+b") as content:
        content.truncate(whole(content))


def _plan(connection: socket.socket) -> v1.Plan | None:
    reader = FrameReader()
    while data := connection.recv(65_536):
        for frame in reader.feed(data):
            if isinstance(frame, bytes):
                return codec.decode(v1.Order, frame).plan
    return None


if __name__ == "__main__":
    main()
