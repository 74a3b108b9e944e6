"""Every field that says what is recorded, how, and where to: an example of each, and what it does.

A field of the schema that is not here fails its test, and so does one that does not do what it says here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from roomwright.egress import auto
from roomwright.egress.planning import requests
from roomwright.egress.wish import Wish
from roomwright_proto import livekit as pb


@dataclass(frozen=True, slots=True)
class Changes:
    """The recorder's plan, or what is recorded, is another one with this value. `beside`: other fields it needs."""

    value: Any
    beside: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The request is refused, and the refusal has this word in it."""

    value: Any
    word: str
    beside: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The request that stores a file has this in its text, and without this value it has not."""

    value: Any
    text: str
    beside: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A test of its own tries this with a real server, because the wire does not show it."""

    test: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Accepted and of no effect, as `docs/egress.md` says."""

    value: Any


Row = Changes | Refused | Sent | Tried | Nothing

ROOM: Final = "standup"
FILE: Final = pb.EncodedFileOutput(filepath="x")
RTMP: Final = "rtmp://h/live/key"
BUCKET: Final = pb.S3Upload(bucket="b", access_key="a", secret="s")
GOOGLE: Final = pb.GcpUpload(bucket="b", credentials="{}")
AZURE: Final = pb.AzureBlobUpload(account_name="a", account_key="aw==", container_name="c")
ALI: Final = pb.AliOssUpload(bucket="b")
_KEYS: Final = {"bucket": "rec", "access_key": "key", "secret": "word"}
HERE: Final = "http://witness.invalid"
"""Stands for the URL of the server that looks at what is sent (`witness.py`)."""
WEBHOOK: Final = pb.WebhookConfig(url="https://h/", signing_key="k")


def _account(url: str) -> str:
    """A service account's key that leads there and asks for no token."""
    account = {"client_email": "", "private_key": "", "private_key_id": ""}
    return json.dumps({**account, "gcs_base_url": url, "disable_oauth": True})


def room(**fields: Any) -> Wish:
    """A wish for a room."""
    return requests.room_composite(pb.RoomCompositeEgressRequest(**({"room_name": ROOM} | fields)))


def unified(**fields: Any) -> Wish:
    """A wish of the newer kind."""
    usual = {"room_name": ROOM, "template": pb.TemplateSource(), "outputs": [pb.Output(file=pb.FileOutput())]}
    return requests.unified(pb.StartEgressRequest(**(usual | fields)))


