"""Where tiles are placed, and how pictures are fitted into them."""

from hypothesis import given
from hypothesis import strategies as st

from roomwright.egress.recorder.compose.arrange import MAX_TILES, Place, Tile, arrange, look
from roomwright.egress.recorder.compose.geometry import Rect, contain, cover

sizes = st.tuples(st.integers(8, 1920).map(lambda n: n * 2), st.integers(8, 1080).map(lambda n: n * 2))
tiles = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 5)), max_size=60).map(
    lambda found: [Tile(str(number), *each) for number, each in enumerate(found)]
)
bases = st.sampled_from(["grid", "speaker", "single-speaker"])


@given(tiles, bases, sizes)
def test_tiles_lie_inside_the_frame_apart_from_each_other_and_on_even_pixels(
    tiles: list[Tile], base: str, size: tuple[int, int]
):
    places = arrange(tiles, base, *size)
    assert len({place.key for place in places}) == len(places)
    for number, place in enumerate(places):
        rect = place.rect
        assert not any(value % 2 for value in (rect.left, rect.top, rect.width, rect.height))
        assert rect.width >= 2
        assert rect.height >= 2
        if size[0] >= 320 and size[1] >= 240:
            assert 0 <= rect.left < rect.right <= size[0]
            assert 0 <= rect.top < rect.bottom <= size[1]
            assert not any(_overlap(rect, other.rect) for other in places[:number])


@given(tiles, bases)
def test_somebody_is_shown_as_soon_as_somebody_is_there(tiles: list[Tile], base: str):
    places = arrange(tiles, base, 1280, 720)
    assert bool(places) == bool(tiles)
    assert len(places) <= MAX_TILES


@given(st.integers(1, 4000), st.integers(1, 4000), sizes)
def test_a_contained_picture_keeps_its_aspect_and_stays_inside(width: int, height: int, size: tuple[int, int]):
    room = Rect(10, 20, *size)
    fit = contain(width, height, room)
    assert (fit.width, fit.height) == (fit.to.width, fit.to.height)
    assert room.left <= fit.to.left
    assert room.top <= fit.to.top
    assert fit.to.right <= room.right
    assert fit.to.bottom <= room.bottom
    assert abs(fit.width - width * min(size[0] / width, size[1] / height)) <= 2
    assert abs(fit.height - height * min(size[0] / width, size[1] / height)) <= 2


@given(st.integers(1, 4000), st.integers(1, 4000), sizes)
def test_a_covering_picture_fills_its_place_and_is_cut_in_the_middle(width: int, height: int, size: tuple[int, int]):
    room = Rect(0, 0, *size)
    fit = cover(width, height, room)
    assert fit.to == room
    assert fit.width >= room.width
    assert fit.height >= room.height
    assert abs((fit.width - room.width) - 2 * fit.cut_left) <= 3
    assert abs((fit.height - room.height) - 2 * fit.cut_top) <= 3


def test_a_grid_of_four_is_two_by_two():
    places = arrange([Tile(str(number)) for number in range(4)], "grid", 1280, 720)
    assert [(place.rect.left < 640, place.rect.top < 360) for place in places] == [
        (True, True),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_a_shared_screen_takes_the_stage_of_a_grid():
    places = arrange([Tile("a"), Tile("b"), Tile("screen", screen=True)], "grid", 1280, 720)
    assert _largest(places).key == "screen"


def test_who_spoke_last_is_on_stage():
    crowd = [Tile("a", spoke=1), Tile("b", spoke=3), Tile("c", spoke=2)]
    assert _largest(arrange(crowd, "speaker", 1280, 720)).key == "b"
    assert arrange(crowd, "single-speaker", 1280, 720) == [Place("b", Rect(0, 0, 1280, 720))]


def test_a_name_of_a_layout_says_its_ground_and_an_unknown_one_is_a_grid():
    assert (look("speaker-light").base, look("speaker-light").light) == ("speaker", True)
    assert (look("single-speaker-dark").base, look("single-speaker-dark").light) == ("single-speaker", False)
    assert (look("").base, look("mine-light").base) == ("grid", "grid")


def _largest(places: list[Place]) -> Place:
    return max(places, key=lambda place: place.rect.width * place.rect.height)


def _overlap(one: Rect, other: Rect) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
