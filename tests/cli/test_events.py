"""`roomwright events` as a program in a terminal, through the death of its server."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from queue import Queue

import pytest

from roomwright.__main__ import main
from tests.cli.conftest import Run
from tests.ports import free_port
from tests.serving import KEY, SECRET

PATIENCE_S = 60.0


class Terminal:
    """The command as a process; its lines come through a queue."""

    def __init__(self, port: int, *arguments: str) -> None:
        environment = {
            **os.environ,
            "LIVEKIT_URL": f"http://127.0.0.1:{port}",
            "LIVEKIT_API_KEY": KEY,
            "LIVEKIT_API_SECRET": SECRET,
            "TZ": "UTC",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "roomwright", "events", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: Queue[str] = Queue()
        self.errors: Queue[str] = Queue()
        for pipe, queue in ((self._process.stdout, self.lines), (self._process.stderr, self.errors)):
            threading.Thread(target=self._read, args=(pipe, queue), daemon=True).start()

    @staticmethod
    def _read(pipe, queue: Queue[str]) -> None:
        for text in pipe:
            queue.put(text.rstrip("\n"))

    def next(self) -> str:
        return self.lines.get(timeout=PATIENCE_S)

    def end(self) -> int:
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(PATIENCE_S)


class Served:
    """A server as a process, on a port that stays the same."""

    def __init__(self) -> None:
        self.port = free_port()
        self.start()

    def start(self) -> None:
        config = f"{{port: {self.port}, bind_addresses: [127.0.0.1], rtc: {{udp_port: 0}}, keys: {{{KEY}: {SECRET}}}}}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "roomwright", "--config-body", config], stderr=subprocess.DEVNULL
        )
        while self.call("list").returncode:
            assert self.process.poll() is None, "the server has ended"
            time.sleep(0.1)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "roomwright", "room", *arguments, "--url", f"http://127.0.0.1:{self.port}"]
        keys = ["--api-key", KEY, "--api-secret", SECRET]
        return subprocess.run([*command, *keys], check=False, capture_output=True, text=True)

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(PATIENCE_S)


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.end(signal.SIGTERM)


def until_told(served: Served, room: str, *terminals: Terminal) -> list[str]:
    """Make rooms until every terminal shows one: only then they are known to listen. What each showed first."""
    for number in range(100):
        served.call("create", f"{room}-{number}")
        if all(not terminal.lines.empty() for terminal in terminals):
            return [terminal.next() for terminal in terminals]
        time.sleep(0.1)
    raise AssertionError("nothing was told")


def test_events_are_followed_through_a_restart(served: Served):
    people, program = Terminal(served.port), Terminal(served.port, "--json", "--include", "room_started")
    try:
        shown, written = until_told(served, "first", people, program)
        assert shown.split()[1] == "room_started"
        assert shown.split()[2].startswith("first-")
        assert json.loads(written)["event"] == "room_started"
        served.end(signal.SIGKILL)
        assert "again in" in people.errors.get(timeout=PATIENCE_S)
        served.start()
        while not people.next().startswith("-- missed an unknown number of events"):
            pass
        assert until_told(served, "second", people)[0].split()[1] == "room_started"
    finally:
        codes = people.end(), program.end()
    assert codes == (130, 130)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--include", "nothing"], "'nothing' is not the name of an event"),
        (["--api-secret", "wrong"], "401"),
    ],
)
def test_what_the_server_refuses_is_final(run: Run, arguments, says):
    said = run("events", *arguments)
    assert said.code == 1
    assert says in said.err


def test_where_there_is_no_server_the_command_says_so(capsys):
    assert main(["events", "--url", f"http://127.0.0.1:{free_port()}", "--api-key", KEY, "--api-secret", SECRET]) == 1
    assert "no connection" in capsys.readouterr().err
