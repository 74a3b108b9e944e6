"""Picture and sound stay together through loss, jitter, disorder and clocks that drift.

The network is simulated, the content is decoded: what is measured is when a beep is heard and when its flash is seen.
"""

import heapq
from functools import cache

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from roomwright_proto.roomwright.egress import v1
from tests.egress import payloads
from tests.egress.payloads import Encoded
from tests.egress.sender import EPOCH_NS, Network, Sent, added, arriving
from tests.egress.stage import Heard, Stage, composing

TOGETHER = 0.08
SECONDS = 12

ROUGH = Network(delay=0.04, jitter=0.06, loss=0.05, resent=0.9)


@cache
def pictures(codec: str) -> tuple[Encoded, ...]:
    return tuple(payloads.video(codec, SECONDS))


@cache
def sound() -> tuple[Encoded, ...]:
    return tuple(payloads.opus(SECONDS))


def recorded(*tracks: Sent, until: float | None = None) -> tuple[Stage, Heard]:
    stage, heard, _ = composing()
    for sent in tracks:
        stage.order(added(sent))
    stage.play(arriving(*tracks), until=until)
    stage.order(v1.Order(stop=v1.Stop("StopEgress API")))
    return stage, heard


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    codec=st.sampled_from(["vp8", "vp9", "h264", "av1"]),
    seed=st.integers(0, 1_000),
    drift=st.floats(-0.0002, 0.0002),
    publisher_drift=st.floats(-0.0002, 0.0002),
    late=st.floats(0, 0.06),
    loss=st.floats(0, 0.05),
    red=st.booleans(),
)
@example(codec="vp8", seed=7, drift=0.0002, publisher_drift=-0.0002, late=0.06, loss=0.05, red=False)
def test_picture_and_sound_are_within_80_ms(codec, seed, drift, publisher_drift, late, loss, red) -> None:
    network = Network(delay=0.04, jitter=0.06, loss=loss, resent=0.9, seed=seed)
    stage, heard = recorded(
        Sent(1, "red" if red else "opus", sound(), drift=drift, publisher_drift=publisher_drift, network=network),
        Sent(2, codec, pictures(codec), late=late, publisher_drift=publisher_drift, network=network),
    )
    watched = heard.watched()
    offsets = watched.offsets()
    assert len(offsets) >= SECONDS - 4
    assert max(map(abs, offsets)) < TOGETHER
    numbers = [shown.number for shown in watched.shown]
    assert numbers == sorted(set(numbers))
    assert heard.too_late == 0
    assert stage.last().finished is not None


def test_minutes_of_drift_do_not_add_up() -> None:
    """A clock that is 5,000 ppm off for 30 s goes as far as one of 200 ppm in more than twelve minutes."""
    frames = tuple(payloads.video("vp8", 30, size=(160, 90)))
    _, heard = recorded(
        Sent(1, "opus", tuple(payloads.opus(30)), drift=0.005, publisher_drift=0.001, network=ROUGH),
        Sent(2, "vp8", frames, publisher_drift=0.001, network=ROUGH),
    )
    offsets = heard.watched().offsets()
    assert len(offsets) >= 25
    assert max(map(abs, offsets)) < TOGETHER


def test_without_sender_reports_arrivals_keep_them_together() -> None:
    _, heard = recorded(
        Sent(1, "opus", sound(), first_report=1e9, network=ROUGH),
        Sent(2, "vp8", pictures("vp8"), first_report=1e9, network=ROUGH),
    )
    assert max(map(abs, heard.watched().offsets())) < TOGETHER


def test_a_picture_that_is_sent_late_is_put_right_by_the_first_reports() -> None:
    _, heard = recorded(
        Sent(1, "opus", sound(), network=ROUGH), Sent(2, "vp8", pictures("vp8"), late=0.2, network=ROUGH)
    )
    offsets = heard.watched().offsets()
    assert max(map(abs, offsets[7:])) < TOGETHER


def test_reports_that_are_known_from_the_start_put_it_right_from_the_start() -> None:
    _, heard = recorded(
        Sent(1, "opus", sound(), first_report=0, network=ROUGH),
        Sent(2, "vp8", pictures("vp8"), first_report=0, late=0.2, network=ROUGH),
    )
    assert max(map(abs, heard.watched().offsets()[1:])) < TOGETHER


@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_publishers_with_other_clocks_are_heard_as_they_spoke(loss) -> None:
    network = Network(delay=0.04, jitter=0.06, loss=loss, resent=0.9)
    _, heard = recorded(
        Sent(1, "opus", sound(), identity="alice", ahead=10, network=network),
        Sent(2, "vp8", pictures("vp8"), identity="bob", ahead=90_000, network=network),
    )
    assert max(map(abs, heard.watched().offsets())) < TOGETHER


def test_a_lost_picture_is_not_shown_damaged_and_a_key_frame_is_asked_for() -> None:
    stage, heard = recorded(
        Sent(2, "vp8", pictures("vp8"), network=Network(loss=0.03)), Sent(1, "opus", sound(), network=Network())
    )
    shown = [shown.number for shown in heard.watched().shown]
    assert shown == sorted(set(shown))
    assert len(shown) == len(heard.pictures) > 30
    assert 2 in {wanted.number for wanted in stage.all_of(lambda report: report.key_frame_wanted)}
    assert stage.last().finished.progress.packets_lost > 0


