"""Storage: directories of this machine, and a real S3 server."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.egress.recorder import outputs
from roomwright.egress.recorder.outputs.file import FileOutput
from roomwright.egress.recorder.storage import open_store, places, queue, remote
from roomwright.egress.recorder.storage.faults import FAULTS
from roomwright.egress.recorder.storage.local import LocalStore
from roomwright.egress.recorder.storage.uploads import put
from roomwright.egress.recorder.units import OutputError
from roomwright.egress.storing import refusal
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.composing import EPOCH_NS, local, plan, recorded, results
from tests.egress.programs import ACCESS, SECRET, played, s3_server


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The S3 server's directory, with a bucket `rec`."""
    directory = tmp_path_factory.mktemp("buckets")
    (directory / "rec").mkdir()
    return directory


@pytest.fixture(scope="module")
def endpoint(buckets: Path) -> Iterator[str]:
    """The S3 server's URL."""
    with s3_server(buckets) as url:
        yield url


def s3(server: str, spool: Path, **changes: Any) -> v1.Storage:
    """Storage at the S3 server."""
    values = {"access_key": ACCESS, "secret": SECRET, "bucket": "rec", "endpoint": server, "force_path_style": True}
    return v1.Storage(s3=pb.S3Upload(**(values | changes)), spool=str(spool))


def test_recordings_are_at_s3_when_they_are_closed_and_nothing_is_left_behind(
    endpoint: str, buckets: Path, tmp_path: Path
):
    storage = s3(endpoint, tmp_path)
    wanted = plan(
        v1.Output(file=v1.File(path="one/a b.mp4", manifest=True), storage=storage),
        v1.Output(segments=v1.Segments(prefix="one/s", playlist="one/s.m3u8", duration=1), storage=storage),
    )
    made = outputs.make(wanted)
    formats, units = recorded(4.0)
    made.open(formats, EPOCH_NS)
    for unit in units:
        made.write(unit)
    assert made.close() == [f"{endpoint}/rec/one/EG_test.json"]
    assert source.watch(buckets / "rec/one/a b.mp4").duration > 3.9
    played(buckets / "rec/one/s.m3u8")
    assert results(made).files[0].location == f"{endpoint}/rec/one/a%20b.mp4"
    assert not list(tmp_path.iterdir())


