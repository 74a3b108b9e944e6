"""`/healthz` and `/readyz`, and what a server that is told to stop says before it does."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.serving import Running, running

NOTICE_S = 600
PATIENCE_S = 60


@pytest.fixture
def server() -> Iterator[Running]:
    with running() as started:
        yield started


def ask(port: int, path: str, verb: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(verb, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_running_server_is_healthy_and_ready(server: Running) -> None:
    assert ask(server.port, "/healthz") == (200, "OK")
    assert ask(server.port, "/readyz") == (200, "OK")
    assert ask(server.port, "/readyz", "HEAD") == (200, "")
    assert ask(server.port, "/") == (200, "OK")


def test_a_server_that_will_stop_is_healthy_but_not_ready(server: Running) -> None:
    server.thread.look(server.server.announce_stop)
    deadline = time.monotonic() + PATIENCE_S
    while ask(server.port, "/readyz") != (503, "stopping"):
        assert time.monotonic() < deadline
    assert ask(server.port, "/healthz") == (200, "OK")
    assert ask(server.port, "/") == (200, "OK")


@pytest.mark.skipif(sys.platform == "win32", reason="stops the server with signals")
def test_a_process_gives_notice_and_goes_on_until_it_is_told_again() -> None:
    environment = {**os.environ, "LIVEKIT_SHUTDOWN_NOTICE": str(NOTICE_S)}
    command = [sys.executable, "-m", "roomwright", "--dev", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as it:
        assert it.stdout is not None
        it.stdout.readline()
        port = int(it.stdout.readline().rpartition(":")[2])
        assert ask(port, "/readyz")[0] == 200
        it.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while ask(port, "/readyz")[0] != 503:
            assert time.monotonic() < deadline
        assert ask(port, "/twirp/livekit.RoomService/ListRooms", "POST")[0] == 404  # no content type: still served
        it.send_signal(signal.SIGTERM)
        _, errors = it.communicate(timeout=PATIENCE_S)
    assert it.returncode == 0
    assert "Traceback" not in errors
