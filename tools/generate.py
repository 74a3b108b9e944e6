"""Compiles proto/ into generated/: dataclasses, service stubs and the descriptor set.

Usage: python tools/generate.py [--check]

Needs only what the virtual environment holds (buf, betterproto2's compiler, ruff); no network. With `--check` it
writes nothing and exits 1 when generated/ is not what proto/ gives.
"""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path("generated") / "roomwright_proto"


def _run(*command: str) -> None:
    """Run one of the virtual environment's programs from the project's root; quiet unless it fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def generate(out: Path) -> None:
    """Write the whole package below `out`, replacing what was there."""
    shutil.rmtree(out / PACKAGE, ignore_errors=True)
    _run("buf", "generate", "--output", str(out))
    descriptors = out / PACKAGE / "schema.binpb"
    _run("buf", "build", "--as-file-descriptor-set", "--exclude-source-info", "-o", str(descriptors))


def differences(left: Path, right: Path) -> list[str]:
    """Relative paths of files that are not the same on both sides."""
    names = {p.relative_to(side) for side in (left, right) for p in side.rglob("*") if p.is_file()}
    names = {n for n in names if "__pycache__" not in n.parts}
    _, mismatch, errors = filecmp.cmpfiles(left, right, [str(n) for n in names], shallow=False)
    return sorted(mismatch + errors)


def main() -> int:
    """Generate, or check that nothing has drifted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a difference")
    if not parser.parse_args().check:
        generate(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        drift = differences(Path(folder) / PACKAGE, ROOT / PACKAGE)
    for name in drift:
        print(f"differs from what proto/ gives: {PACKAGE / name}")
    return 1 if drift else 0


if __name__ == "__main__":
    sys.exit(main())
