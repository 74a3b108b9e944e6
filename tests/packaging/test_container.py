"""The Containerfile builds, and what it builds serves: not as root, healthy, and stopping when it is told to.

Buildah builds and runs without a daemon; it is given what docs/deployment.md gives to podman. Where no registry can be
reached, the image that ours is based on is made of the distribution's own packages by debootstrap and kept in `.cache`.
"""

import argparse
import contextlib
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import blocks_for, commands_of
from tests.ports import free_port
from tests.support import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]
PORT = free_port()
BASE = "docker.io/library/python:3.12-slim"
LOCAL_BASE = "FROM scratch\nADD base.tar /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"

pytestmark = pytest.mark.suite

[SHOWN] = blocks_for(__file__)


def _options(command: str) -> argparse.Namespace:
    """What the document's podman is told, so far as it says it."""
    parser = argparse.ArgumentParser()
    for name in ("--format", "--name", "--network"):
        parser.add_argument(name)
    parser.add_argument("-t", "--tag")
    parser.add_argument("-d", "--detach", action="store_true")
    parser.add_argument("-e", "--env", action="append", default=[])
    parser.add_argument("-v", "--volume", action="append", default=[])
    parser.add_argument("what")
    words = shlex.split(command.replace("\\\n", " ").replace("$KEY: $SECRET", KEYS), comments=True)
    return parser.parse_args(words[2:])


KEYS = "key: a-secret-of-thirty-two-characters!"
[BUILD, RUN] = [_options(command.text) for command in commands_of(SHOWN.text)]

Build = Callable[..., str]


class Buildah:
    """Buildah with a storage of its own."""

    def __init__(self, folder: Path) -> None:
        self._options = ("--storage-driver", "vfs", "--root", f"{folder}/root", "--runroot", f"{folder}/run")

    def command(self, *arguments: str) -> list[str]:
        return ["buildah", *self._options, *arguments]

    def __call__(self, *arguments: str, timeout: float = 300) -> str:
        done = subprocess.run(self.command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    if shutil.which("buildah") is None or os.geteuid():
        skip_or_fail("containers need buildah and root")
    folder = tmp_path_factory.mktemp("containers")
    yield Buildah(folder)
    shutil.rmtree(folder, ignore_errors=True)  # a gigabyte


@pytest.fixture(scope="module")
def base(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of an image with Python, in the storage."""
    pull = subprocess.run(buildah.command("pull", BASE), capture_output=True, timeout=300)
    if pull.returncode == 0:
        return BASE
    folder = tmp_path_factory.mktemp("base")
    shutil.copyfile(_debian(folder), folder / "base.tar")
    (folder / "Containerfile").write_text(LOCAL_BASE, encoding="utf-8")
    buildah("bud", "--isolation", "chroot", "-t", "base", str(folder))
    return "localhost/base"


def _debian(folder: Path) -> Path:
    """This machine's release of Debian with Python, as a tar file."""
    if shutil.which("debootstrap") is None:
        skip_or_fail("no registry can be reached, and there is no debootstrap to do without")
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    kept = ROOT / ".cache" / f"{release}.tar"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        include = "--include=python3,python3-venv,ca-certificates"
        subprocess.run(
            ["debootstrap", "--variant=minbase", include, release, folder / release], check=True, timeout=600
        )
        subprocess.run(["tar", "-C", folder / release, "-cf", folder / "fresh.tar", "."], check=True, timeout=120)
        shutil.move(folder / "fresh.tar", kept)
    return kept


@pytest.fixture(scope="module")
def build(buildah: Buildah, base: str) -> Build:
    """Makes a container of the image that the Containerfile gives, with build arguments."""
    settings = [name for name in ("PIP_CERT", "PIP_FIND_LINKS", "PIP_INDEX_URL") if os.environ.get(name)]
    files = [os.environ[name] for name in settings if Path(os.environ[name]).exists()]
    lent = [part for file in files for part in ("-v", f"{file}:{file}:ro")]
    lent += [part for name in settings for part in ("--env", f"{name}={os.environ[name]}")]

    def build(tag: str, *arguments: str) -> str:
        given = [part for each in (f"BASE={base}", *arguments) for part in ("--build-arg", each)]
        buildah("bud", "--isolation", "chroot", "--format", BUILD.format, *lent, *given, "-t", tag, BUILD.what)
        return buildah("from", f"localhost/{tag}")

    return build


@pytest.fixture(scope="module")
def container(build: Build) -> str:
    return build(BUILD.tag)


@pytest.fixture(scope="module")
def serving(buildah: Buildah, container: str) -> Iterator[subprocess.Popen[bytes]]:
    """The image's server, started by its entry point with an environment as a container gets one."""
    command = ("sh", "-c", f"exec roomwright --port {PORT}")
    settings = [part for each in (*RUN.env, "LIVEKIT_RTC_UDP_PORT=0") for part in ("--env", each)]
    run = buildah.command("run", "--isolation", "chroot", *settings, container, "--", *command)
    with subprocess.Popen(run, cwd=ROOT, start_new_session=True) as process:
        yield process
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def answer(path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=5) as response:
        return response.read()


def test_the_container_serves(serving: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and serving.poll() is None:
        with contextlib.suppress(OSError):
            assert answer("/") == b"OK"
            return
        time.sleep(0.1)
    pytest.fail("it does not answer")


def test_its_health_is_judged_by_readiness(buildah: Buildah, container: str, serving: subprocess.Popen[bytes]) -> None:
    image = json.loads(buildah("inspect", "--type", "image", f"localhost/{RUN.what}"))
    [kind, *check] = image["Docker"]["config"]["Healthcheck"]["Test"]
    assert kind == "CMD"
    here = [part.replace(":7880", f":{PORT}") for part in check]
    buildah("run", "--isolation", "chroot", container, "--", *here)
    nowhere = [part.replace(":7880", ":9") for part in check]
    assert subprocess.run(buildah.command("run", "--isolation", "chroot", container, "--", *nowhere)).returncode != 0


def test_it_is_not_root_and_may_write_only_its_own_folder(buildah: Buildah, container: str) -> None:
    assert buildah("run", "--isolation", "chroot", container, "--", "id", "-u") == "10001"
    buildah("run", "--isolation", "chroot", container, "--", "touch", "/var/lib/roomwright/there")
    refused = buildah.command("run", "--isolation", "chroot", container, "--", "touch", "/opt/roomwright/there")
    assert subprocess.run(refused, capture_output=True).returncode != 0


def test_the_volume_is_where_it_keeps_what_must_not_be_lost(buildah: Buildah, container: str) -> None:
    image = json.loads(buildah("inspect", "--type", "image", f"localhost/{RUN.what}"))
    assert [each.partition(":")[2] for each in RUN.volume] == [*image["Docker"]["config"]["Volumes"]]


def test_it_stops_when_it_is_told_to(serving: subprocess.Popen[bytes]) -> None:
    os.killpg(serving.pid, signal.SIGTERM)
    assert serving.wait(30) is not None
    with pytest.raises(OSError, match="refused"):
        answer("/")


def test_extras_are_installed_where_they_are_asked_for(buildah: Buildah, build: Build, container: str) -> None:
    look = ("python3", "-c", "import importlib.util as u; print(u.find_spec('obstore') is not None)")
    assert buildah("run", "--isolation", "chroot", container, "--", *look) == "False"
    recording = build("recording", "EXTRAS=egress")
    assert buildah("run", "--isolation", "chroot", recording, "--", *look) == "True"
