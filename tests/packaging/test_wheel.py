"""The wheel builds, installs into an environment that knows nothing of this checkout, and serves."""

import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.packaging.wheels import ROOT, installed, run

pytestmark = pytest.mark.suite


def test_the_wheel_serves_from_an_environment_of_its_own(tmp_path: Path) -> None:
    python = installed(tmp_path)
    where = run(
        python, "-c", "import roomwright, roomwright_proto as p; print(roomwright.__file__, p.__file__)", cwd=tmp_path
    )
    assert str(ROOT) not in where
    roomwright = python.with_name("roomwright")
    assert run(roomwright, "--version", cwd=tmp_path)
    assert run(roomwright, "token", "create", "--dev", "--list", cwd=tmp_path).count(".") == 2
    with subprocess.Popen(
        [roomwright, "--dev", "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            url = next(word for line in server.stdout for word in line.split() if word.startswith("http://"))
            with urllib.request.urlopen(url + "/", timeout=60) as answer:
                assert answer.read() == b"OK"
        finally:
            server.terminate()
