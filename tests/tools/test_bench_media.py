import pytest
from bench_media import JUDGED, PATTERNS, Comparison, Cost, Pattern, plot

TEN = Pattern(1, 10, 1100)


def test_a_pattern_with_a_budget_is_measured():
    assert JUDGED in map(str, PATTERNS)


@pytest.mark.parametrize(("subscribers", "rate"), [(1, 6000), (10, 2000), (40, 500)])
def test_the_load_follows_from_what_is_forwarded(subscribers, rate):
    assert Pattern(1, subscribers, 100).rate == rate


def test_a_comparison_is_a_line_of_the_table():
    found = Comparison(Cost(2.0, 0.0), Cost(2.5, 0.011))
    assert found.cells(TEN) == ["1→10, 1100 bytes", "2.00", "2.50", "1.25", "1.1%"]


def test_the_plot_names_every_pattern():
    drawn = plot({pattern: Comparison(Cost(2.0, 0.0), Cost(2.5, 0.0)) for pattern in PATTERNS})
    assert all(str(pattern) in drawn for pattern in PATTERNS)
