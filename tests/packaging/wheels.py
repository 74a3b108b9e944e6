"""The wheel, in an environment that knows nothing of this checkout."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import Block, commands_of

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path, path: Path | None = None) -> str:
    """What a command prints, without this environment's variables; it must succeed. `path` comes first in PATH."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "LIVEKIT_"))}
    if path is not None:
        clean["PATH"] = f"{path}{os.pathsep}{clean['PATH']}"
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def built(folder: Path) -> Path:
    """The wheel, built into `folder`."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    [wheel] = folder.glob("roomwright-*.whl")
    return wheel


def environment(folder: Path) -> Path:
    """The Python of a new environment in `folder`."""
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    return folder / "venv" / "bin" / "python"


def installed(folder: Path, extra: str = "") -> Path:
    """The Python of a new environment in `folder`, with the wheel (`extra` as in `[testing]`) and what it needs."""
    python = environment(folder)
    run(python, "-m", "pip", "install", "--quiet", f"{built(folder)}{extra}", cwd=folder)
    return python


def follow(block: Block, wheel: Path, path: Path, *changes: tuple[str, str]) -> None:
    """Do what a document says, in the checkout, with `path` before PATH; `roomwright` of a registry is the wheel."""
    for command in commands_of(block.text):
        text = command.text.replace("install roomwright", f"install {wheel}").replace("'roomwright[", f"'{wheel}[")
        for here, there in changes:
            text = text.replace(here, there)
        run("bash", "-euo", "pipefail", "-c", text, cwd=ROOT, path=path)
