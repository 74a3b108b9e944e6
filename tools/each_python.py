"""Runs the unit suites under every supported Python that is installed beside the current one.

Usage: python tools/each_python.py

Looks on PATH and below pyenv's root. Each version gets a virtual environment of its own in .venvs/.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ("3.11", "3.12", "3.13")


def interpreters() -> Iterator[tuple[str, Path]]:
    """Version and path of each supported interpreter that answers with that version, save the running one's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in SUPPORTED:
        if version == f"{sys.version_info.major}.{sys.version_info.minor}":
            continue
        candidates = [shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python"))]
        for candidate in filter(None, candidates):
            if _version(Path(candidate)) == version:
                yield version, Path(candidate)
                break
        else:
            print(f"Python {version} is not installed: skipped")


def _version(python: Path) -> str:
    probe = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", probe], capture_output=True, text=True)
    return done.stdout.strip()


def run(version: str, python: Path) -> bool:
    """Set up the version's environment and run the suites in it."""
    venv = ROOT / ".venvs" / version
    print(f"== Python {version}", flush=True)
    commands = [
        [python, "-m", "venv", venv],
        [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1"],
        [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--editable", ".", "--group", "dev"],
        [venv / "bin" / "python", "-m", "pytest", "-q", "-m", "not polyglot and not suite"],
    ]
    return all(subprocess.run([str(part) for part in command], cwd=ROOT).returncode == 0 for command in commands)


def main() -> int:
    """Run all, also after one has failed."""
    results = [run(version, python) for version, python in interpreters()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
