"""Azure's storage, at Azurite; Google's, at a stand-in for want of an emulator."""

import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import obstore
import pytest

from roomwright.egress.recorder.storage import open_store, places, remote
from roomwright.egress.recorder.units import OutputError
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress.google import google
from tests.egress.programs import accepts, program, running, until
from tests.ports import free_port

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own, known to everybody."""


@pytest.fixture
def azurite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An Azurite with a container `rec`, which the recorder takes for Azure."""
    port = free_port()
    options = ("--silent", "--skipApiVersionCheck", "--location", str(tmp_path / "azurite"), "--blobHost", "127.0.0.1")
    with running(program("azurite-blob"), *options, "--blobPort", str(port)):
        until(lambda: accepts(port))
        url = f"http://127.0.0.1:{port}/{ACCOUNT}"
        _create_container(url)
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", url)
        client = places._client
        monkeypatch.setattr(places, "_client", lambda *given: {**client(*given), "allow_http": True})
        yield url


def _create_container(url: str) -> None:
    date = formatdate(usegmt=True)
    empty = "\n" * 12
    signed = f"PUT{empty}x-ms-date:{date}\nx-ms-version:2021-08-06\n/{ACCOUNT}/{ACCOUNT}/rec\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)).decode()
    headers = {
        "x-ms-date": date,
        "x-ms-version": "2021-08-06",
        "Authorization": f"SharedKey {ACCOUNT}:{signature}",
        "Content-Length": "0",
    }
    request = urllib.request.Request(f"{url}/rec?restype=container", method="PUT", headers=headers)
    urllib.request.urlopen(request, timeout=10).close()


def azure(spool: Path, **changes: str) -> v1.Storage:
    """Storage at Azurite."""
    values = {"account_name": ACCOUNT, "account_key": KEY, "container_name": "rec"}
    return v1.Storage(azure=pb.AzureBlobUpload(**(values | changes)), spool=str(spool))


@pytest.mark.suite
@pytest.mark.usefixtures("azurite")
def test_files_are_at_azure_when_they_are_closed(tmp_path: Path):
    spool = tmp_path / "spool"
    store = open_store(azure(spool))
    store.put("a/list.m3u8", b"#EXTM3U")
    sink = store.create("a/big.mp4")
    blocks = [bytes([number]) * 1_000_000 for number in range(20)]
    for block in blocks:
        sink.write(block)
    sink.close()
    store.settle()
    assert sink.location == f"https://{ACCOUNT}.blob.core.windows.net/rec/a/big.mp4"
    there = places.place(azure(spool), remote.PROBE_FOR).store
    assert bytes(obstore.get(there, "a/list.m3u8").bytes()) == b"#EXTM3U"
    assert bytes(obstore.get(there, "a/big.mp4").bytes()) == b"".join(blocks)
    assert not list(spool.glob("*"))


@pytest.mark.suite
@pytest.mark.usefixtures("azurite")
def test_a_container_that_is_not_there_is_found_out_at_the_start(tmp_path: Path):
    with pytest.raises(OutputError, match="there is no such bucket"):
        open_store(azure(tmp_path, container_name="nowhere"))


def test_files_are_at_google_when_they_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    client = places._client
    monkeypatch.setattr(places, "_client", lambda *given: {**client(*given), "allow_http": True})
    with google() as server:
        upload = pb.GcpUpload(bucket="rec", credentials=server.credentials)
        store = open_store(v1.Storage(gcp=upload, spool=str(tmp_path / "spool")))
        store.put("a/list.m3u8", b"#EXTM3U")
        sink = store.create("a/big.mp4")
        blocks = [bytes([number]) * 1_000_000 for number in range(20)]
        for block in blocks:
            sink.write(block)
        sink.close()
        store.settle()
        assert server.objects == {"/rec/a/list.m3u8": b"#EXTM3U", "/rec/a/big.mp4": b"".join(blocks)}
    assert sink.location == "https://rec.storage.googleapis.com/a/big.mp4"
    assert not list((tmp_path / "spool").glob("*"))


@pytest.mark.parametrize("credentials", ["{nonsense", json.dumps({"private_key": "secret"})])
def test_credentials_that_cannot_be_are_refused_without_telling_them(credentials: str, tmp_path: Path):
    with pytest.raises(OutputError) as refused:
        open_store(v1.Storage(gcp=pb.GcpUpload(bucket="rec", credentials=credentials), spool=str(tmp_path)))
    assert refused.value.code == 400
    assert "nonsense" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_key_of_azure_that_is_no_key_is_refused_without_telling_it(tmp_path: Path):
    with pytest.raises(OutputError) as refused:
        open_store(azure(tmp_path, account_key="not base64!"))
    assert "not base64" not in str(refused.value)
