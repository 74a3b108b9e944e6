"""What docs/deployment.md gives to nginx and systemd is what they take, and clients come through that proxy."""

import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from roomwright.auth.claims import Claims, VideoGrant
from tests.docs.blocks import blocks_of
from tests.docs.executor import ROOT
from tests.serving import Running, running, token
from tests.support import skip_or_fail

_BLOCKS = blocks_of((ROOT / "docs" / "deployment.md").read_text(encoding="utf-8"))
[NGINX] = [block.text for block in _BLOCKS if block.language == "nginx"]
[UNIT] = [block.text for block in _BLOCKS if block.language == "ini"]
LINES = """\
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
scgi_temp_path {folder}/scgi;
uwsgi_temp_path {folder}/uwsgi;
{server}
}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def proxy(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The document's proxy in front of the server; its URL."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None or shutil.which("openssl") is None:
        skip_or_fail("the proxy needs nginx and openssl")
    folder, port = tmp_path_factory.mktemp("nginx"), _free_port()
    _certificate(folder)
    here = NGINX.replace("443 ssl", f"127.0.0.1:{port} ssl").replace("127.0.0.1:7880", f"127.0.0.1:{server.port}")
    here = here.replace("/etc/letsencrypt/live/live.example.com", str(folder))
    (folder / "nginx.conf").write_text(LINES.format(folder=folder, server=here), encoding="utf-8")
    with subprocess.Popen([nginx, "-c", folder / "nginx.conf"], stderr=subprocess.PIPE) as process:
        _await(process, port)
        yield f"https://127.0.0.1:{port}"
        process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _certificate(folder: Path) -> None:
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=x")
    files = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    subprocess.run(["openssl", "req", "-x509", *made, *files], check=True, capture_output=True, timeout=60)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx does not listen")


@pytest_asyncio.fixture
async def session(proxy: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that trusts the proxy's certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(proxy, connector=connector, headers={"Authorization": f"Bearer {token()}"}) as one:
        yield one


async def test_calls_come_through_the_proxy(session: aiohttp.ClientSession) -> None:
    for path, status in (("CreateRoom", 200), ("CreateRom", 404)):
        async with session.post(f"/twirp/livekit.RoomService/{path}", json={"name": "r"}) as answer:
            assert answer.status == status
            assert answer.content_type == "application/json"
    async with session.get("/readyz") as answer:
        assert (answer.status, await answer.text()) == (200, "OK")


async def test_signalling_comes_through_the_proxy(session: aiohttp.ClientSession) -> None:
    joining = token(Claims(identity="ada", video=VideoGrant(room_join=True, room="r")))
    async with session.ws_connect("/rtc", params={"access_token": joining}, headers={"Authorization": ""}) as socket:
        assert (await socket.receive(20)).type is aiohttp.WSMsgType.BINARY
    async with session.get("/rtc/validate", headers={"Authorization": f"Bearer {joining}"}) as answer:
        assert answer.status == 200


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        skip_or_fail("the unit is verified by systemd-analyze")
    unit = tmp_path / "roomwright.service"
    unit.write_text(UNIT.replace("/opt/roomwright/bin", str(Path(sys.executable).parent)), encoding="utf-8")
    done = subprocess.run([verify, "verify", unit], capture_output=True, text=True, timeout=60)
    told = [line for line in done.stderr.splitlines() if "roomwright.service" in line]
    assert (done.returncode, told) == (0, []), done.stderr
