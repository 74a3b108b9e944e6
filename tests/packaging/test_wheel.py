"""The wheel builds, installs into an environment that knows nothing of this checkout, and serves."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.suite


def run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LIVEKIT_"))}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_the_wheel_serves_from_an_environment_of_its_own(tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT, cwd=tmp_path)
    [wheel] = tmp_path.glob("roomwright-*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
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
            with urllib.request.urlopen(url + "/", timeout=20) as answer:
                assert answer.read() == b"OK"
        finally:
            server.terminate()
