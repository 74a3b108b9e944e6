"""What `join` and `load-test` refuse, how a load test counts, and what its report says."""

import base64
import gzip
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomwright import codec
from roomwright.cli.load import _report
from roomwright.load.offers import AnswerError, Section, Server, join_request, offer
from roomwright.load.plan import Measured, Plan, percentile
from roomwright.load.streams import Incoming, Outgoing
from roomwright.load.synthetic import pattern_line
from roomwright.media.rtp.keyframes import starts_key_frame
from roomwright.media.sdp import parse
from roomwright_proto import livekit as pb
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["load-test", "--publishers", "0", "--subscribers", "0"], "there is nobody to come"),
        (["load-test", "--publishers", "501"], "--publishers must be from 0 to 500, not 501"),
        (["load-test", "--audio-publishers", "-1"], "--audio-publishers must be from 0 to 500, not -1"),
        (
            ["load-test", "--audio-publishers", "300", "--video-publishers", "300"],
            "all publishers together must be from 0 to 500, not 600",
        ),
        (["load-test", "--num-per-second", "0"], "--num-per-second must be from 0.1 to 1000, not 0"),
        (["load-test", "--num-per-second", "nan"], "--num-per-second must be from 0.1 to 1000, not nan"),
        (["load-test", "--duration", "soon"], "--duration must be a time such as"),
        (["load-test", "--video-bitrate", "-1"], "--video-bitrate must be from 10 to 50000, not -1"),
        (["join", "r", "--size", "big"], "--size must be WIDTHxHEIGHT such as 640x360, not 'big'"),
        (["join", "r", "--hz", "-5"], "--hz must be from 20 to 20000, not -5"),
        (["join", "r", "--hz", "nan"], "--hz must be from 20 to 20000, not nan"),
        (["join", "r", "--fps", "0"], "--fps must be from 1 to 60, not 0"),
        (["join", "r", "--duration", "x"], "--duration must be a time such as"),
        (["join", "r", "--attribute", "x"], "--attribute must be KEY=VALUE"),
    ],
)
def test_what_makes_no_sense_is_one_line(run: Run, arguments: list[str], part: str) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert part in said.err.splitlines()[-1]


def test_a_refusal_is_told_in_the_servers_words_and_without_the_token(run: Run) -> None:
    said = run("load-test", "--publishers", "0", "--duration", "1s", "--api-secret", "another-secret-of-32-characters!")
    assert said.code == 1
    assert "first problem         subscriber-0: 401: the token's signature was not made with the secret" in said.out
    assert "access_token" not in said.out + said.err


def test_join_says_what_it_lacks() -> None:
    code = "import sys; sys.modules['livekit'] = None; from roomwright.__main__ import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "join", "r", "--dev"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == (
        "roomwright: error: roomwright join needs LiveKit's SDK for Python: pip install 'roomwright[tools]'\n"
    )


@given(st.sets(st.integers(0, 400), min_size=1), st.integers(0, 0xFFFF))
def test_what_does_not_arrive_between_others_is_lost(numbers: set[int], start: int) -> None:
    arrived = sorted(numbers)
    stream = Incoming(start + arrived[0] & 0xFFFF)
    for number in arrived:
        stream.take(start + number & 0xFFFF, 100)
    assert stream.packets == len(arrived)
    assert stream.octets == 100 * len(arrived)
    assert stream.lost == arrived[-1] - arrived[0] + 1 - len(arrived)


def test_what_is_late_is_not_lost() -> None:
    stream = Incoming(65_534)
    for number in (65_534, 0, 65_535, 1):
        stream.take(number, 1)
    assert (stream.packets, stream.lost) == (4, 0)


