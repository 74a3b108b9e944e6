"""The families of clients that take part, and how the program of each is made ready and started."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
CHROMIUM = "/usr/bin/chromium"


@dataclass(frozen=True, kw_only=True)
class Family:
    """Clients of one SDK. `missing` names what this machine lacks for it."""

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        return [tool for tool in self.needs if shutil.which(tool) is None]

    def prepare(self) -> None:
        """Install what its program needs."""
        if "npm" in self.needs:
            npm_packages(PROGRAMS)


def npm_packages(folder: Path) -> None:
    """Install what a folder's package-lock.json lists, unless that was done before."""
    lock, done = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    subprocess.run(("npm", "ci", "--silent", "--prefer-offline"), cwd=folder, check=True, timeout=600)


FAMILIES = {
    family.name: family
    for family in (
        Family(name="python", command=(sys.executable, "python/guests.py", "single")),
        Family(name="python-double", command=(sys.executable, "python/guests.py", "double")),
        Family(name="node", command=("node", "node/guests.mjs"), needs=("node", "npm")),
        Family(
            name="browser",
            command=("node", "browser/guests.mjs"),
            needs=("node", "npm", CHROMIUM),
        ),
    )
}
"""`python` has one peer connection and `/rtc/v1`, `python-double` two and `/rtc`; the others decide for themselves."""
