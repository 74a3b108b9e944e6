"""Compiles proto/ into generated/: dataclasses, service stubs and the descriptor set.

Usage: python tools/generate.py [--check | --renew-image]

Needs only what the virtual environment holds (buf, betterproto2's compiler, ruff); no network. With `--check` it
writes nothing and exits 1 when generated/ is not what proto/ gives. With `--renew-image` it replaces
proto/image.binpb, the public schema that `buf breaking` compares with, unless the present one breaks it.
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
PUBLIC = Path("proto") / "livekit"
"""What clients see; servers and their recorders are of one version, and need no image."""
IMAGE = Path("proto") / "image.binpb"


def _run(*command: str) -> None:
    """Run one of the virtual environment's programs from the project's root; quiet unless it fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def generate(out: Path) -> Path:
    """Write the whole package below the empty folder `out`; return the package's folder."""
    _run("buf", "generate", "--output", str(out))
    descriptors = out / PACKAGE / "schema.binpb"
    _run("buf", "build", "--as-file-descriptor-set", "--exclude-source-info", "-o", str(descriptors))
    return out / PACKAGE


def differences(left: Path, right: Path) -> list[str]:
    """Relative paths of files that are not the same on both sides."""
    names = {p.relative_to(side) for side in (left, right) for p in side.rglob("*") if p.is_file()}
    names = {n for n in names if "__pycache__" not in n.parts}
    _, mismatch, errors = filecmp.cmpfiles(left, right, [str(n) for n in names], shallow=False)
    return sorted(mismatch + errors)


def replace(fresh: Path, package: Path) -> None:
    """Make `package` equal to `fresh`, one rename per changed file: an import meanwhile never meets a half file."""
    for name in differences(fresh, package):
        target = package / name
        if not (fresh / name).exists():
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.new")
        shutil.copyfile(fresh / name, beside)
        beside.replace(target)


def check(fresh: Path, package: Path) -> int:
    """Print each file that has drifted from the schema; return the exit code."""
    drift = differences(fresh, package)
    for name in drift:
        print(f"differs from what proto/ gives: {PACKAGE / name}")
    return 1 if drift else 0


def renew_image() -> None:
    """Make the present schema the one that later changes are compared with."""
    if (ROOT / IMAGE).exists():
        _run("buf", "breaking", str(PUBLIC), "--against", str(IMAGE))
    _run("buf", "build", str(PUBLIC), "--exclude-source-info", "-o", str(IMAGE))


def main() -> int:
    """Generate, check that nothing has drifted, or renew the image."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="write nothing; exit 1 on a difference")
    group.add_argument("--renew-image", action="store_true", help=f"replace {IMAGE}, if the schema keeps to it")
    options = parser.parse_args()
    if options.renew_image:
        renew_image()
        return 0
    with tempfile.TemporaryDirectory() as folder:
        fresh = generate(Path(folder))
        if options.check:
            return check(fresh, ROOT / PACKAGE)
        replace(fresh, ROOT / PACKAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
