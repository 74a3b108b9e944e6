"""Programs that tests of recordings look with: FFmpeg's, and a real S3 server. A missing one skips the test."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.support import skip_or_fail

ROOT = Path(__file__).parents[2]
PROGRAMS = (ROOT / ".cache" / "bin", ROOT / ".cache" / "azurite" / "node_modules" / ".bin")
"""Where `.ci/run` puts programs for tests."""

DEADLINE = 60


def program(name: str) -> str:
    """The path of a program."""
    found = shutil.which(name, path=os.pathsep.join([*map(str, PROGRAMS), os.environ.get("PATH", "")]))
    return found or skip_or_fail(f"{name} is not installed")


def probed(source: Path | str, level: str = "warning") -> dict[str, Any]:
    """What ffprobe says of a file or URL; what it says at this level and above fails the test."""
    command = [program("ffprobe"), "-v", level, "-of", "json", "-show_format", "-show_streams"]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


def played(source: Path | str) -> None:
    """Decode all of it with FFmpeg; warnings fail the test."""
    command = [program("ffmpeg"), "-v", "warning", "-i", str(source), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert not done.stderr, done.stderr


def copied(source: Path | str, target: Path) -> Path:
    """All streams of it in another file, as FFmpeg reads them."""
    command = [program("ffmpeg"), "-v", "warning", "-y", "-i", str(source), "-c", "copy", str(target)]
    subprocess.run(command, capture_output=True, timeout=DEADLINE, check=True)
    return target


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process, ended at the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def rtmp_listener(target: Path, port: int, path: str = "live/secretkey") -> Iterator[str]:
    """FFmpeg, which takes one stream and writes it to a file; its URL."""
    url = f"rtmp://127.0.0.1:{port}/{path}"
    options = ("-v", "error", "-y", "-listen", "1", "-i", url, "-c", "copy", "-f", "flv", str(target))
    with running(program("ffmpeg"), *options) as process:
        until(lambda: _listens(port))
        yield url
        process.wait(DEADLINE)


@contextmanager
def s3_server(directory: Path) -> Iterator[str]:
    """A real S3 server (Versity's gateway) whose buckets are folders; its URL. Keys: `ACCESS`, `SECRET`."""
    port = free_port()
    options = ("-p", f"127.0.0.1:{port}", "-a", ACCESS, "-s", SECRET, "-q", "posix", str(directory))
    with running(program("versitygw"), *options):
        until(lambda: accepts(port))
        yield f"http://127.0.0.1:{port}"


ACCESS, SECRET = "AKIAROOMWRIGHTTEST", "averysecretsecretoftests"


def until(holds: Any, seconds: float = DEADLINE) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _listens(port: int) -> bool:
    """Without connecting: a listener for one connection takes the first."""
    wanted = f"0100007F:{port:04X}"
    lines = Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]
    return any(fields[1] == wanted and fields[3] == "0A" for fields in map(str.split, lines))
