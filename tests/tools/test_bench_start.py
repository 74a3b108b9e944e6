import pytest
from bench_start import Figure, import_table, import_times

LOG = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |   _codecs
import time:       200 |        300 | codecs
import time:      1000 |       1000 |     aiohttp.http
import time:      3000 |       4000 |   aiohttp
import time:       500 |       4500 | roomwright.app
something else that was printed
"""


def test_import_times_are_added_up_by_package():
    assert import_times(LOG) == {"standard library": 300, "aiohttp": 4000, "roomwright": 500}


def test_the_slowest_packages_come_first():
    assert import_table(import_times(LOG), most=1).splitlines()[1:] == [
        "everything            5",
        "aiohttp               4",
    ]


def test_a_figure_of_several_is_their_median_with_its_range():
    figure = Figure.of("start", [0.9, 0.5, 0.7], "s", 1.0)
    assert figure.cells() == ["start", "0.70", "s", "0.50 … 0.90", "1 kept"]


@pytest.mark.parametrize(("value", "kept"), [(4.0, True), (4.1, False)])
def test_a_budget_is_the_largest_allowed_value(value, kept):
    assert Figure("a room", value, "KiB", 4.0).kept is kept
