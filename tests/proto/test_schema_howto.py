"""docs/schema.md: its commands work, in their order, in a copy of what they are about."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path


def test_every_command_of_the_howto_works(repository: Path, copy: Path):
    text = (repository / "docs" / "schema.md").read_text()
    commands = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(commands) == text.count("```") // 2 == 5

    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command in commands:
        done = subprocess.run(
            [shutil.which("sh") or "/bin/sh", "-euc", command],
            cwd=copy,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert (done.returncode, done.stdout) == (0, ""), f"{command}{done.stdout}{done.stderr}"
    assert sorted(file.name for file in (copy / "build" / "clients").glob("*.py")) == [
        "livekit_models_pb2.py",
        "livekit_room_pb2.py",
    ]
