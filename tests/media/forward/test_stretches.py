"""Numbers of an outgoing stream: unique, rising, and to be found again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.media.forward.stretches import Stretches
from roomwright.media.rtp.rewrite import Recipe
from tests.media.forward.support import KEY, World, numbers, packet

RECIPE = Recipe(())
PART = st.tuples(st.integers(0, 2**20), st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 9))


@settings(deadline=None)
@given(st.lists(PART, min_size=1, max_size=8))
def test_every_outgoing_number_is_one_source_packet(parts):
    """Each part is a stretch: where its source begins, which packets are lost, how far they are mixed up."""
    row: Stretches[int] = Stretches()
    used: dict[int, tuple[int, int]] = {}
    last = 0
    for source, (first, kept, _) in enumerate(parts):
        stretch = row.begin(source, first, 0, RECIPE)
        arrived = [first, *(first + offset for offset, keep in enumerate(kept) if keep and offset)]
        for number in arrived:
            outgoing = number + stretch.shift
            assert outgoing not in used
            used[outgoing] = (source, number)
        begins = first + stretch.shift
        assert source == 0 or begins == last + 1
        last = max(arrived) + stretch.shift
        row.end(max(arrived), 0, 0.0)
    for outgoing, (source, number) in used.items():
        found = row.find(outgoing & 0xFFFF, last)
        assert found is not None
        assert (found[0].source, found[1]) == (source, number)
    assert row.find(last + 1 & 0xFFFF, last) is None


STEP = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 60)),
    st.tuples(st.just("lose"), st.integers(1, 60)),
    st.tuples(st.just("swap"), st.integers(2, 9)),
    st.tuples(st.just("pause"), st.integers(0, 20)),
    st.tuples(st.just("jump"), st.integers(2_100, 30_000)),
)


@settings(deadline=None)
@given(st.integers(0, 0xFFFF), st.lists(STEP, max_size=25))
def test_any_history_of_a_stream_gives_numbers_that_only_say_what_was_lost(first, steps):
    """Outgoing numbers are never used twice, and skip exactly what was lost on the way to us."""
    world = World("video").connect()
    number, frame, lost = first, 0, 0

    def send(*order: int) -> None:
        nonlocal number, frame
        for offset in order:
            world.publish(packet(number + offset, payload=KEY + str(frame + offset).encode()))
        number, frame = number + len(order), frame + len(order)

    send(0)
    for name, count in steps:
        if name == "send":
            send(*range(count))
        elif name == "swap":
            send(0, *reversed(range(1, count)))
        elif name == "lose":
            number, lost = number + count, lost + count
            send(0)
        elif name == "pause":
            world.up.set_muted(True, world.now)
            send(*range(count))
            world.up.set_muted(False, world.now)
            send(0)
        else:
            number += count
            send(0)
    seen = numbers(world.received())
    assert len(set(seen)) == len(seen)
    extended, highest = [], seen[0]
    for item in seen:
        extended.append(highest + ((item - highest + 0x8000) & 0xFFFF) - 0x8000)
        highest = max(highest, extended[-1])
    assert highest - seen[0] + 1 - len(seen) == lost
