"""Secrets of requests are nowhere but in what the recorder is told."""

import json
from pathlib import Path

import pytest

from roomwright import codec
from roomwright.config import Flags, load
from roomwright.config.show import to_yaml
from roomwright.egress.redaction import redacted, stream_url
from roomwright.errors import ServiceError
from roomwright_proto import livekit as pb
from tests.egress.desk import CALLER, Desk

SECRET = "hunter2+hunter2+hunter2A"
"""As good as a key of Azure's, which is base64."""
ACCOUNT = json.dumps({"client_email": "e", "private_key": SECRET, "private_key_id": SECRET})
REQUEST = pb.RoomCompositeEgressRequest(
    room_name="r",
    file_outputs=[
        pb.EncodedFileOutput(
            filepath="x",
            s3=pb.S3Upload(
                access_key=SECRET,
                secret=SECRET,
                session_token=SECRET,
                bucket="b",
                proxy=pb.ProxyConfig(url=f"http://u:{SECRET}@proxy:1", username=SECRET, password=SECRET),
            ),
        )
    ],
    image_outputs=[pb.ImageOutput(gcp=pb.GcpUpload(credentials=ACCOUNT, bucket="b"))],
    segment_outputs=[
        pb.SegmentedFileOutput(azure=pb.AzureBlobUpload(account_name="a", account_key=SECRET, container_name="c"))
    ],
    stream_outputs=[pb.StreamOutput(urls=[f"rtmp://user:{SECRET}@h/app/{SECRET}"])],
)


async def test_no_secret_is_answered_told_logged_or_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[bytes] = []
    async with Desk(tmp_path) as desk:
        desk.feed.listen(lambda entry: told.append(entry.body))
        await desk.backend.create_room(pb.CreateRoomRequest(name="r"), CALLER)
        info = await desk.egress.start_room_composite_egress(REQUEST, CALLER)
        said = [codec.to_json(info), repr(desk.egress).encode(), repr(desk.egress.sessions).encode()]
        update = pb.UpdateStreamRequest(
            egress_id=info.egress_id,
            add_output_urls=[f"rtmp://h/{SECRET}"],
            remove_output_urls=[f"rtmp://h/a/{SECRET}x"],
        )
        with pytest.raises(ServiceError) as error:
            await desk.egress.update_stream(update, CALLER)
        said.append(error.value.message.encode())
        await desk.stop(info.egress_id)
        listed = await desk.egress.list_egress(pb.ListEgressRequest(), CALLER)
        said += [codec.to_json(listed), *told]
    out, err = capfd.readouterr()
    said += [out.encode(), err.encode(), *(path.read_bytes() for path in (tmp_path / "state").iterdir())]
    assert told
    assert not [text for text in said if SECRET.encode() in text]


def test_a_redacted_request_names_what_was_there() -> None:
    s3 = redacted(REQUEST).file_outputs[0].s3
    assert (s3.access_key, s3.secret, s3.session_token, s3.bucket) == (
        "{access_key}",
        "{secret}",
        "{session_token}",
        "b",
    )
    assert REQUEST.file_outputs[0].s3.secret == SECRET


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtmp://h/app/abcdefghijk", "rtmp://h/app/{abc...ijk}"),
        ("rtmps://u:p@h:443/app/inst/abcdef", "rtmps://h:443/app/inst/{ab...ef}"),
        ("rtmp://h/app/ab", "rtmp://h/app/{...}"),
        ("wss://h/path?token=abc", "wss://h/path?{...}"),
        ("mux://abcdefghijk", "mux://{abc...ijk}"),
        ("nonsense", "{url}"),
        ("", ""),
    ],
)
def test_a_streams_key_shows_only_its_ends(url: str, shown: str) -> None:
    assert stream_url(url) == shown


def test_the_servers_own_storage_is_shown_without_its_keys() -> None:
    storage = {"storage": {"prefix": "p/", "s3": {"bucket": "b", "access_key": SECRET, "secret": SECRET}}}
    loaded = load(Flags(config_body=json.dumps({"egress": storage})))
    shown = to_yaml(loaded.config)
    assert SECRET not in shown + repr(loaded.config)
    assert "bucket: b" in shown


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"directory": 5}, "egress.directory must be a text"),
        ({"cpu_cost": {"nope": 1}}, "egress.cpu_cost: 'nope' is not a known key"),
        ({"cpu_cost": {"max_cpu_utilization": "x"}}, "egress.cpu_cost.max_cpu_utilization must be a number"),
        ({"session_limits": {"file_output_max_duration": "soon"}}, "must be a time such as 45s"),
        ({"storage": {"s3": {"bucket": "b"}, "gcp": {"bucket": "b"}}}, "egress.storage names s3 and gcp; keep one"),
        ({"storage": {"s3": {}}}, "egress.storage.s3.bucket is missing"),
        ({"storage": {"prefix": "../x"}}, "egress.storage.prefix must be a relative path"),
    ],
)
def test_wrong_settings_are_refused_by_name(section, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load(Flags(config_body=json.dumps({"egress": section})))
