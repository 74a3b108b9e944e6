from xml.etree import ElementTree

import pytest
from svg import LABELS, MARGIN, VALUES, WIDTH, Panel, chart, length

SVG = "{http://www.w3.org/2000/svg}"
PANEL = Panel("first (µs)", {"a & b": (1.0, 2.0), "c": (4.0, 0.0)}, digits=1)


def parsed(*panels: Panel) -> ElementTree.Element:
    return ElementTree.fromstring(chart("cost <of> it", ("bare", "whole"), panels))


def bars(root: ElementTree.Element, series: int) -> list[float]:
    found = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == f"s{series}"]
    return [float(rect.get("width", "")) for rect in found[1:]]  # the first is the legend's


def test_the_longest_bar_takes_the_whole_width_and_the_others_their_share():
    room = WIDTH - LABELS - VALUES - 2 * MARGIN
    assert bars(parsed(PANEL), 0) == [room / 4, room]
    assert bars(parsed(PANEL), 1) == [room / 2, 0]


def test_each_panel_has_a_scale_of_its_own():
    other = Panel("second", {"d": (100.0, 50.0)})
    assert bars(parsed(PANEL, other), 0)[-1] == bars(parsed(PANEL), 0)[-1]


def test_every_name_and_every_value_is_written():
    words = [text.text for text in parsed(PANEL).iter(f"{SVG}text")]
    assert words == ["cost <of> it", "bare", "whole", "first (µs)", "a & b", "1.0", "2.0", "c", "4.0", "0.0"]


def test_everything_is_inside():
    root = parsed(PANEL, PANEL)
    height = float(root.get("viewBox", "").split()[3])
    bottoms = [float(rect.get("y", 0)) + float(rect.get("height", 0)) for rect in root.iter(f"{SVG}rect")]
    assert max(bottoms) == height


def test_it_has_colours_for_light_and_dark():
    style = parsed(PANEL).find(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in (style.text or "")


@pytest.mark.parametrize(("value", "largest"), [(0.0, 0.0), (0.0, 3.0)])
def test_nothing_is_a_bar_without_length(value, largest):
    assert length(value, largest) == 0
