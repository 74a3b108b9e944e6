"""Of a track's layers the highest that sends is recorded, and changes come at key frames only."""

from hypothesis import given
from hypothesis import strategies as st

from roomwright.egress.recorder.intake.layers import ASK_NS, BEST_NS, SILENT_NS, Layers
from roomwright.egress.recorder.now import ServerClock

STEP = SILENT_NS // 10


def sending(layers: Layers, now: int, *which: int) -> None:
    for layer in which:
        layers.seen(layer, now)


def test_a_recording_begins_with_the_best_layer_if_it_comes_soon() -> None:
    layers = Layers()
    sending(layers, 1, 0, 1, 2)
    assert not layers.begins(0, 1)
    assert layers.begins(2, STEP)
    assert layers.current == 2


def test_it_begins_with_a_lower_layer_when_the_best_does_not_come() -> None:
    layers = Layers()
    sending(layers, 1, 0, 2)
    later = BEST_NS + 1
    sending(layers, later, 0, 2)
    assert layers.begins(0, later)
    assert layers.begins(2, later)


def test_key_frames_are_asked_of_what_is_better_or_broken_and_not_too_often() -> None:
    layers = Layers()
    sending(layers, 0, 0, 1)
    assert layers.wanted(0, broken=True) == (1,)
    assert layers.wanted(ASK_NS - 1, broken=True) == ()
    layers.begins(1, 0)
    assert layers.wanted(ASK_NS, broken=False) == ()
    assert layers.wanted(ASK_NS, broken=True) == (1,)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 2 * SILENT_NS)), max_size=60))
def test_whatever_comes_a_layer_is_left_only_for_a_better_one_or_when_it_is_silent(events) -> None:
    layers, seen, now = Layers(), dict[int, int](), 1
    for layer, is_key, passed in events:
        now += passed
        layers.seen(layer, now)
        seen[layer] = now
        before = layers.current
        if is_key and layers.begins(layer, now):
            assert layers.current == layer
            assert layer >= before or now - seen[before] >= SILENT_NS
        else:
            assert layers.current == before
        for wanted in layers.wanted(now, broken=False):
            assert wanted != layers.current
            assert now - seen[wanted] < SILENT_NS


def test_time_goes_on_from_the_first_packet_by_the_monotonic_clock() -> None:
    clock = ServerClock(monotonic_ns=1_000, wall_ns=9_000)
    assert clock.now_ns(1_500) == 9_500
    clock.heard(5_000, monotonic_ns=2_000)
    clock.heard(5_100, monotonic_ns=2_900)
    assert clock.now_ns(3_000) == 6_000