def test_a_large_file_is_uploaded_in_parts_while_it_grows(
    endpoint: str, buckets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("roomwright.egress.recorder.storage.uploads.PART", 5 * 1024 * 1024)
    store = open_store(s3(endpoint, tmp_path, metadata={"who": "ada"}, content_disposition="attachment"))
    sink = store.create("big.mp4")
    blocks = [bytes([number]) * 1_000_000 for number in range(18)]
    for block in blocks:
        sink.write(block)
    sink.close()
    store.settle()
    assert (buckets / "rec/big.mp4").read_bytes() == b"".join(blocks)
    place = places.place(s3(endpoint, tmp_path), remote.PROBE_FOR)
    attributes = obstore.get(place.store, "big.mp4").attributes
    assert attributes["Content-Type"] == "video/mp4"
    assert attributes["Content-Disposition"] == "attachment"
    assert attributes["who"] == "ada"


@pytest.mark.parametrize(
    ("changes", "sentence", "code"),
    [
        ({"secret": "notthesecret"}, "the secret does not fit", 401),
        ({"access_key": "notthekey"}, "the access key is unknown", 401),
        ({"bucket": "notabucket"}, "there is no such bucket", 404),
        ({"endpoint": "http://127.0.0.1:1"}, "it cannot be reached", 503),
    ],
)
def test_storage_that_cannot_be_used_is_found_out_at_the_start_without_telling_keys(
    endpoint: str, tmp_path: Path, changes: dict[str, str], sentence: str, code: int
):
    with pytest.raises(OutputError, match=sentence) as refused:
        open_store(s3(endpoint, tmp_path, **changes))
    assert refused.value.code == code
    assert refused.value.__cause__ is None
    for secret in (ACCESS, SECRET, "notthesecret", "notthekey"):
        assert secret not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_stored_is_kept_and_the_error_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The bucket goes away while it records."""
    monkeypatch.setattr(remote, "RETRY_FOR", remote.PROBE_FOR)
    buckets, spool = tmp_path / "buckets", tmp_path / "spool"
    (buckets / "rec").mkdir(parents=True)
    with s3_server(buckets) as endpoint:
        made = outputs.make(plan(v1.Output(file=v1.File(path="a.mp4", manifest=True), storage=s3(endpoint, spool))))
        formats, units = recorded(4.0)
        made.open(formats, EPOCH_NS)
        shutil.rmtree(buckets / "rec")
        for unit in units:
            made.write(unit)
        with pytest.raises(
            OutputError, match=r"cannot store a\.mp4: there is no such bucket; it is kept at "
        ) as failed:
            made.close()
    kept = Path(results(made).files[0].location)
    assert str(kept) in str(failed.value)
    assert kept.is_relative_to(spool)
    assert source.watch(kept).duration > 3.9


def test_small_files_are_stored_in_order_and_the_newest_of_a_name_last(endpoint: str, buckets: Path, tmp_path: Path):
    store = open_store(s3(endpoint, tmp_path))
    for number in range(20):
        store.put(f"row/{number}", b"x")
        store.put("row/list", str(number).encode())
    store.settle()
    assert (buckets / "rec/row/list").read_bytes() == b"19"
    assert len(list((buckets / "rec/row").iterdir())) == 21


def test_storage_that_is_down_costs_a_few_attempts_and_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    attempts: list[str] = []

    def failing(place: Any, path: str, content: Any) -> None:
        attempts.append(path)
        raise FileNotFoundError("<Code>NoSuchBucket</Code>")

    monkeypatch.setattr(queue, "put", failing)
    waiting = queue.PutQueue(places.place(s3("http://127.0.0.1:1", tmp_path), remote.PROBE_FOR), LocalStore(tmp_path))
    for number in range(10):
        waiting.put(f"x/{number}", b"x" * 1000)
    with pytest.raises(OutputError, match="there is no such bucket; it is kept at"):
        waiting.settle()
    waiting.settle()
    assert attempts == ["x/0", "x/1", "x/2"]
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == [str(number) for number in range(10)]


@given(st.text(max_size=30))
def test_nothing_is_written_outside_of_the_directory(path: str):
    root = Path("/nowhere/recordings")
    with suppress(OutputError):
        location = Path(LocalStore(root).location(path))
        assert location.is_relative_to(root)
        assert ".." not in location.parts


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd"])
def test_a_path_that_leaves_the_directory_is_refused(path: str, tmp_path: Path):
    with pytest.raises(OutputError, match="leaves the storage's directory"):
        LocalStore(tmp_path).put(path, b"")


def test_a_directory_that_cannot_be_written_is_said_plainly(tmp_path: Path):
    (tmp_path / "file").write_text("")
    output = FileOutput(v1.File(path="file/a.mp4"), open_store(local(tmp_path)))
    with pytest.raises(OutputError, match="cannot write"):
        output.open(recorded(1.0)[0], EPOCH_NS)


@pytest.mark.parametrize(
    ("storage", "said"),
    [
        (v1.Storage(directory="/proc/self/status/x"), "is a file"),
        (v1.Storage(s3=pb.S3Upload()), "bucket is missing"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", access_key="a")), "secret is missing"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", endpoint="ftp://x")), "endpoint is not an HTTP URL"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", tagging="nonsense;")), "tagging is not of the form"),
        (v1.Storage(s3=pb.S3Upload(bucket="a b")), "bucket has characters"),
        (v1.Storage(s3=pb.S3Upload(bucket="../x")), "bucket has characters"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", access_key="a", secret="s", session_token="a\nb")), "session_token has"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", access_key="a\n", secret="s")), "access_key has characters"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", session_token="t")), "access_key is missing beside session_token"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", region="eu central")), "region has characters"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", endpoint="http://a host")), "endpoint is not an HTTP URL"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", endpoint="http://host:99999")), "endpoint is not an HTTP URL"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", endpoint="http://[::1]:9000")), ""),
        (v1.Storage(s3=pb.S3Upload(bucket="b", metadata={"a b": "x"})), "metadata has a name"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", metadata={"who": "a\nb"})), "metadata who has characters"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", content_disposition="a\r\nb")), "content_disposition has characters"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", tagging="a=1&a=2")), "the same tag twice"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", tagging="&".join(f"{n}=" for n in range(11)))), "more than 10 tags"),
        (
            v1.Storage(s3=pb.S3Upload(bucket="b", proxy=pb.ProxyConfig(url="socks5://h"))),
            "proxy.url is not an HTTP URL",
        ),
        (v1.Storage(gcp=pb.GcpUpload(bucket="b", proxy=pb.ProxyConfig(username="u"))), "proxy.url is not an HTTP URL"),
        (v1.Storage(gcp=pb.GcpUpload(bucket="b", credentials="[1]")), "credentials are not the JSON"),
        (v1.Storage(gcp=pb.GcpUpload(bucket="b", credentials="{nonsense")), "credentials are not the JSON"),
        (v1.Storage(gcp=pb.GcpUpload(bucket="b", credentials='{"client_email": "a"}')), "credentials have no private"),
        (
            v1.Storage(azure=pb.AzureBlobUpload(account_name="a", account_key="no key", container_name="c")),
            "account_key is not base64",
        ),
        (
            v1.Storage(azure=pb.AzureBlobUpload(account_name="a.b/c", account_key="k", container_name="c")),
            "account_name",
        ),
        (v1.Storage(gcp=pb.GcpUpload(credentials="{}")), "bucket is missing"),
        (v1.Storage(azure=pb.AzureBlobUpload(account_name="a")), "account_key is missing"),
        (v1.Storage(s3=pb.S3Upload(bucket="b", endpoint="storage.example:9000")), ""),
        (v1.Storage(directory="/tmp/not/there/yet"), ""),
    ],
)
def test_what_can_be_known_of_storage_is_known_at_the_request(storage: v1.Storage, said: str):
    assert said in refusal(storage)
    assert bool(said) == bool(refusal(storage))


@pytest.mark.parametrize(
    ("upload", "url"),
    [
        ({}, "https://rec.s3.amazonaws.com/a/b%20c.mp4"),
        ({"endpoint": "https://s3.example"}, "https://rec.s3.example/a/b%20c.mp4"),
        ({"endpoint": "s3.example/", "force_path_style": True}, "https://s3.example/rec/a/b%20c.mp4"),
        ({"endpoint": "http://10.0.0.1:9000"}, "http://10.0.0.1:9000/rec/a/b%20c.mp4"),
    ],
)
def test_where_an_object_of_s3_is(upload: dict[str, Any], url: str):
    storage = v1.Storage(s3=pb.S3Upload(bucket="rec", access_key="a", secret="b", **upload))
    assert places.place(storage, remote.PROBE_FOR).url("a/b c.mp4") == url


def test_secrets_are_in_no_repr():
    storage = v1.Storage(s3=pb.S3Upload(bucket="rec", access_key=ACCESS, secret=SECRET))
    assert SECRET not in repr(places.place(storage, remote.PROBE_FOR))


@given(
    st.builds(
        pb.S3Upload,
        bucket=st.text(max_size=8),
        region=st.text(max_size=8),
        session_token=st.text(max_size=8),
        endpoint=st.just("http://127.0.0.1:1"),
        access_key=st.just("key"),
        secret=st.just("word"),
        force_path_style=st.booleans(),
        content_disposition=st.text(max_size=8),
        tagging=st.text("a=&%", max_size=8),
        metadata=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
    )
)
@settings(deadline=None, max_examples=200)
def test_whatever_is_not_refused_can_be_sent(upload: pb.S3Upload):
    """The client of object storage panics at what no header and no URL can have."""
    storage = v1.Storage(s3=upload)
    if refusal(storage):
        return
    with suppress(*FAULTS):
        put(places.place(storage, timedelta(0)), "x.mp4", b"x")


def test_a_client_that_panics_loses_no_file(tmp_path: Path):
    storage = s3("http://127.0.0.1:1", tmp_path, metadata={"a b": "c"})
    sink = remote.RemoteSink(places.place(storage, remote.PROBE_FOR), "x.mp4", LocalStore(tmp_path))
    sink.write(b"pictures")
    with pytest.raises(OutputError, match=r"cannot store x\.mp4: the storage's client failed; it is kept at"):
        sink.close()
    assert Path(sink.location).read_bytes() == b"pictures"
    waiting = queue.PutQueue(places.place(storage, remote.PROBE_FOR), LocalStore(tmp_path))
    waiting.put("y.ts", b"piece")
    with pytest.raises(OutputError, match=r"cannot store y\.ts: the storage's client failed; it is kept at"):
        waiting.settle()