def test_key_frames_are_not_asked_for_more_than_twice_a_second() -> None:
    stage, _ = recorded(Sent(2, "vp8", [frame for frame in pictures("vp8") if not frame.key]), until=SECONDS)
    asked = stage.all_of(lambda report: report.key_frame_wanted)
    assert SECONDS <= len(asked) <= 2 * SECONDS + 1


def test_short_losses_of_sound_are_concealed_and_long_ones_are_silence() -> None:
    stage, heard, _ = composing()
    sent = Sent(1, "opus", sound(), first_report=1e9)
    lost = {100, 101, *range(200, 230)}
    stage.order(added(sent))
    stage.play(event for place, event in enumerate(arriving(sent)) if place not in lost)
    stage.order(v1.Order(stop=v1.Stop("StopEgress API")))
    times = sorted((piece.at_ns, piece.frame.samples) for piece in heard.sounds)
    ends = [at + samples * 1_000_000_000 // 48_000 for at, samples in times]
    holes = [
        round(at / 1e9, 2) for at, end in zip([at for at, _ in times[1:]], ends, strict=False) if at - end > 1_000_000
    ]
    assert holes == [4.6]


def test_redundant_audio_makes_up_for_losses() -> None:
    stage, heard = recorded(Sent(1, "red", sound(), network=Network(loss=0.05, seed=3)))
    assert stage.last().finished.progress.packets_lost > 10
    assert sum(piece.frame.samples for piece in heard.sounds) == pytest.approx(SECONDS * 48_000, rel=0.01)


def test_a_late_joiner_is_placed_at_its_time() -> None:
    stage, heard, _ = composing()
    joined_ns = EPOCH_NS + 5_000_000_000
    picture = Sent(2, "vp8", pictures("vp8"))
    joined = Sent(1, "opus", tuple(payloads.opus(6, first=5.0)), identity="bob", first_report=5.5)
    stage.order(added(picture))
    stage.play(heapq.merge(arriving(picture, joined), [(joined_ns, added(joined))], key=lambda event: event[0]))
    watched = heard.watched()
    assert [beep.second for beep in watched.beeps] == [5, 6, 7, 8, 9, 10]
    assert max(map(abs, watched.offsets())) < TOGETHER


def test_what_is_said_of_a_moment_waits_for_its_media() -> None:
    stage, heard, _ = composing()
    sent = Sent(1, "opus", sound())
    stage.order(added(sent))
    mute = v1.Order(track_muted=v1.TrackMuted(1, muted=True))
    stage.play(heapq.merge(arriving(sent), [(EPOCH_NS + 5_000_000_000, mute)], key=lambda event: event[0]))
    assert ("muted", 1, True) in heard.said
    before = [piece.at_ns for place, piece in zip(heard.sounds_said, heard.sounds, strict=True) if place == 1]
    assert max(before) == pytest.approx(5.8e9, abs=0.1e9)


def test_the_higher_layer_is_recorded_and_the_lower_one_when_it_falls_silent() -> None:
    low = tuple(payloads.video("vp8", SECONDS, size=(160, 90)))
    high = tuple(frame for frame in payloads.video("vp8", SECONDS, size=(320, 180)) if not 4 <= frame.at < 8)
    stage, heard = recorded(
        Sent(2, "vp8", low, layer=0, first_timestamp=7), Sent(2, "vp8", high, layer=1, first_timestamp=900_000)
    )
    sizes = [(round(seen.at_ns / 1e9, 1), seen.frame.width) for seen in heard.pictures]
    assert {width for at, width in sizes if at < 4} == {320}
    assert {width for at, width in sizes if 6.1 < at < 8} == {160}
    assert {width for at, width in sizes if at > 9.1} == {320}
    numbers = [shown.number for shown in heard.watched().shown]
    assert numbers == sorted(numbers)
    assert 0 in {wanted.layer for wanted in stage.all_of(lambda report: report.key_frame_wanted)}


def test_after_a_mute_media_goes_on_at_its_time_without_losses() -> None:
    stage, heard, _ = composing()
    talking = tuple(frame for frame in sound() if not 3 <= frame.at < 8)
    seen = Sent(2, "vp8", pictures("vp8"))
    sent = Sent(1, "opus", talking)
    mutes = [(EPOCH_NS + at * 1_000_000_000, v1.Order(track_muted=v1.TrackMuted(1, muted=at == 3))) for at in (3, 8)]
    for each in (seen, sent):
        stage.order(added(each))
    stage.play(heapq.merge(arriving(seen, sent), mutes, key=lambda event: event[0]))
    watched = heard.watched()
    assert [beep.second for beep in watched.beeps] == [0, 1, 2, 8, 9, 10, 11]
    assert max(map(abs, watched.offsets())) < TOGETHER
    assert stage.conductor.progress().packets_lost == 0


def test_a_track_in_an_unknown_codec_does_not_end_a_composite() -> None:
    stage, heard, _ = composing()
    odd = added(Sent(3, "h265", ()))
    stage.order(odd)
    sent = Sent(1, "opus", sound()[:100])
    stage.order(added(sent))
    stage.play(arriving(sent))
    assert heard.sounds
    assert not stage.conductor.done
