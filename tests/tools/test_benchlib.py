import os

import pytest
from benchlib import CannotMeasureError, columns, cpu_seconds_of, require, resident_bytes_of

STAT = "4711 (a name) with) spaces) S 1 4711 4711 0 -1 4194304 900 0 0 0 {user} {system} 0 0 20 0 1 0 99 1000 200\n"


def test_cpu_time_is_user_and_system_time_in_seconds():
    ticks = os.sysconf("SC_CLK_TCK")
    assert cpu_seconds_of(STAT.format(user=3 * ticks, system=ticks // 2)) == 3.5


def test_resident_memory_is_in_bytes():
    status = "Name:\tpython\nVmPeak:\t  900000 kB\nVmRSS:\t   46080 kB\nRssAnon:\t 40000 kB\n"
    assert resident_bytes_of(status) == 45 * 1024 * 1024


def test_columns_align_names_left_and_figures_right():
    assert columns([["name", "µs"], ["a", "1000"], ["bcdef", "7"]]) == "name     µs\na      1000\nbcdef     7"


def test_an_empty_last_cell_leaves_no_blanks():
    assert columns([["a", "b"], ["c", ""]]) == "a  b\nc"


def test_a_missing_program_is_named_with_its_package(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    with pytest.raises(CannotMeasureError, match="wrk is not installed; on Debian: apt-get install wrk"):
        require("wrk")


def test_one_core_is_not_enough(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    with pytest.raises(CannotMeasureError, match="cores 0 and 1"):
        require()
