"""Where recordings go: playlists, images, live streams, object storage; and what fails there."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from livekit import api
from livekit.protocol import egress as proto

from tests.egress import source
from tests.egress.programs import ACCESS, SECRET, copied, played, probed, rtmp_listener, s3_server
from tests.ports import free_port
from tests.rtc.conftest import Invite
from tests.rtc.network import Network
from tests.rtc.recording import (
    active,
    arguments,
    ended,
    in_real_time,
    listed,
    recorded,
    recorders,
    recording_server,
    status,
    until,
)
from tests.rtc.server import Server

FINISHED, FAILED = proto.StreamInfo.Status.FINISHED, proto.StreamInfo.Status.FAILED


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("buckets")
    (directory / "rec").mkdir()
    return directory


@pytest.fixture(scope="module")
def endpoint(network: Network, recorder: Server, buckets: Path) -> Iterator[str]:
    with network, s3_server(buckets) as url:
        yield url


def s3(endpoint: str, **changes: str) -> api.S3Upload:
    values = {"access_key": ACCESS, "secret": SECRET, "bucket": "rec", "endpoint": endpoint}
    return api.S3Upload(force_path_style=True, **(values | changes))


async def _performer(invite: Invite, recorder: Server) -> None:
    guest = await invite("python", "alice", url=recorder.socket_url)
    await guest.do("perform", width=640, height=360)


async def test_a_room_goes_to_s3_to_a_playlist_to_images_and_to_streams_at_once(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str, endpoint: str, buckets: Path, tmp_path: Path
) -> None:
    await _performer(invite, recorder)
    with (
        rtmp_listener(tmp_path / "one.flv", free_port()) as one,
        rtmp_listener(tmp_path / "two.flv", free_port()) as two,
    ):
        started = await livekit.egress.start_room_composite_egress(_everywhere(room, endpoint, one))
        egress = started.egress_id
        await until(livekit, egress, lambda info: info.stream_results and info.stream_results[0].duration > 2e9)
        await livekit.egress.update_stream(api.UpdateStreamRequest(egress_id=egress, add_output_urls=[two]))
        await until(
            livekit, egress, lambda info: len(info.stream_results) > 1 and info.stream_results[1].duration > 2e9
        )
        await livekit.egress.update_layout(api.UpdateLayoutRequest(egress_id=egress, layout="speaker-light"))
        await livekit.egress.update_stream(api.UpdateStreamRequest(egress_id=egress, remove_output_urls=[two]))
        info = await recorded(livekit, egress, 1)
    assert status(info) == "EGRESS_COMPLETE", info
    assert "secretkey" not in str(info)
    assert SECRET not in str(info)
    assert ACCESS not in str(info)

    [file] = info.file_results
    assert file.location == f"{endpoint}/rec/{room}/whole.mp4"
    whole = source.watch(buckets / "rec" / room / "whole.mp4")
    assert len(whole.beeps) >= 5
    assert (buckets / "rec" / room / f"{egress}.json").exists()

    _look_at_segments(info, whole.duration, tmp_path)
    _look_at_images(info, buckets)
    assert [stream.status for stream in info.stream_results] == [FINISHED, FINISHED]
    for name in ("one.flv", "two.flv"):
        streamed = source.watch(tmp_path / name)
        with in_real_time():
            assert len(streamed.beeps) >= 1
            assert median(map(abs, streamed.offsets())) < 0.08  # a busy machine holds the publisher up now and then


def _everywhere(room: str, endpoint: str, stream: str) -> api.RoomCompositeEgressRequest:
    """A request with every kind of output."""
    segments = api.SegmentedFileOutput(
        filename_prefix=f"{room}/s", playlist_name="all.m3u8", live_playlist_name="live.m3u8", segment_duration=2
    )
    return api.RoomCompositeEgressRequest(
        room_name=room,
        advanced=api.EncodingOptions(width=640, height=360, framerate=30, key_frame_interval=1),
        file_outputs=[api.EncodedFileOutput(filepath=f"{room}/whole.mp4", s3=s3(endpoint))],
        segment_outputs=[segments],
        image_outputs=[api.ImageOutput(capture_interval=2, filename_prefix=f"{room}/image", s3=s3(endpoint))],
        stream_outputs=[api.StreamOutput(urls=[stream])],
    )


def _look_at_segments(info: proto.EgressInfo, duration: float, directory: Path) -> None:
    [segments] = info.segment_results
    played(segments.playlist_location)
    played(segments.live_playlist_location)
    assert segments.segment_count == len(list(Path(segments.playlist_location).parent.glob("*.ts")))
    whole = source.watch(copied(segments.playlist_location, directory / "hls.mkv"))
    assert abs(whole.duration - duration) < 0.5


def _look_at_images(info: proto.EgressInfo, buckets: Path) -> None:
    [images] = info.image_results
    stored = list((buckets / "rec").glob(f"{images.filename_prefix}_*.jpeg"))
    assert len(stored) == images.image_count >= 3
    assert probed(stored[0])["streams"][0]["width"] == 640


@pytest.mark.parametrize(
    ("kind", "extension", "codec"), [(api.EncodedFileType.OGG, "ogg", "opus"), (api.EncodedFileType.MP3, "mp3", "mp3")]
)
async def test_sound_alone_goes_to_ogg_and_mp3(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str, kind: int, extension: str, codec: str
) -> None:
    await _performer(invite, recorder)
    request = api.RoomCompositeEgressRequest(
        room_name=room, audio_only=True, file_outputs=[api.EncodedFileOutput(file_type=kind, filepath=f"{room}/voices")]
    )
    started = await livekit.egress.start_room_composite_egress(request)
    info = await recorded(livekit, started.egress_id, 3)
    assert status(info) == "EGRESS_COMPLETE", info
    [file] = info.file_results
    assert file.filename.endswith(extension)
    assert [stream["codec_name"] for stream in probed(file.location)["streams"]] == [codec]
    assert len(source.watch(file.location).beeps) >= 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"secret": "wrongsecret"}, "the secret does not fit"), ({"bucket": "nowhere"}, "there is no such bucket")],
)
async def test_storage_that_refuses_fails_the_egress_at_once_and_says_why(
    invite: Invite,
    recorder: Server,
    livekit: api.LiveKitAPI,
    room: str,
    endpoint: str,
    changes: dict[str, str],
    said: str,
) -> None:
    await _performer(invite, recorder)
    file = api.EncodedFileOutput(filepath="a.mp4", s3=s3(endpoint, **changes))
    request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=[file])
    started = await livekit.egress.start_room_composite_egress(request)
    info = await ended(livekit, started.egress_id)
    assert status(info) == "EGRESS_FAILED"
    assert said in info.error
    assert info.error_code in (401, 404)
    assert "wrongsecret" not in str(info)


async def test_a_stream_that_cannot_be_reached_fails_and_the_file_goes_on(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str
) -> None:
    await _performer(invite, recorder)
    request = api.RoomCompositeEgressRequest(
        room_name=room,
        file_outputs=[api.EncodedFileOutput(filepath=f"{room}/goes-on.mp4")],
        stream_outputs=[api.StreamOutput(urls=[f"rtmp://127.0.0.1:{free_port()}/live/secretkey"])],
    )
    started = await livekit.egress.start_room_composite_egress(request)
    await active(livekit, started.egress_id)
    await asyncio.sleep(1)
    info = await until(
        livekit, started.egress_id, lambda info: info.stream_results and info.stream_results[0].status == FAILED
    )
    assert "Connection refused" in info.stream_results[0].error
    assert "secretkey" not in str(info)
    info = await recorded(livekit, started.egress_id, 1)
    assert status(info) == "EGRESS_COMPLETE", info
    assert source.watch(info.file_results[0].location).duration > 10


async def test_a_recorder_that_is_killed_while_it_uploads_leaves_its_file_in_the_storage(
    invite: Invite, recorder: Server, livekit: api.LiveKitAPI, room: str, endpoint: str, buckets: Path
) -> None:
    await _performer(invite, recorder)
    output = api.EncodedFileOutput(filepath="killed/{room_name}.mp4", s3=s3(endpoint))
    request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=[output])
    started = await livekit.egress.start_room_composite_egress(request)
    await until(livekit, started.egress_id, lambda info: info.file_results[0].duration > 4_000_000_000)
    [pid] = recorders(recorder)
    os.kill(pid, signal.SIGKILL)
    info = await ended(livekit, started.egress_id)
    assert (status(info), info.details) == ("EGRESS_FAILED", "End reason: Process killed")
    assert info.error == "the recorder was killed by signal 9; what it wrote has been stored"
    [file] = info.file_results
    stored = buckets / f"rec/killed/{room}.mp4"
    assert file.location == f"{endpoint}/rec/killed/{room}.mp4"
    assert file.size == stored.stat().st_size
    assert source.watch(stored).duration > 2


async def test_a_killed_server_leaves_its_file_in_the_storage_and_the_next_one_knows(
    invite: Invite, network: Network, tmp_path: Path, room: str, endpoint: str, buckets: Path
) -> None:
    server = await Server.start(*arguments(tmp_path))
    async with server.api() as livekit:
        await _performer(invite, server)
        output = api.EncodedFileOutput(filepath="orphan/{room_name}.mp4", s3=s3(endpoint))
        request = api.RoomCompositeEgressRequest(room_name=room, file_outputs=[output])
        started = await livekit.egress.start_room_composite_egress(request)
        await until(livekit, started.egress_id, lambda info: info.file_results[0].duration > 3_000_000_000)
    await server.kill()
    async with recording_server(tmp_path) as next_server, next_server.api() as livekit:
        info = await listed(livekit, started.egress_id)
        assert (status(info), info.details) == ("EGRESS_FAILED", "End reason: Process killed")
        stored = buckets / f"rec/orphan/{room}.mp4"
        for _ in range(300):
            if stored.exists():
                break
            await asyncio.sleep(0.1)
        assert source.watch(stored).duration > 2
        spool = tmp_path / "state/spool"
        info = await until(livekit, started.egress_id, lambda _: not any(spool.iterdir()))
        assert info.file_results[0].location == f"{endpoint}/rec/orphan/{room}.mp4"
