from xml.etree import ElementTree

import pytest
from bench_join import FIRST, MARKS, SCENARIOS, Cost, Run, cost_rows, latency_rows, percentile, plot, pooled, reached
from light_client import Times

HERE = Times(0.001, 0.002, 0.003, 0.004, 0.005)
LATER = Times(0.011, 0.012, 0.013, 0.014, 0.015)
ONLY_SIGNALLING = Times(join=0.001)

TIMES = {"one after another": [HERE, LATER], "all at once": [LATER], "signalling only": [ONLY_SIGNALLING]}


def a_run(cpu_s: float = 0.5, growth: int = 1024, times: tuple[Times, ...] = (HERE, LATER)) -> Run:
    return Run(HERE, times, cpu_s, growth)


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 50), (95, 95), (100, 100)])
def test_a_percentile_is_one_of_the_values(percent, value):
    assert percentile([*range(100, 0, -1)], percent) == value


def test_a_percentile_of_one_value_is_that_value():
    assert percentile([7.0], 50) == percentile([7.0], 95) == 7.0


def test_of_few_values_p95_is_the_largest():
    assert percentile([1, 2, 3], 95) == 3


def test_times_are_in_milliseconds_and_absent_where_a_client_did_not_get():
    assert reached([HERE, LATER, ONLY_SIGNALLING], "answer") == [2, 12]


def test_cost_is_per_participant_and_the_median_of_the_runs():
    runs = [a_run(cpu_s=0.01), a_run(cpu_s=0.02), a_run(cpu_s=0.9)]
    assert Cost.of(runs) == Cost(cpu_ms=10, kib=0.5)


def test_the_clients_of_all_runs_are_pooled_and_the_very_first_joins_apart():
    runs = {scenario.title: [a_run(), a_run()] for scenario in SCENARIOS}
    rows = pooled(runs)
    assert [len(times) for times in rows.values()] == [4, 4, 4, 4]
    assert list(rows)[-1] == FIRST
    assert rows[FIRST] == [HERE] * 4


def test_the_table_has_a_column_for_each_mark_and_blanks_for_what_was_not_reached():
    head, first, _, last = latency_rows(TIMES)
    assert head[1:] == list(MARKS.values())
    assert first[:2] == ["one after another", "1.0 / 11.0"]
    assert last[1:] == ["1.0 / 1.0", "", "", "", ""]


def test_the_costs_are_a_table():
    assert cost_rows({"all at once": Cost(4.44, 135.6)})[1] == ["all at once", "4.4", "136"]


def test_the_plot_has_a_panel_for_each_way_to_join_with_media():
    words = [element.text for element in ElementTree.fromstring(plot(TIMES, 2)).iter() if element.text]
    assert "one after another (ms)" in words
    assert "all at once (ms)" in words
    assert "2 clients join a room" in words
