"""`roomwright egress …`: what it starts, shows and ends, on a server that really records."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomwright.config import Config, EgressCosts, EgressSettings, LoggingSettings
from tests.cli.conftest import Run
from tests.serving import KEY, SECRET, Running, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("egress")
    egress = EgressSettings(
        directory=str(folder), state_directory=str(folder / "state"), cpu_cost=EgressCosts(max_cpu_utilization=100)
    )
    quiet = LoggingSettings(level="error")
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, logging=quiet, egress=egress)
    with running(config) as started:
        yield started


@pytest.fixture
def started(run: Run) -> str:
    """The id of an egress of a room, with a stream that nobody takes."""
    assert run("room", "create", "r").code == 0
    address = "rtmp://127.0.0.1:1/live/secret-key"
    said = run("egress", "start-room", "r", "--file", "{room_name}-{time}", "--stream", address, "--json")
    assert said.code == 0, said.err
    assert "secret-key" not in said.out
    return said.json["egress_id"]


def test_an_egress_is_started_listed_changed_stopped_and_watched(run: Run, started: str) -> None:
    assert [row[0] for row in run("egress", "list", "--room", "r", "--active").rows] == ["EGRESS", started]
    assert run("egress", "update-layout", started, "speaker").code == 0
    assert run("egress", "add-stream", started, "rtmp://127.0.0.1:1/live/another-key").code == 0
    assert run("egress", "remove-stream", started, "rtmp://127.0.0.1:1/live/{ano...key}").code == 0
    stopped = run("egress", "stop", started)
    assert "status" in stopped.out
    watched = run("egress", "watch", started, "--interval", "0.1")
    assert watched.out.splitlines()[-1].split()[0] in ("complete", "aborted", "failed")
    again = run("egress", "stop", started)
    assert (again.code, again.err.split(":")[2].strip()) == (1, "failed_precondition")


def test_requests_are_made_of_flags_and_files(run: Run, tmp_path: Path) -> None:
    run("room", "create", "r")
    asked = {"room_name": "r", "template": {"layout": "grid"}, "outputs": [{"file": {"filepath": "own"}}]}
    (tmp_path / "request.json").write_text(json.dumps(asked))
    ids = [
        run("egress", "start", str(tmp_path / "request.json"), "--json").json["egress_id"],
        run("egress", "start-participant", "r", "alice", "--segments", "s", "--json").json["egress_id"],
        run("egress", "start-track-composite", "r", "--audio", "TR_a", "--json").json["egress_id"],
        run("egress", "start-track", "r", "TR_a", "--websocket", "ws://127.0.0.1:1/", "--json").json["egress_id"],
    ]
    shown = run("egress", "list", "--json").json["items"]
    assert set(ids) <= {info["egress_id"] for info in shown}
    for egress_id in ids:
        assert run("egress", "stop", egress_id).code == 0
    deadline = time.monotonic() + 60
    while run("egress", "list", "--active", "--json").json["items"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stop", "EG_nope"), "not_found: egress does not exist"),
        (("start-room", "nowhere"), "not_found: requested room does not exist"),
        (("start-room", "r", "--layout", "pyramid"), "invalid_argument: request has missing or invalid field: layout"),
        (("start-room", "r", "--stream", "http://x/"), "invalid_argument: request has missing"),
        (("start", "/nowhere.json"), "cannot read the request /nowhere.json"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(run: Run, arguments: tuple[str, ...], words: str) -> None:
    run("room", "create", "r")
    said = run("egress", *arguments)
    assert said.code != 0
    assert words in said.err
    assert len(said.err.splitlines()) == 1
