"""The sound of a track reaches a WebSocket as samples, and mutes as text."""

from collections.abc import Iterator

import numpy as np
import pytest

from roomwright_proto.livekit import StreamInfoStatus
from roomwright_proto.roomwright.egress import v1
from tests.egress import payloads, source
from tests.egress.process import DEADLINE, recording
from tests.egress.recorder.plans import track
from tests.egress.sender import EPOCH_NS, Network, Sent, added, arriving
from tests.egress.websocket import Listener


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as found:
        yield found


def plan(url: str) -> v1.Plan:
    return track(v1.Output(websocket_url=url))


def test_samples_come_in_order_and_losses_are_silence(listener) -> None:
    sound = Sent(1, "opus", list(payloads.opus(4)), network=Network(jitter=0.03, loss=0.02))
    with recording(plan(listener.url)) as recorder:
        recorder.order(added(sound))
        recorder.play(arriving(sound))
        finished = recorder.stop()
    assert listener.closed.wait(DEADLINE)
    wave = np.frombuffer(listener.samples, "<i2").astype(np.float32) / 32768
    assert len(wave) == pytest.approx(4 * 48_000, abs=4_800)
    assert [beep.second for beep in source.beeps(wave)] == [0, 1, 2, 3]
    (stream,) = finished.progress.streams
    assert stream.status == StreamInfoStatus.FINISHED
    assert "secret" not in stream.url
    assert finished.progress.bytes == len(listener.samples)


def test_a_mute_is_told_between_the_samples(listener) -> None:
    sound = Sent(1, "opus", [frame for frame in payloads.opus(4) if not 1 <= frame.at < 3])
    mutes = [(EPOCH_NS + at * 1_000_000_000, v1.Order(track_muted=v1.TrackMuted(1, muted=at == 1))) for at in (1, 3)]
    with recording(plan(listener.url)) as recorder:
        recorder.order(added(sound))
        recorder.play(sorted([*arriving(sound), *mutes], key=lambda event: event[0]))
        recorder.stop()
    assert listener.closed.wait(DEADLINE)
    told = [message for message in listener.messages if not isinstance(message, bytes)]
    assert told == [{"muted": True}, {"muted": False}]
    first, second = (listener.messages.index(message) for message in told)
    before = b"".join(listener.messages[:first])
    after = b"".join(listener.messages[second + 1 :])
    assert len(before) == pytest.approx(96_000, abs=5_000)
    assert len(after) == pytest.approx(96_000, abs=5_000)


def test_a_receiver_that_is_not_there_fails_the_egress_without_its_key() -> None:
    with recording(plan("ws://127.0.0.1:9/sound?key=secret")) as recorder:
        failed = recorder.until("failed").failed
        recorder.part()
        said = recorder.said()
    assert failed.code == 502
    assert "secret" not in said
    assert "WebSocket" in failed.error
    assert "secret" not in failed.error


def test_a_receiver_that_closes_fails_the_egress() -> None:
    sound = Sent(1, "opus", list(payloads.opus(4)))
    with Listener(close_after=20) as listener, recording(plan(listener.url)) as recorder:
        recorder.order(added(sound))
        recorder.play(arriving(sound))
        assert recorder.until("failed").failed.error == "the WebSocket's receiver closed it"
