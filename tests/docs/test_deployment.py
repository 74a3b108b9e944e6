"""What docs/deployment.md gives to proxies, systemd, Kubernetes and the kernel is what they take.

Clients come through those proxies.
"""

import shutil
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import yaml

from roomwright.auth.claims import Claims, VideoGrant
from tests.docs.blocks import blocks_for, commands_of
from tests.docs.proxies import caddy, nginx
from tests.serving import Running, running, token
from tests.support import skip_or_fail

[NGINX, CADDY, UNIT, PROBES, KERNEL] = blocks_for(__file__)
PROBE_FIELDS = {
    "failureThreshold",
    "httpGet",
    "initialDelaySeconds",
    "periodSeconds",
    "successThreshold",
    "terminationGracePeriodSeconds",
    "timeoutSeconds",
}
"""Of `v1.Probe` in Kubernetes' API, but for the other kinds of probes."""


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as server:
        yield server


@pytest.fixture(scope="module", params=[(nginx, NGINX), (caddy, CADDY)], ids=["nginx", "caddy"])
def proxy(server: Running, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """A proxy of the document's in front of the server; its URL."""
    behind, block = request.param
    with behind(block.text, f"127.0.0.1:{server.port}", tmp_path_factory.mktemp("proxy")) as url:
        yield url


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


async def test_events_come_through_the_proxy_as_they_happen(session: aiohttp.ClientSession) -> None:
    within = aiohttp.ClientTimeout(30)
    async with session.get("/events", params={"include": "room_started"}, timeout=within) as stream:
        async with session.post("/twirp/livekit.RoomService/CreateRoom", json={"name": token_hex()}) as answer:
            assert answer.status == 200
        line = b""
        while not line.startswith(b"data: "):
            line = await stream.content.readline()
            assert line, "the stream ended"
        assert b"room_started" in line


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        skip_or_fail("the unit is verified by systemd-analyze")
    unit = tmp_path / "roomwright.service"
    unit.write_text(UNIT.text.replace("/opt/roomwright/bin", str(Path(sys.executable).parent)), encoding="utf-8")
    done = subprocess.run([verify, "verify", unit], capture_output=True, text=True, timeout=60)
    told = [line for line in done.stderr.splitlines() if "roomwright.service" in line]
    assert (done.returncode, told) == (0, []), done.stderr


@pytest.mark.parametrize(("name", "probe"), yaml.safe_load(PROBES.text).items())
def test_the_probes_are_kubernetes_own_and_are_answered(name: str, probe: dict[str, Any], server: Running) -> None:
    assert name in {"livenessProbe", "readinessProbe", "startupProbe"}
    assert probe.keys() <= PROBE_FIELDS
    assert all(isinstance(value, int) for field, value in probe.items() if field != "httpGet")
    path, port = probe["httpGet"]["path"], probe["httpGet"]["port"]
    assert port == 7880
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=20) as answer:
        assert answer.status == 200


def test_the_kernel_has_what_is_set_there() -> None:
    """It is not changed: that would be for the whole machine."""
    [command] = commands_of(KERNEL.text)
    program, *arguments = command.text.split()
    if shutil.which(program) is None:
        skip_or_fail(f"there is no {program}")
    done = subprocess.run([program, "--dry-run", *arguments], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
