"""What documents show of a terminal, where it needs people in a room, or goes on until it is interrupted."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue

import pytest

from roomwright.__main__ import main
from roomwright.testing import ThreadedServer
from tests.docs.blocks import blocks_for, commands_of, is_like

PATIENCE_S = 30.0

[PEOPLE, EVENTS] = blocks_for(__file__)


@pytest.fixture
def server() -> Iterator[ThreadedServer]:
    with ThreadedServer() as server:
        yield server


@pytest.fixture
def environment(server: ThreadedServer) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, **server.environment, "PATH": path, "TZ": "UTC"}


def test_participants_are_administered(
    server: ThreadedServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process: eight commands would take as long as all others of that document."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    alice, bob = server.join("alice", "standup"), server.join("bob", "standup")
    server.join("carol", "backstage")
    track = alice.publish("microphone", source="microphone")
    alice.on_rpc("greet", lambda call: f"hello {json.loads(call.payload)['name']}")
    printed: list[str] = []
    for command in commands_of(PEOPLE.text):
        _, *arguments = shlex.split(command.text.replace("\\\n", " ").replace("TR_AMk4", track.sid))
        code = main(arguments)
        printed.append(capsys.readouterr().out)
        assert code == 0, arguments
    assert "alice" in printed[0]
    assert "hello Bob\n" in printed
    assert (bob.room, bob.subscribed) == ("backstage", [])
    assert not alice.present


def test_events_are_told_as_they_happen(server: ThreadedServer, environment: dict[str, str]) -> None:
    people, program = commands_of(EVENTS.text)
    expected = re.sub(r"^\d\d:\d\d:\d\d", "…", people.output, flags=re.MULTILINE)
    with followed(people.text, environment, lambda name: server.join(name, "probe")) as (_, lines):
        server.join("alice", "standup").publish("microphone", source="microphone")
        told: list[str] = []
        while len(told) < len(expected.splitlines()):
            told += [line for line in [lines.get(timeout=PATIENCE_S)] if "probe" not in line]
        assert is_like("\n".join(told), expected), told
    with followed(program.text, environment, lambda name: server.join(name, "standup")) as (first, _):
        assert json.loads(first)["event"] == "participant_joined"


@contextmanager
def followed(
    text: str, environment: dict[str, str], probe: Callable[[str], object]
) -> Iterator[tuple[str, Queue[str]]]:
    """What a command on the test's server says first, once it listens, and its further lines.

    `probe` makes something happen, again and again until it does.
    """
    command = ["bash", "-c", f"exec {text.replace(' --dev', '')}"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        lines = Queue[str]()
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        try:
            yield _first(lines, probe), lines
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode == 130


def _first(lines: Queue[str], probe: Callable[[str], object]) -> str:
    for number in range(round(PATIENCE_S / 0.2)):
        probe(f"probe-{number}")
        with suppress(Empty):
            return lines.get(timeout=0.2)
    raise AssertionError("nothing was told")


def _read(pipe: Iterable[str], lines: Queue[str]) -> None:
    for line in pipe:
        lines.put(line.rstrip("\n"))
