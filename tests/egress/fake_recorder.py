"""A program that speaks the recorder's protocol and records nothing; its file's first directory says how it behaves.

(others)    reports all that a good recorder does, and writes what came into its file
crash       dies at its first order after the plan; what it wrote for object storage is in the spool
deaf        never reads on after the plan
stubborn    does not end when it is told to
failing     fails at once
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path

from roomwright import codec
from roomwright.egress import spool
from roomwright.egress.frames import FrameReader, Packet, message_frame
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1


class Fake:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.seen: list[str] = []
        self.plan = v1.Plan()
        self.packets = 0
        self.mood = ""
        self.held: spool.Hold | None = None

    def say(self, **report) -> None:
        self.connection.sendall(message_frame(codec.encode(v1.Report(**report))))

    def folder(self) -> Path:
        storage = self.plan.outputs[0].storage
        if storage.directory is not None:
            return Path(storage.directory)
        folder = spool.folder(storage.spool, self.plan.egress_id)
        self.held = self.held or spool.Hold(folder)
        return folder / "0"

    def progress(self) -> v1.Progress:
        path = self.folder() / self.plan.outputs[0].file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*self.seen, f"{self.packets} packets"]))
        file = pb.FileInfo(filename=self.plan.outputs[0].file.path, location=str(path), size=path.stat().st_size)
        return v1.Progress(files=[file], bytes=file.size)

    def on_order(self, order: v1.Order) -> bool:
        """Whether to go on."""
        kind = next(name for name in vars(order) if name[0] != "_" and getattr(order, name) is not None)
        if order.plan is not None:
            return self.begin(order.plan)
        self.seen.append(f"{kind} {_content(getattr(order, kind))}")
        if self.mood == "crash":
            self.progress()
            os.kill(os.getpid(), signal.SIGKILL)
        if order.stop is not None and self.mood != "stubborn":
            self.say(finished=v1.Finished(status=pb.EgressStatus.EGRESS_COMPLETE, progress=self.progress()))
            return False
        self.say(progress=self.progress())
        return True

    def begin(self, plan: v1.Plan) -> bool:
        self.plan = plan
        self.mood = plan.outputs[0].file.path.partition("/")[0]
        self.say(ready=v1.Ready())
        match self.mood:
            case "failing":
                self.say(failed=v1.Failed(error="no space left on device", code=507, progress=self.progress()))
                return False
            case "deaf":
                time.sleep(60)
            case _:
                self.say(started=v1.Started(at_ns=time.time_ns()))
        return True

    def run(self) -> None:
        reader = FrameReader()
        while data := self.connection.recv(65_536):
            for frame in reader.feed(data):
                if isinstance(frame, Packet):
                    self.packets += 1
                elif not self.on_order(codec.decode(v1.Order, frame)):
                    self.connection.shutdown(socket.SHUT_WR)
                    return


def _content(message) -> str:
    if isinstance(message, v1.TrackAdded):
        return f"{message.number} {message.track.sid} {message.channel.name}"
    return " ".join(str(value) for name, value in vars(message).items() if name[0] != "_")


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        Fake(connection).run()
