"""Everything that is judged without running the server: style, types, layers, schema. Exits 1 if anything fails.

Usage: python tools/check.py
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "basedpyright": ["basedpyright"],
    "import-linter": ["lint-imports", "--no-logo"],
    "buf lint": ["buf", "lint"],
    "buf breaking": ["buf", "breaking", "proto/livekit", "--against", "proto/image.binpb"],
    "generated/ is what proto/ gives": [sys.executable, "tools/generate.py", "--check"],
    "docs/ is what the code says": [sys.executable, "tools/docs.py", "--check"],
}
"""Title and command of each check, in order of speed of the usual failure."""


def run(title: str, command: list[str]) -> bool:
    """Run one check; print its output only when it fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    print(f"{'failed' if done.returncode else 'ok':<7}{title} ({time.monotonic() - start:.1f} s)", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def main() -> int:
    """Run every check, also after one has failed."""
    results = [run(title, command) for title, command in CHECKS.items()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