def _media(**fields: Any) -> Wish:
    return unified(template=None, media=pb.MediaSource(**fields))


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of message: one that is complete, how a wish is made of it, and what its fields do."""

    base: Any
    wish: Callable[[Any], Wish] | None
    rows: Mapping[str, Row]


_STORAGES: Final[Mapping[str, Row]] = {
    "s3": Changes(BUCKET),
    "gcp": Changes(GOOGLE),
    "azure": Changes(AZURE),
    "ali_oss": Refused(ALI, "AliOSS"),
}
_OUTPUTS: Final[Mapping[str, Row]] = {
    "preset": Changes(pb.EncodingOptionsPreset.H264_1080P_30),
    "advanced": Changes(pb.EncodingOptions(width=64)),
    "file_outputs": Changes([pb.EncodedFileOutput(filepath="y")]),
    "stream_outputs": Changes([pb.StreamOutput(urls=[RTMP])]),
    "segment_outputs": Changes([pb.SegmentedFileOutput(playlist_name="l")]),
    "image_outputs": Changes([pb.ImageOutput(filename_prefix="i")]),
    "webhooks": Changes([WEBHOOK]),
}
_SINGLE: Final[Mapping[str, Row]] = {
    "file": Changes(pb.EncodedFileOutput(filepath="y"), {"file_outputs": []}),
    "stream": Changes(pb.StreamOutput(urls=[RTMP]), {"file_outputs": []}),
    "segments": Changes(pb.SegmentedFileOutput(playlist_name="l"), {"file_outputs": []}),
}
_ROUTED: Final = pb.AudioConfig(routes=[pb.AudioRoute(track_id="TR_a")])

MESSAGES: Final[tuple[Message, ...]] = (
    Message(
        pb.RoomCompositeEgressRequest(room_name=ROOM, file_outputs=[FILE]),
        requests.room_composite,
        {
            "room_name": Changes("other"),
            "layout": Changes("speaker"),
            "audio_only": Changes(True),
            "audio_mixing": Changes(pb.AudioMixing.DUAL_CHANNEL_AGENT),
            "video_only": Changes(True),
            "custom_base_url": Refused("https://h/", "custom_base_url"),
            **_SINGLE,
            **_OUTPUTS,
        },
    ),
    Message(
        pb.ParticipantEgressRequest(room_name=ROOM, identity="ada", file_outputs=[FILE]),
        requests.participant,
        {"room_name": Changes("other"), "identity": Changes("bob"), "screen_share": Changes(True), **_OUTPUTS},
    ),
    Message(
        pb.TrackCompositeEgressRequest(
            room_name=ROOM, audio_track_id="TR_a", video_track_id="TR_v", file_outputs=[FILE]
        ),
        requests.track_composite,
        {
            "room_name": Changes("other"),
            "audio_track_id": Changes(""),
            "video_track_id": Changes(""),
            **_SINGLE,
            **_OUTPUTS,
        },
    ),
    Message(
        pb.TrackEgressRequest(room_name=ROOM, track_id="TR_a", file=pb.DirectFileOutput(filepath="x")),
        requests.track,
        {
            "room_name": Changes("other"),
            "track_id": Changes("TR_b"),
            "file": Changes(pb.DirectFileOutput(filepath="y")),
            "websocket_url": Changes("ws://h/", {"file": None}),
            "webhooks": Changes([WEBHOOK]),
        },
    ),
    Message(
        pb.StartEgressRequest(
            room_name=ROOM, template=pb.TemplateSource(), outputs=[pb.Output(file=pb.FileOutput(filepath="x"))]
        ),
        requests.unified,
        {
            "room_name": Changes("other"),
            "template": Changes(pb.TemplateSource(layout="speaker")),
            "web": Refused(pb.WebSource(url="https://h/"), "web source", {"template": None}),
            "media": Changes(pb.MediaSource(video_track_id="TR_v"), {"template": None}),
            "preset": _OUTPUTS["preset"],
            "advanced": _OUTPUTS["advanced"],
            "outputs": Changes([pb.Output(file=pb.FileOutput(filepath="y"))]),
            "storage": Changes(pb.StorageConfig(s3=BUCKET)),
            "webhooks": Changes([WEBHOOK]),
        },
    ),
    Message(
        pb.TemplateSource(),
        lambda source: unified(template=source),
        {
            "layout": Changes("speaker"),
            "audio_only": Changes(True),
            "video_only": Changes(True),
            "custom_base_url": Refused("https://h/", "custom_base_url"),
        },
    ),
    Message(
        pb.WebSource(),
        lambda source: unified(template=None, web=source),
        dict.fromkeys(("url", "audio_only", "video_only", "await_start_signal"), Refused(None, "web source")),
    ),
    Message(
        pb.MediaSource(video_track_id="TR_v"),
        lambda source: unified(template=None, media=source),
        {
            "video_track_id": Changes("TR_w"),
            "participant_video": Changes(pb.ParticipantVideo(identity="ada"), {"video_track_id": None}),
            "audio": Changes(pb.AudioConfig(capture_all=True)),
        },
    ),
    Message(
        pb.ParticipantVideo(identity="ada"),
        lambda shown: _media(participant_video=shown),
        {"identity": Changes("bob"), "prefer_screen_share": Changes(True)},
    ),
    Message(
        _ROUTED,
        lambda audio: _media(audio=audio),
        {"capture_all": Changes(True), "routes": Changes([pb.AudioRoute(track_id="TR_b")])},
    ),
    Message(
        pb.AudioRoute(track_id="TR_a"),
        lambda route: _media(audio=pb.AudioConfig(routes=[route])),
        {
            "track_id": Changes("TR_b"),
            "participant_identity": Changes("ada", {"track_id": None}),
            "participant_kind": Changes(pb.ParticipantInfoKind.AGENT, {"track_id": None}),
            "channel": Changes(pb.AudioChannel.LEFT),
        },
    ),
    Message(
        pb.AutoParticipantEgress(file_outputs=[FILE]),
        lambda asked: auto.participant_wish(asked, ROOM, "ada"),
        {name: _OUTPUTS[name] for name in ("preset", "advanced", "file_outputs", "segment_outputs")},
    ),
    Message(
        pb.AutoTrackEgress(filepath="x"),
        lambda asked: auto.track_wish(asked, ROOM, "TR_a"),
        {"filepath": Changes("y"), "disable_manifest": Changes(True), **_STORAGES},
    ),
    Message(
        pb.EncodingOptions(),
        lambda options: room(file_outputs=[FILE], advanced=options),
        {
            "width": Changes(64),
            "height": Changes(64),
            "depth": Nothing(16),
            "framerate": Changes(15),
            "audio_codec": Changes(pb.AudioCodec.OPUS),
            "audio_bitrate": Changes(64),
            "audio_frequency": Changes(48_000),
            "audio_quality": Nothing(3),
            "video_codec": Changes(pb.VideoCodec.H264_HIGH),
            "video_bitrate": Changes(500),
            "video_quality": Nothing(3),
            "key_frame_interval": Changes(1.0),
        },
    ),
    Message(
        pb.Output(file=pb.FileOutput(filepath="x")),
        lambda output: unified(outputs=[output]),
        {
            "file": Changes(pb.FileOutput(filepath="y")),
            "stream": Changes(pb.StreamOutput(urls=[RTMP]), {"file": None}),
            "segments": Changes(pb.SegmentedFileOutput(), {"file": None}),
            "images": Changes(pb.ImageOutput(), {"file": None}),
            "storage": Changes(pb.StorageConfig(s3=BUCKET)),
        },
    ),
    Message(
        pb.FileOutput(filepath="x"),
        lambda file: unified(outputs=[pb.Output(file=file)], template=pb.TemplateSource(audio_only=True)),
        {
            "file_type": Changes(pb.EncodedFileType.MP4),
            "filepath": Changes("y"),
            "disable_manifest": Changes(True),
        },
    ),
    Message(
        pb.EncodedFileOutput(filepath="x"),
        lambda file: room(file_outputs=[file], audio_only=True),
        {
            "file_type": Changes(pb.EncodedFileType.MP4),
            "filepath": Changes("y"),
            "disable_manifest": Changes(True),
            **_STORAGES,
        },
    ),
    Message(
        pb.DirectFileOutput(filepath="x"),
        lambda file: requests.track(pb.TrackEgressRequest(room_name=ROOM, track_id="TR_a", file=file)),
        {"filepath": Changes("y"), "disable_manifest": Changes(True), **_STORAGES},
    ),
    Message(
        pb.StreamOutput(urls=[RTMP]),
        lambda stream: room(stream_outputs=[stream]),
        {
            "protocol": Refused(pb.StreamProtocol.SRT, "SRT"),
            "urls": Changes(["rtmp://h/live/other"]),
            "destinations": Changes([pb.StreamDestination(url="rtmp://h/live/other")]),
        },
    ),
    Message(
        pb.StreamDestination(url=RTMP),
        lambda destination: room(stream_outputs=[pb.StreamOutput(destinations=[destination])]),
        {"id": Changes("first"), "url": Changes("rtmp://h/live/other")},
    ),
    Message(
        pb.SegmentedFileOutput(filename_prefix="s"),
        lambda segments: room(segment_outputs=[segments]),
        {
            "protocol": Changes(pb.SegmentedFileProtocol.HLS_FMP4_PROTOCOL),
            "filename_prefix": Changes("t"),
            "playlist_name": Changes("all"),
            "live_playlist_name": Changes("live"),
            "segment_duration": Changes(6),
            "filename_suffix": Changes(pb.SegmentedFileSuffix.TIMESTAMP),
            "disable_manifest": Changes(True),
            **_STORAGES,
        },
    ),
    Message(
        pb.ImageOutput(filename_prefix="i"),
        lambda images: room(image_outputs=[images]),
        {
            "capture_interval": Changes(5),
            "width": Changes(64),
            "height": Changes(64),
            "filename_prefix": Changes("j"),
            "filename_suffix": Changes(pb.ImageFileSuffix.IMAGE_SUFFIX_TIMESTAMP),
            "image_codec": Refused(pb.ImageCodec(9), "image_codec"),
            "disable_manifest": Changes(True),
            **_STORAGES,
        },
    ),
    Message(pb.StorageConfig(), lambda storage: unified(storage=storage), _STORAGES),
    Message(
        pb.AliOssUpload(bucket="b"),
        lambda upload: unified(storage=pb.StorageConfig(ali_oss=upload)),
        dict.fromkeys(("access_key", "secret", "region", "endpoint", "bucket"), Refused("x", "AliOSS")),
    ),
    Message(
        pb.S3Upload(
            bucket="rec", access_key="key", secret="word", endpoint="http://s3.invalid", proxy=pb.ProxyConfig(url=HERE)
        ),
        lambda upload: unified(storage=pb.StorageConfig(s3=upload)),
        {
            "access_key": Sent("another", "Credential=another/"),
            "secret": Tried(
                "test_storage.test_storage_that_cannot_be_used_is_found_out_at_the_start_without_telling_keys"
            ),
            "session_token": Sent("token", "x-amz-security-token: token"),
            "assume_role_arn": Refused("arn:aws:iam::1:role/x", "assume_role_arn"),
            "assume_role_external_id": Refused("x", "assume_role_external_id"),
            "region": Sent("eu-central-1", "/eu-central-1/s3/"),
            "endpoint": Sent("http://s4.invalid", "PUT http://rec.s4.invalid/x.mp4"),
            "bucket": Sent("other", "PUT http://other.s3.invalid/x.mp4"),
            "force_path_style": Sent(True, "PUT http://s3.invalid/rec/x.mp4"),
            "metadata": Sent({"Who": "ada"}, "x-amz-meta-who: ada"),
            "tagging": Sent("empty=", "x-amz-tagging: empty="),
            "content_disposition": Sent("attachment", "content-disposition: attachment"),
            "proxy": Sent(pb.ProxyConfig(url=HERE, username="ada"), "proxy-authorization: Basic YWRhOg=="),
        },
    ),
    Message(
        pb.GcpUpload(bucket="rec", credentials=_account("http://gcs.invalid"), proxy=pb.ProxyConfig(url=HERE)),
        lambda upload: unified(storage=pb.StorageConfig(gcp=upload)),
        {
            "credentials": Sent(_account("http://gcs2.invalid"), "PUT http://gcs2.invalid/rec/x"),
            "bucket": Sent("other", "PUT http://gcs.invalid/other/x"),
            "proxy": Sent(pb.ProxyConfig(url=HERE, username="ada"), "proxy-authorization: Basic YWRhOg=="),
        },
    ),
    Message(
        pb.AzureBlobUpload(account_name="account", account_key="a2V5", container_name="rec"),
        lambda upload: unified(storage=pb.StorageConfig(azure=upload)),
        {
            "account_name": Sent("another", "SharedKey another:"),
            "account_key": Tried("test_clouds.test_files_are_at_azure_when_they_are_closed"),
            "container_name": Sent("other", "/other/x.mp4"),
        },
    ),
    Message(
        pb.ProxyConfig(url=HERE),
        lambda proxy: unified(
            storage=pb.StorageConfig(s3=pb.S3Upload(**_KEYS, endpoint="http://s3.invalid", proxy=proxy))
        ),
        {
            "url": Sent("http://nobody.invalid:1", ""),
            "username": Sent("ada", "proxy-authorization: Basic YWRhOg=="),
            "password": Sent("word", "proxy-authorization: Basic YWRhOndvcmQ=", {"username": "ada"}),
        },
    ),
)

ELSEWHERE: Final = frozenset({pb.WebhookConfig})
"""Messages that are another part's."""
