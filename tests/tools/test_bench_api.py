import dataclasses

import pytest
from bench_api import HEADINGS, Row, Sample, chosen
from bench_cases import CASES, Case
from bench_wrk import Load

CASE = Case("CreateRoom", "distinct names", lambda _facts, _seconds: [], {}, 2.5)


def sample(cpu_us: float, requests: int = 1000) -> Sample:
    return Sample(Load(requests, 1_000_000, 500, 2000, 0, 0), cpu_us * requests / 1e6)


def row(ours: list[float], bare: list[float], case: Case = CASE) -> Row:
    return Row(case, "json", [sample(us) for us in bare], [sample(us) for us in ours])


def test_cpu_time_per_request_is_in_microseconds():
    assert sample(80, requests=5000).cpu_us == pytest.approx(80)


def test_the_ratio_is_taken_in_each_round_then_the_median():
    assert row(ours=[100, 200, 330], bare=[50, 50, 100]).ratio == pytest.approx(3.3)


@pytest.mark.parametrize(("ours", "kept"), [(249, True), (251, False)])
def test_a_budget_is_the_largest_allowed_ratio(ours, kept):
    assert row([ours], [100]).kept is kept


def test_a_row_without_a_budget_is_never_missed():
    assert row([10_000], [1], dataclasses.replace(CASE, budget=None)).kept


def test_a_row_has_a_cell_for_each_heading():
    cells = row([300], [100]).cells()
    assert dict(zip(HEADINGS, cells, strict=True)) == {
        "method": "CreateRoom (distinct names)",
        "encoding": "json",
        "requests/s": "1,000",
        "p50 ms": "0.50",
        "p99 ms": "2.00",
        "CPU µs": "300",
        "bare µs": "100",
        "ratio": "3.00",
        "budget": "2.5 MISSED",
    }


def test_rows_are_chosen_by_part_of_their_name():
    assert {case.method for case in chosen(["listrooms", "SENDDATA"])} == {"ListRooms", "SendData"}
    assert chosen([]) == list(CASES)
