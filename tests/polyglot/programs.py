"""The programs of this folder: which tools each one needs, how it is built and how it is run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

FOLDER = Path(__file__).parent
CACHE = FOLDER.parents[1] / ".cache" / "polyglot"

BUILD_TIMEOUT_S = 900
RUN_TIMEOUT_S = 300


class ProgramError(Exception):
    """A program could not be built, or it failed; the message holds what it printed."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One language's program, in the folder that bears its name.

    `build` and `run` are commands whose working directory is that folder; without a `build` the program runs as it is.
    """

    language: str
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def missing_tools(self) -> list[str]:
        return [tool for tool in self.tools if shutil.which(tool) is None]

    def lines(self, environment: Mapping[str, str], told: str = "") -> list[str]:
        """Build the program if need be, run it and return what it printed. Raises ProgramError."""
        if self.build:
            self._call(self.build, {}, "", BUILD_TIMEOUT_S)
        return self._call(self.run, environment, told, RUN_TIMEOUT_S).splitlines()

    def _call(self, command: tuple[str, ...], environment: Mapping[str, str], told: str, timeout_s: float) -> str:
        finished = subprocess.run(
            command,
            cwd=FOLDER / self.language,
            env={**os.environ, **self.environment, **environment},
            input=told,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if finished.returncode != 0:
            raise ProgramError(
                f"`{' '.join(command)}` ended with {finished.returncode}\n{finished.stdout}{finished.stderr}"
            )
        return finished.stdout


_JAVA_PATH = os.pathsep.join(("target/classes", "target/libraries/*"))

PYTHON = Program(language="python", run=(sys.executable, "room_service.py"))

OTHERS = (
    Program(
        language="javascript",
        tools=("node", "npm"),
        build=("npm", "ci", "--silent", "--prefer-offline"),
        run=("node", "room_service.mjs"),
    ),
    Program(
        language="go",
        tools=("go",),
        build=("go", "build", "-o", str(CACHE / "go" / "room_service"), "."),
        run=(str(CACHE / "go" / "room_service"),),
    ),
    Program(
        language="java",
        tools=("java", "mvn"),
        build=("mvn", "--quiet", "--batch-mode", "compile"),
        run=(
            "java",
            "-classpath",
            _JAVA_PATH,
            "roomwright.polyglot.RoomServiceChecks",
        ),
    ),
    Program(
        language="rust",
        tools=("cargo",),
        build=("cargo", "build", "--quiet", "--locked"),
        run=(str(CACHE / "rust" / "debug" / "polyglot"),),
        environment={"CARGO_TARGET_DIR": str(CACHE / "rust")},
    ),
)
"""The programs that go through `checks.txt`, but Python's."""

_JAVASCRIPT, _GO, _JAVA, _ = OTHERS
RECEIVERS = (
    replace(PYTHON, run=(sys.executable, "webhooks.py")),
    replace(_JAVASCRIPT, run=("node", "webhooks.mjs")),
    replace(
        _GO,
        build=("go", "build", "-o", str(CACHE / "go" / "webhooks"), "./webhooks"),
        run=(str(CACHE / "go" / "webhooks"),),
    ),
    replace(_JAVA, run=("java", "-classpath", _JAVA_PATH, "roomwright.polyglot.Webhooks")),
)
"""The programs that take webhooks by their SDK's receiver."""
