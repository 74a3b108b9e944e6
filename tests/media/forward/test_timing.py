"""Lip-sync: whatever happens to sequence numbers and layers, clocks stay together."""

import pytest

from roomwright.media.forward.events import ConnectionQuality, MediaStarted, QualityChanged, SpeakersChanged
from roomwright.media.forward.loudness import Loudness
from roomwright.media.forward.quality import quality_of, score
from roomwright.media.forward.settings import DownSettings, SpeakerSettings
from roomwright.media.rtp import rtcp
from roomwright.media.rtp.rtcp_write import receiver_report, sender_report
from roomwright.media.sdp import Wanted
from tests.media.forward.support import KEY, World, packet, published, sent


def ntp(seconds: float) -> int:
    return int(seconds * 2**32)


def test_audio_and_video_keep_their_distance_through_pauses():
    """The moment that a frame belongs to is computed as a client does: from the last sender report."""
    world = World("video").connect()
    audio = world.publisher.publish(published("audio", mid="1", track_sid="TR_2", ssrcs=(3333,)), world.now)
    wanted = Wanted(track_sid="TR_2", participant_sid="PA_1", kind="audio", ssrc=9999)
    world.subscriber.subscribe(audio, sent("audio", wanted=wanted), world.now)
    start = world.now
    moments: dict[int, list[float]] = {7777: [], 9999: []}
    clocks: dict[int, tuple[float, int]] = {}
    for step in range(200):
        elapsed = step * 0.04
        if step == 80:
            world.down.configure(DownSettings(disabled=True), world.now)
        if step == 120:
            world.down.configure(DownSettings(), world.now)
        if step % 25 == 0:
            video_at, audio_at = 500_000 + int(elapsed * 90_000), 4_294_000_000 + int(elapsed * 48_000)
            for ssrc, rtp in ((1111, video_at), (3333, audio_at)):
                report = rtcp.SenderReport(ssrc, ntp(1_000 + elapsed), rtp & 0xFFFF_FFFF, 0, 0)
                world.publisher.on_rtcp(sender_report(report), world.now)
        for raw in world.told("sub"):
            for message in rtcp.parse(raw):
                if isinstance(message, rtcp.SenderReport):
                    clocks[message.ssrc] = (message.ntp / 2**32, message.rtp)
        world.publish(packet(step, 500_000 + int(elapsed * 90_000), payload=KEY))
        world.publish(packet(step, 4_294_000_000 + int(elapsed * 48_000), ssrc=3333, payload_type=111))
        for seen in world.received():
            if seen.ssrc in clocks:
                moment, rtp = clocks[seen.ssrc]
                rate = 90_000 if seen.ssrc == 7777 else 48_000
                distance = ((seen.timestamp - rtp + 2**31) & 0xFFFF_FFFF) - 2**31
                moments[seen.ssrc].append(moment + distance / rate - (1_000 + world.now - start))
        world.advance(0.04)
    assert len(moments[7777]) > 100
    assert max(map(abs, moments[7777] + moments[9999])) < 0.002


def test_receivers_hear_of_loss_and_jitter_once_a_second():
    world = World("video").connect()
    world.publish(*(packet(n, payload=KEY) for n in range(100) if n % 4))
    report = rtcp.SenderReport(1111, ntp(5), 0, 0, 0)
    world.publisher.on_rtcp(sender_report(report), world.now)
    world.advance(1.001)
    messages = [m for raw in world.told("pub") for m in rtcp.parse(raw)]
    (block,) = next(m for m in messages if isinstance(m, rtcp.Reports)).blocks
    assert block.ssrc == 1111
    assert block.lost == 24
    assert 60 <= block.fraction_lost <= 64
    assert block.last_report == ntp(5) >> 16
    assert block.delay == pytest.approx(65_536, rel=0.01)
    assert any(isinstance(m, rtcp.Remb) for m in messages)


def test_jitter_is_measured_in_units_of_the_clock():
    world = World("audio").connect()
    for n in range(400):
        world.publish(packet(n, n * 960, payload_type=111))
        world.advance(0.02 + (0.005 if n % 2 else -0.005))
    jitter = world.up.streams[1111].reception.jitter
    assert jitter == pytest.approx(0.005 * 48_000, rel=0.2)


# who speaks


def speak(world: World, level: int, seconds: float) -> None:
    for _ in range(round(seconds / 0.02)):
        number = world.up.streams[1111].reception.received
        world.publish(packet(number, number * 960, payload_type=111, extensions={1: bytes((level,))}))
        world.advance(0.02)


def speakers(world: World) -> list[SpeakersChanged]:
    return [event for event in world.router.take_events() if isinstance(event, SpeakersChanged)]


def test_who_speaks_is_told_and_who_falls_silent():
    world = World("audio").connect()
    speak(world, 10, 2)
    told = speakers(world)
    assert told
    assert told[-1].room == "room"
    (speaker,) = told[-1].active
    assert speaker.participant_sid == "PA_1"
    assert 0.25 <= speaker.level <= 0.5
    speak(world, 10, 2)
    assert speakers(world) == []
    speak(world, 127, 3)
    last = speakers(world)[-1]
    assert [(s.participant_sid, s.level, s.active) for s in last.changed] == [("PA_1", 0.0, False)]
    assert last.active == ()


def test_quiet_noise_and_short_sounds_are_not_speech():
    world = World("audio").connect()
    speak(world, 40, 2)
    speak(world, 5, 0.1)
    speak(world, 127, 2)
    assert speakers(world) == []


def test_a_muted_track_does_not_speak():
    world = World("audio").connect()
    speak(world, 5, 1)
    world.up.set_muted(True, world.now)
    speakers(world)
    speak(world, 5, 2)
    assert speakers(world)[-1].active == ()


def test_full_loudness_is_one():
    loudness = Loudness(SpeakerSettings())
    for interval in range(20):
        for n in range(20):
            loudness.observe(0, interval * 0.4 + n * 0.02)
        level = loudness.update()
    assert level == 1.0


# how good a connection is


def test_scores_fall_with_loss_and_delay():
    assert score(0, 0) == 4.5
    assert score(0, 0.15) == 4.5
    assert [quality_of(score(loss, 0.05)) for loss in (0.0, 0.02, 0.06, 0.2)] == [
        ConnectionQuality.EXCELLENT,
        ConnectionQuality.EXCELLENT,
        ConnectionQuality.GOOD,
        ConnectionQuality.POOR,
    ]
    assert quality_of(score(0, 1.5)) is not ConnectionQuality.EXCELLENT
    values = [score(loss / 100, delay / 10) for delay in range(10) for loss in range(0, 100, 5)]
    assert all(1 <= value <= 4.5 for value in values)


def test_quality_is_told_when_it_changes():
    world = World("video").connect()
    world.publish(packet(1, payload=KEY))
    world.advance(5.1)
    events = [event for event in world.router.take_events() if not isinstance(event, MediaStarted)]
    assert events == [QualityChanged("room", sid, ConnectionQuality.EXCELLENT, 4.5) for sid in ("PA_1", "PA_2")]
    world.advance(10)
    assert world.router.take_events() == []
    block = rtcp.ReportBlock(7777, 64, 30, 1, 0, 0, 0)
    world.subscriber.on_rtcp(receiver_report(5, [block]), world.now)
    world.publish(*(packet(n) for n in range(2, 100) if n % 3))
    world.advance(5)
    told = {event.participant_sid: event.quality for event in world.router.take_events()}
    assert told == {"PA_1": ConnectionQuality.POOR, "PA_2": ConnectionQuality.POOR}
