"""The families of clients that take part, and how the program of each is made ready and started."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
CHROMIUM = "/usr/bin/chromium"


@dataclass(frozen=True, kw_only=True)
class Family:
    """Clients of one SDK. `missing` names what this machine lacks for it."""

    name: str
    command: tuple[str, ...]
    prepare: Callable[[], None] = lambda: None
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        return [tool for tool in self.needs if shutil.which(tool) is None]


def npm_packages() -> None:
    """Install what package-lock.json lists, unless that was done before."""
    lock, done = PROGRAMS / "package-lock.json", PROGRAMS / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    subprocess.run(("npm", "ci", "--silent", "--prefer-offline"), cwd=PROGRAMS, check=True, timeout=600)


FAMILIES = {
    family.name: family
    for family in (
        Family(name="python", command=(sys.executable, "python/guests.py", "single")),
        Family(name="python-double", command=(sys.executable, "python/guests.py", "double")),
        Family(name="node", command=("node", "node/guests.mjs"), prepare=npm_packages, needs=("node", "npm")),
        Family(
            name="browser",
            command=("node", "browser/guests.mjs"),
            prepare=npm_packages,
            needs=("node", "npm", CHROMIUM),
        ),
    )
}
"""`python` has one peer connection and `/rtc/v1`, `python-double` two and `/rtc`; the others decide for themselves."""
