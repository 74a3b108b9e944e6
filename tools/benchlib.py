"""What the benchmarks share: programs pinned to a core, their CPU time and memory as Linux counts them, and averages.

Reads /proc and uses taskset, so the benchmarks run on Linux only.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"

SERVER_CORE = 0
LOAD_CORE = 1

KEY, SECRET = "bench", "a-secret-that-only-the-benchmarks-use"

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12  # fields 14 and 15 of proc(5), counted after the program's name


class CannotMeasureError(Exception):
    """Something that the benchmark needs is missing; the message says what to do. The exit code is then 2."""


def require(*programs: str) -> None:
    """Raise CannotMeasureError unless this is Linux with two cores and the programs are on PATH."""
    if not Path("/proc/self/stat").exists():
        raise CannotMeasureError("the benchmarks read /proc: they need Linux")
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        raise CannotMeasureError(f"the benchmarks need cores {SERVER_CORE} and {LOAD_CORE}")
    for program in programs:
        if shutil.which(program) is None:
            package = {"taskset": "util-linux"}.get(program, program)
            raise CannotMeasureError(f"{program} is not installed; on Debian: apt-get install {package}")


def cpu_seconds_of(stat: str) -> float:
    """User and system time in the text of /proc/<pid>/stat, all threads together."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_SECOND


def cpu_seconds(pid: int) -> float:
    """CPU time that the process has taken so far."""
    return cpu_seconds_of(Path(f"/proc/{pid}/stat").read_text())


def resident_bytes_of(status: str) -> int:
    """VmRSS in the text of /proc/<pid>/status, in bytes."""
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def resident_bytes(pid: int) -> int:
    """Memory of the process that is in RAM now."""
    return resident_bytes_of(Path(f"/proc/{pid}/status").read_text())


def pinned(core: int, command: Sequence[str | Path]) -> list[str]:
    """`command`, held on one core with all its threads."""
    return ["taskset", "--cpu-list", str(core), *map(str, command)]


def environment() -> dict[str, str]:
    """The environment of the programs under measurement; without settings of a server that somebody exported."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LIVEKIT_")}


class Program:
    """A Python program of tools/ that prints one line of JSON once it is ready; `facts` holds it.

    `with Program("bench_bare.py") as bare:` ends it afterwards.
    """

    def __init__(self, script: str, *arguments: str, core: int = SERVER_CORE) -> None:
        command = pinned(core, [sys.executable, TOOLS / script, *arguments])
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())
        self._script = script
        self.facts: dict[str, Any] = {}

    def __enter__(self) -> Self:
        assert self._process.stdout is not None  # noqa: S101  # for the type checker: PIPE was asked for
        line = self._process.stdout.readline()
        if not line:
            raise CannotMeasureError(f"tools/{self._script} ended before it was ready (code {self._process.wait()})")
        self.facts = json.loads(line)
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)

    @property
    def pid(self) -> int:
        """The process id; taskset replaces itself by the program."""
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self.facts["port"]


def stop(process: subprocess.Popen[Any]) -> None:
    """End a program that is not needed any more; it has nothing to save."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(port: int, *options: str) -> list[str]:
    """The server as a user starts it, but with any free port for media; `options` are Python's."""
    flags = ["--bind", "127.0.0.1", "--port", str(port), "--keys", f"{KEY}: {SECRET}"]
    media = ["--config-body", "rtc: {udp_port: 0}"]
    return pinned(SERVER_CORE, [sys.executable, *options, "-m", "roomwright", *flags, *media])


@contextmanager
def running(port: int, *options: str, errors: Any = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """The server for the length of a `with`; `options` are Python's."""
    process = subprocess.Popen(command(port, *options), env=environment(), stdout=subprocess.DEVNULL, stderr=errors)
    try:
        yield process
    finally:
        stop(process)


def ask(
    port: int, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, str, bytes]:
    """One HTTP request on a connection of its own: status, content type and body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(verb, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read()
    finally:
        connection.close()


def until_answered(port: int, path: str = "/", *, patience: float = 20.0, pause: float = 0.002) -> None:
    """Ask until the answer is 200; raises CannotMeasureError after `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(OSError, http.client.HTTPException):
            if ask(port, "GET", path)[0] == 200:
                return
        time.sleep(pause)
    raise CannotMeasureError(f"no answer from port {port} within {patience:.0f} s")


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in columns: the first left-aligned, the others right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
    return "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip()
