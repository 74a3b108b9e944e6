"""Live streams over TLS go to those alone who show a certificate that is trusted; a silent server holds up nobody."""

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from roomwright.egress.recorder import outputs
from roomwright.egress.recorder.outputs import sender
from roomwright.egress.recorder.outputs.connection import BrokenStreamError, Connection
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.composing import EPOCH_NS, local, plan, recorded, results
from tests.egress.programs import rtmp_listener, until
from tests.egress.test_streams import FAILED, FINISHED, sent, streams
from tests.egress.tls import Authority, tls_front
from tests.ports import free_port


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.at(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is one of those whom recorders trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


@pytest.mark.usefixtures("trusted")
def test_a_stream_over_tls_arrives_as_it_was_sent(authority: Authority, tmp_path: Path) -> None:
    inner = free_port()
    with (
        tls_front(authority.certificate("localhost"), inner) as port,
        rtmp_listener(tmp_path / "a.flv", inner),
    ):
        output = streams(f"rtmps://localhost:{port}/live/secretkey")
        sent(output)
        output.close()
    watched = source.watch(tmp_path / "a.flv")
    assert [shown.number for shown in watched.shown] == list(range(120))
    assert all(abs(offset) < 0.03 for offset in watched.offsets())
    assert results(output).streams[0].status is FINISHED


def _refused(port: int) -> str:
    """Why a stream to that port is not sent."""
    output = streams(f"rtmps://localhost:{port}/live/secretkey", retries=(30.0,))
    sent(output)
    until(lambda: results(output).streams[0].status is FAILED)
    said = results(output).streams[0]
    output.close()
    assert said.retries == said.started_at == 0
    assert "secretkey" not in said.error
    return said.error


@pytest.fixture
def behind() -> Iterator[int]:
    """A port on which nothing may arrive."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        yield server.getsockname()[1]


def test_an_authority_that_nobody_knows_is_not_trusted(authority: Authority, behind: int) -> None:
    with tls_front(authority.certificate("localhost"), behind) as port:
        error = _refused(port)
    assert error.startswith(f"rtmps://localhost:{port}/live/{{sec...key}}: its certificate is not trusted: ")
    assert "issuer certificate" in error or "self-signed" in error


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_host_is_not_trusted(authority: Authority, behind: int) -> None:
    with tls_front(authority.certificate("elsewhere.example"), behind) as port:
        assert "its certificate is not trusted: Hostname mismatch" in _refused(port)


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_has_expired_is_not_trusted(authority: Authority, behind: int) -> None:
    try:
        expired = authority.certificate("localhost", days=-1)
    except subprocess.CalledProcessError:
        pytest.skip("this openssl makes no expired certificates")
    with tls_front(expired, behind) as port:
        assert "its certificate is not trusted: certificate has expired" in _refused(port)


def test_a_server_that_says_nothing_holds_up_nobody(tmp_path: Path, behind: int) -> None:
    """It takes the connection and never answers."""
    urls = [f"rtmp://127.0.0.1:{behind}/live/secretkey{number}" for number in range(4)]
    silent = v1.Stream(destinations=[pb.StreamDestination(url=url) for url in urls])
    file = v1.Output(file=v1.File(path="a.mp4"), storage=local(tmp_path))
    made = outputs.make(plan(v1.Output(stream=silent), file))
    made.open(recorded(4.0)[0], EPOCH_NS)
    sent(made)
    began = time.monotonic()
    made.close()
    assert time.monotonic() - began < len(urls) * sender.GRACE
    assert len(source.watch(tmp_path / "a.mp4").shown) == 120
    assert [stream.duration for stream in results(made).streams] == [0] * len(urls)


@pytest.mark.suite
def test_a_process_whose_recorder_was_killed_does_not_wait_for_ever() -> None:
    formats, units = recorded(1.0)

    def write_all() -> None:
        with suppress(BrokenStreamError):
            for unit in units:
                connection.write(unit)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = Connection(f"rtmp://127.0.0.1:{silent.getsockname()[1]}/live/secretkey", formats)
        threading.Thread(target=write_all, daemon=True).start()
        silent.settimeout(30)
        _taken = silent.accept()
        connection._socket.shutdown(socket.SHUT_RDWR)
        assert connection._process.wait(60) == -signal.SIGALRM
        connection.close()
