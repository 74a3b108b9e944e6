"""Requests of both generations of the API: what they mean, and how wrong ones are refused."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.config import EgressLimits
from roomwright.egress.planning import requests
from roomwright.egress.planning.encoding import resolve
from roomwright.egress.planning.plan import Publication, Site, plan
from roomwright.egress.wish import Wish
from roomwright.errors import Code, ServiceError
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

ROOM = pb.Room(name="standup", sid="RM_1")
SITE = Site(storage=v1.Storage(directory="/recordings"), prefix="", limits=EgressLimits())
NOW_NS = 1_750_000_000_123_000_000
FILE = pb.EncodedFileOutput(filepath="x")
ALICE = Publication(pb.TrackInfo(sid="TR_a", type=pb.TrackType.AUDIO, mime_type="audio/opus"), "alice")
CAMERA = Publication(pb.TrackInfo(sid="TR_v", type=pb.TrackType.VIDEO, mime_type="video/VP8"), "alice")


def planned(wish: Wish, *tracks: Publication, site: Site = SITE) -> v1.Plan:
    return plan(wish, resolve(wish), "EG_1", ROOM, tracks, site, NOW_NS)


def composite(**fields: Any) -> Wish:
    return requests.room_composite(pb.RoomCompositeEgressRequest(room_name="standup", **fields))


def refused(make: Any) -> str:
    """The field that a request is refused for."""
    with pytest.raises(ServiceError) as error:
        resolve(make())
    assert error.value.code is Code.INVALID_ARGUMENT
    prefix = "request has missing or invalid field: "
    assert error.value.message.startswith(prefix)
    return error.value.message.removeprefix(prefix).partition(" (")[0]


def advanced(**fields: Any) -> Wish:
    return composite(file_outputs=[FILE], advanced=pb.EncodingOptions(**fields))


TWO = {
    "multiple file outputs": {"file_outputs": [FILE, FILE]},
    "multiple stream outputs": {"stream_outputs": [pb.StreamOutput(urls=["rtmp://h/a/k"])] * 2},
    "multiple segmented file outputs": {"segment_outputs": [pb.SegmentedFileOutput()] * 2},
    "audio_only and video_only": {"file_outputs": [FILE], "audio_only": True, "video_only": True},
    "audio_only images": {"image_outputs": [pb.ImageOutput()], "audio_only": True},
    "output": {},
    "stream url": {"stream_outputs": [pb.StreamOutput()]},
    "preset": {"file_outputs": [FILE], "preset": pb.EncodingOptionsPreset(99)},
}


@pytest.mark.parametrize("field", TWO)
def test_a_contradictory_request_is_refused_by_the_name_of_its_field(field: str) -> None:
    assert refused(lambda: composite(**TWO[field])) == field


@pytest.mark.parametrize(
    ("field", "value"),
    [("width", 15), ("width", 641), ("width", -2), ("height", 9), ("depth", 7), ("framerate", -1), ("width", 100_000)],
)
def test_an_impossible_size_is_refused(field: str, value: int) -> None:
    assert refused(lambda: advanced(**{field: value})) == field


@pytest.mark.parametrize("interval", [math.nan, math.inf, -1.0, 0.001])
def test_an_impossible_key_frame_interval_is_refused(interval: float) -> None:
    assert refused(lambda: advanced(key_frame_interval=interval)) == "key_frame_interval"


def test_sources_must_be_named() -> None:
    assert refused(lambda: requests.participant(pb.ParticipantEgressRequest(file_outputs=[FILE]))) == "identity"
    assert refused(lambda: requests.track(pb.TrackEgressRequest(file=pb.DirectFileOutput()))) == "track_id"
    assert refused(lambda: requests.track(pb.TrackEgressRequest(track_id="TR_a"))) == "output"
    pair = pb.TrackCompositeEgressRequest(file_outputs=[FILE])
    assert refused(lambda: requests.track_composite(pair)) == "audio_track_id or video_track_id"
    assert refused(lambda: requests.unified(pb.StartEgressRequest())) == "source"


@pytest.mark.parametrize(
    "make",
    [
        lambda: composite(custom_base_url="https://x", file_outputs=[FILE]),
        lambda: requests.unified(pb.StartEgressRequest(web=pb.WebSource(url="https://x"))),
        lambda: composite(stream_outputs=[pb.StreamOutput(urls=["srt://h:1"])]),
        lambda: composite(file_outputs=[pb.EncodedFileOutput(ali_oss=pb.AliOssUpload(bucket="b"))]),
        lambda: composite(
            file_outputs=[pb.EncodedFileOutput(s3=pb.S3Upload(bucket="b", assume_role_arn="arn:aws:iam::1:role/x"))]
        ),
    ],
    ids=["template", "web", "srt", "alioss", "role"],
)
def test_what_is_not_there_says_so_at_once(make: Any) -> None:
    with pytest.raises(ServiceError) as error:
        make()
    assert error.value.code is Code.UNIMPLEMENTED


def test_defaults_are_filled_in() -> None:
    made = planned(composite(file_outputs=[pb.EncodedFileOutput()]))
    assert made.encoding == v1.Encoding(
        width=1280,
        height=720,
        framerate=30,
        video_codec=pb.VideoCodec.H264_MAIN,
        video_bitrate=3_000_000,
        audio_codec=pb.AudioCodec.AAC,
        audio_bitrate=128_000,
        audio_frequency=44_100,
        key_frame_interval=4.0,
    )
    assert made.outputs[0].file == v1.File(
        type=pb.EncodedFileType.MP4, path="standup-2025-06-15T150640.mp4", manifest=True
    )
    assert made.outputs[0].storage == SITE.storage


@pytest.mark.parametrize(
    ("options", "kind", "name", "codec"),
    [
        ({}, "OGG", "x.ogg", "OPUS"),
        ({"audio_codec": pb.AudioCodec.AAC}, "MP4", "x.mp4", "AAC"),
        ({"audio_codec": pb.AudioCodec.AC_MP3}, "MP3", "x.mp3", "AC_MP3"),
    ],
)
def test_sound_alone_is_an_ogg_unless_its_codec_says_otherwise(options, kind, name, codec) -> None:
    wish = composite(audio_only=True, file_outputs=[FILE], advanced=pb.EncodingOptions(**options))
    made = planned(wish)
    assert made.outputs[0].file.type.name == kind
    assert made.outputs[0].file.path == name
    assert made.encoding.audio_codec.name == codec


@pytest.mark.parametrize(
    "fields",
    [
        {"file_outputs": [pb.EncodedFileOutput(file_type=pb.EncodedFileType.OGG)]},
        {
            "file_outputs": [pb.EncodedFileOutput(file_type=pb.EncodedFileType.OGG)],
            "stream_outputs": [pb.StreamOutput(urls=["rtmp://h/a/k"])],
            "audio_only": True,
        },
        {"file_outputs": [FILE], "advanced": pb.EncodingOptions(audio_codec=pb.AudioCodec.AC_MP3)},
        {"segment_outputs": [pb.SegmentedFileOutput()], "advanced": pb.EncodingOptions(video_codec=pb.VideoCodec.VP8)},
    ],
)
def test_a_container_that_cannot_hold_the_codecs_is_refused(fields) -> None:
    with pytest.raises(ServiceError, match=r"format \w+ incompatible with codec \w+"):
        resolve(composite(**fields))


@pytest.mark.parametrize(
    ("track", "path"),
    [
        (ALICE, "alice/microphone-audio-TR_a.ogg"),
        (Publication(pb.TrackInfo(sid="TR_v", type=1, mime_type="video/H264"), "b"), "b/microphone-video-TR_v.mp4"),
        (Publication(pb.TrackInfo(sid="TR_v", type=1, mime_type="video/vp9"), "b"), "b/microphone-video-TR_v.webm"),
    ],
)
def test_a_track_keeps_its_codec_and_names_say_what_it_is(track: Publication, path: str) -> None:
    track.track.source = pb.TrackSource.MICROPHONE
    file = pb.DirectFileOutput(filepath="{publisher_identity}/{track_source}-{track_type}-{track_id}.mp3")
    wish = requests.track(pb.TrackEgressRequest(room_name="standup", track_id=track.track.sid, file=file))
    made = planned(wish, track)
    assert made.encoding is None
    assert made.outputs[0].file.path == path


def test_the_older_single_output_is_taken_where_there_is_no_list() -> None:
    assert planned(composite(file=pb.EncodedFileOutput(filepath="old"))).outputs[0].file.path == "old.mp4"
    both = composite(file=pb.EncodedFileOutput(filepath="old"), file_outputs=[pb.EncodedFileOutput(filepath="new")])
    assert [output.file.path for output in planned(both).outputs] == ["new.mp4"]


def test_segments_stand_beside_their_playlists() -> None:
    segments = pb.SegmentedFileOutput(
        filename_prefix="{room_name}/s",
        playlist_name="elsewhere/all.m3u8",
        live_playlist_name="live",
        segment_duration=6,
    )
    made = planned(composite(segment_outputs=[segments])).outputs[0].segments
    assert (made.prefix, made.playlist, made.live_playlist) == ("standup/s", "standup/all.m3u8", "standup/live.m3u8")
    assert (made.duration, made.manifest) == (6.0, True)


def test_the_unified_request_means_the_same_as_the_older_ones() -> None:
    outputs = [pb.Output(file=pb.FileOutput(filepath="x"))]

    def unified(**source: Any) -> v1.Source:
        wish = requests.unified(pb.StartEgressRequest(room_name="standup", outputs=outputs, **source))
        return planned(wish, ALICE).source

    whole = unified(template=pb.TemplateSource(layout="speaker"))
    assert whole == planned(composite(layout="speaker", file_outputs=[FILE])).source
    heard = pb.AudioConfig(routes=[pb.AudioRoute(track_id="TR_a")])
    pair = unified(media=pb.MediaSource(video_track_id="TR_v", audio=heard))
    assert (pair.kind, pair.audio, pair.video) == (v1.SourceKind.TRACK_PAIR, True, True)
    voice = pb.AudioConfig(routes=[pb.AudioRoute(participant_identity="alice")])
    person = pb.ParticipantVideo(identity="alice")
    assert unified(media=pb.MediaSource(participant_video=person, audio=voice)).kind is v1.SourceKind.PARTICIPANT
    everybody = pb.AudioConfig(capture_all=True)
    assert unified(media=pb.MediaSource(participant_video=person, audio=everybody)).kind is v1.SourceKind.ROOM


def test_tracks_pass_through_where_that_is_asked_for() -> None:
    wish = requests.track_composite(
        pb.TrackCompositeEgressRequest(
            room_name="standup",
            audio_track_id="TR_a",
            video_track_id="TR_v",
            preset=pb.EncodingOptionsPreset.PASSTHROUGH,
            file_outputs=[FILE],
        )
    )
    made = planned(wish, ALICE, CAMERA)
    assert made.encoding is None
    assert made.outputs[0].file.container == "webm"
    room = composite(preset=pb.EncodingOptionsPreset.PASSTHROUGH, file_outputs=[FILE])
    with pytest.raises(ServiceError, match="passthrough"):
        resolve(room)


def test_limits_and_the_prefix_are_the_sites() -> None:
    limits = EgressLimits(file_output_max_duration=60, stream_output_max_duration=30, file_output_max_size=1_000)
    site = Site(storage=SITE.storage, prefix="calls/", limits=limits)
    wish = composite(file_outputs=[FILE], stream_outputs=[pb.StreamOutput(urls=["rtmp://h/a/k"])])
    made = planned(wish, site=site)
    assert (made.max_duration_ns, made.max_bytes) == (30_000_000_000, 1_000)
    assert made.outputs[0].file.path == "calls/x.mp4"


# whatever is sent

awkward = ["{room_name}/", "../../etc/passwd", "rtmp://a/b/c", "a\x00", "x" * 2_000]
texts = st.text(max_size=30) | st.sampled_from(awkward)
uploads = st.none() | st.builds(pb.S3Upload, bucket=texts, access_key=texts, secret=texts, assume_role_arn=texts)
numbers = st.integers(-(2**31), 2**31 - 1)
small = st.integers(0, 2**32 - 1)
files = st.builds(
    pb.EncodedFileOutput,
    file_type=st.builds(pb.EncodedFileType, st.integers(0, 9)),
    filepath=texts,
    s3=uploads,
)
segments_ = st.builds(
    pb.SegmentedFileOutput,
    filename_prefix=texts,
    playlist_name=texts,
    live_playlist_name=texts,
    segment_duration=small,
    filename_suffix=st.builds(pb.SegmentedFileSuffix, st.integers(0, 5)),
)
images_ = st.builds(pb.ImageOutput, capture_interval=small, width=numbers, height=numbers, filename_prefix=texts)
streams_ = st.builds(
    pb.StreamOutput, urls=st.lists(texts, max_size=3), protocol=st.builds(pb.StreamProtocol, st.integers(0, 5))
)
options_ = st.none() | st.builds(
    pb.EncodingOptions,
    width=numbers,
    height=numbers,
    depth=st.integers(0, 30),
    framerate=numbers,
    audio_bitrate=numbers,
    audio_frequency=numbers,
    video_bitrate=numbers,
    key_frame_interval=st.floats(),
    audio_codec=st.builds(pb.AudioCodec, st.integers(0, 6)),
    video_codec=st.builds(pb.VideoCodec, st.integers(0, 6)),
)
composites = st.builds(
    pb.RoomCompositeEgressRequest,
    layout=texts,
    audio_only=st.booleans(),
    video_only=st.booleans(),
    file_outputs=st.lists(files, max_size=2),
    stream_outputs=st.lists(streams_, max_size=2),
    segment_outputs=st.lists(segments_, max_size=2),
    image_outputs=st.lists(images_, max_size=2),
    advanced=options_,
)
routes = st.builds(pb.AudioRoute, track_id=st.none() | texts, channel=st.builds(pb.AudioChannel, st.integers(0, 4)))
unifieds = st.builds(
    pb.StartEgressRequest,
    media=st.builds(
        pb.MediaSource,
        video_track_id=st.none() | texts,
        audio=st.none() | st.builds(pb.AudioConfig, capture_all=st.booleans(), routes=st.lists(routes, max_size=3)),
    ),
    preset=st.none() | st.builds(pb.EncodingOptionsPreset, st.integers(0, 12)),
    outputs=st.lists(
        st.builds(pb.Output, file=st.none() | st.builds(pb.FileOutput, filepath=texts), stream=st.none() | streams_),
        max_size=3,
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(composites.map(lambda r: (requests.room_composite, r)), unifieds.map(lambda r: (requests.unified, r))))
def test_any_request_is_planned_or_refused_in_words(case) -> None:
    read, request = case
    try:
        made = planned(read(request), ALICE, CAMERA)
    except ServiceError as error:
        if error.code not in (Code.INVALID_ARGUMENT, Code.UNIMPLEMENTED):
            raise
        return
    for output in made.outputs:
        path = next((one.path for one in [output.file] if one), "")
        assert ".." not in path.split("/")
        assert not path.startswith("/")
        assert "\x00" not in path


def test_tracks_are_named_by_what_they_are() -> None:
    crossed = requests.track_composite(
        pb.TrackCompositeEgressRequest(room_name="standup", audio_track_id="TR_v", file_outputs=[FILE])
    )
    with pytest.raises(ServiceError, match="audio_track_id"):
        planned(crossed, CAMERA)
    to_socket = requests.track(pb.TrackEgressRequest(room_name="standup", track_id="TR_v", websocket_url="ws://h/"))
    with pytest.raises(ServiceError, match="format WEBSOCKET incompatible with codec video/VP8"):
        planned(to_socket, CAMERA)
