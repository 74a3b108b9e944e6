import pytest
from bench_wrk import COUNTER, Load, Request, checked, load_of
from benchlib import CannotMeasureError

OUTPUT = """Running 1s test @ http://127.0.0.1:1
  1 threads and 16 connections
Requests/sec:   5000.00
{"requests": 5500, "duration_us": 1100000, "p50_us": 800, "p99_us": 2100, "refused": 0, "broken": 0}
"""


def a_request(body: bytes) -> Request:
    return Request("/twirp/s/M", "application/json", "token", body)


def test_the_load_is_read_from_the_end_of_the_output():
    assert load_of(OUTPUT) == Load(requests=5500, duration_us=1_100_000, p50_us=800, p99_us=2100, refused=0, broken=0)


def test_requests_per_second_count_the_time_that_the_run_took():
    assert load_of(OUTPUT).per_second == pytest.approx(5000)


def test_output_without_figures_is_shown():
    with pytest.raises(CannotMeasureError, match="unable to connect"):
        load_of("unable to connect to 127.0.0.1:1")


@pytest.mark.parametrize(
    ("requests", "refused", "broken"), [(10, 1, 0), (10, 0, 1), (0, 0, 0)], ids=["refused", "broken", "none answered"]
)
def test_a_run_with_failures_measures_nothing(requests, refused, broken):
    with pytest.raises(CannotMeasureError):
        checked(Load(requests, 1_000_000, 1, 1, refused, broken))


def test_a_body_without_a_counter_is_one_piece():
    assert a_request(b"{}").line.split("\t") == ["/twirp/s/M", "application/json", "Bearer token", "x7b7d"]


def test_an_empty_body_is_one_empty_piece():
    assert a_request(b"").line.endswith("\tx")


def test_a_counter_divides_the_body():
    assert a_request(b"<" + COUNTER.encode() + b">").line.split("\t")[3:] == ["x3c", "x3e"]


def test_a_numbered_body_is_as_long_as_the_counter():
    request = a_request(COUNTER.encode() + b"!")
    assert request.numbered(42) == b"000000000042!"
    assert len(request.numbered(42)) == len(request.body)