def test_video_has_the_planned_rate_and_a_key_frame_now_and_then() -> None:
    stream = Outgoing("video", 7, 1_000_000)
    frames = [list(stream.next()) for _ in range(150)]
    payload = sum(len(packet) - 12 for frame in frames for packet in frame)
    assert payload * 8 / 5 == pytest.approx(1_000_000, rel=0.02)
    keys = [number for number, frame in enumerate(frames) if starts_key_frame("VP8", frame[0], 12)]
    assert keys == [0, 60, 120]
    assert all(len(packet) < 1_200 for frame in frames for packet in frame)


def test_audio_is_fifty_packets_a_second() -> None:
    stream = Outgoing("audio", 7, 0)
    packets = [packet for _ in range(50) for packet in stream.next()]
    assert len(packets) * stream.interval == pytest.approx(1.0)
    assert [int.from_bytes(p[4:8], "big") for p in packets[:3]] == [960, 1920, 2880]


def test_an_offer_can_be_read() -> None:
    sections = [Section("audio", "a-1", 1), Section("video", "v-2", 2), Section("audio"), Section("video")]
    described = parse(offer("ufrag123", "00:" * 31 + "00", sections))
    assert [section.kind for section in described.sections] == ["application", "audio", "video", "audio", "video"]


ANSWER = """v=0\r
a=ice-lite\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
a=ice-ufrag:theirs\r
a=ice-pwd:secret\r
a=fingerprint:sha-256 AB:CD\r
a=candidate:1 1 udp 2130706431 127.0.0.1 7882 typ host\r
"""


def test_an_answer_says_where_the_server_is_and_who() -> None:
    assert Server.of(ANSWER) == Server("theirs", "secret", "AB:CD", ("127.0.0.1", 7882))


def test_an_answer_that_is_no_use_says_why() -> None:
    with pytest.raises(AnswerError, match="not ICE-lite"):
        Server.of(ANSWER.replace("a=ice-lite", "a=ice"))
    with pytest.raises(AnswerError, match="no line a=candidate"):
        Server.of(ANSWER.replace("a=candidate", "b=candidate"))


@pytest.mark.parametrize("sdp", ["v=0\r\n", None])
def test_a_join_request_holds_the_offer_and_the_tracks(sdp: str | None) -> None:
    packed = join_request(sdp, [pb.AddTrackRequest(cid="a")])
    wrapped = codec.decode(pb.WrappedJoinRequest, base64.urlsafe_b64decode(packed))
    request = codec.decode(pb.JoinRequest, gzip.decompress(wrapped.join_request))
    assert (request.publisher_offer.sdp if request.publisher_offer else None) == sdp
    assert [track.cid for track in request.add_track_requests] == ["a"]


@pytest.mark.parametrize(
    ("values", "share", "found"), [([], 0.5, 0), ([3, 1, 2], 0.5, 2), ([1, 2], 0.95, 2), ([5], 0.5, 5)]
)
def test_percentiles(values: list[float], share: float, found: float) -> None:
    assert percentile(values, share) == found


def test_publishers_come_first_and_each_sends_what_its_kind_does() -> None:
    plan = Plan(room="r", publishers=1, audio_publishers=1, video_publishers=1, subscribers=1, video=False)
    assert [[*plan.kinds(number)] for number in range(plan.participants)] == [["audio"], ["audio"], ["video"], []]


def test_the_report_names_what_went_wrong_first() -> None:
    measured = Measured(
        elapsed_s=2.0, joined=1, failed=1, lost_participants=0, signalling_s=[0.01], joins_s=[0.02], packets_sent=10,
        packets_received=9, packets_lost=1, octets_received=1_000_000, streams=1, missing=0, cpu=0.5,
        problem="publisher-0: room is full",
    )  # fmt: skip
    report = _report(Plan(room="r"), measured)
    assert "first problem         publisher-0: room is full" in report
    assert "joined p50 / p95      20 ms / 20 ms" in report
    assert "packets lost          1 (10.000%)" in report
    assert "received              4.0 Mbit/s" in report


def test_a_pattern_fills_its_line() -> None:
    assert len(pattern_line(641)) == 3 * 641
    assert len(set(zip(*[iter(pattern_line(640))] * 3, strict=True))) == 8
