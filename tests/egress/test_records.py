"""Records: the table of states, pages, retention, and what is on disk."""

import sqlite3
from itertools import pairwise, product
from pathlib import Path

import pytest

from roomwright.egress.planning import requests
from roomwright.egress.record import Record
from roomwright.egress.records import Journal, JournalError, Shelf
from roomwright.egress.states import RUNNING, TRANSITIONS
from roomwright.errors import ServiceError
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

S = pb.EgressStatus
ROOM = pb.Room(name="r", sid="RM_1")


def record(egress_id: str = "EG_1", room: str = "r") -> Record:
    request = pb.RoomCompositeEgressRequest(room_name=room, file_outputs=[pb.EncodedFileOutput()])
    return Record.of(requests.room_composite(request), egress_id, pb.Room(name=room, sid="RM_1"), 1)


@pytest.mark.parametrize(("before", "after"), product(S, S))
def test_a_record_changes_its_state_only_along_the_table(before: S, after: S) -> None:
    one = record()
    one.info.status = before
    changed = {
        S.EGRESS_ACTIVE: lambda: one.begin(5, 6),
        S.EGRESS_ENDING: lambda: one.finishing("StopEgress API", 6),
    }.get(after, lambda: one.end(after, 6))()
    possible = after in TRANSITIONS[before]
    if after in TRANSITIONS[S.EGRESS_ENDING] and before in RUNNING:
        possible = True  # what ends without having been told to passes through ENDING
    assert changed is (possible and after is not S.EGRESS_STARTING)
    assert one.info.status is (after if changed else before)


@pytest.mark.parametrize(
    ("status", "code"),
    [(S.EGRESS_ABORTED, 412), (S.EGRESS_LIMIT_REACHED, 413), (S.EGRESS_FAILED, 500), (S.EGRESS_COMPLETE, 0)],
)
def test_an_end_has_its_error_code(status: S, code: int) -> None:
    one = record()
    one.begin(1, 2)
    one.end(status, 3)
    assert (one.info.error_code, one.info.ended_at) == (code, 3)


def test_results_of_one_kind_are_repeated_for_old_clients() -> None:
    one = record()
    one.results(v1.Progress(files=[pb.FileInfo(filename="a")]), 2)
    assert one.info.file == pb.FileInfo(filename="a")
    one.results(v1.Progress(streams=[pb.StreamInfo(url="u")]), 3)
    assert one.info.file is None
    assert len(one.info.file_results) == len(one.info.stream_results) == 1


def test_pages_show_everything_once_in_order() -> None:
    shelf = Shelf(retention=10, page=3)
    for number in range(8):
        shelf.put(record(f"EG_{number}", "r" if number % 2 else "q"))
    seen, token = [], ""
    while True:
        items, token = shelf.page("", active=False, token=token)
        seen += [info.egress_id for info in items]
        if not token:
            break
        if len(seen) == 3:
            shelf.put(record("EG_late"))
    assert seen == [*(f"EG_{number}" for number in range(8)), "EG_late"]
    assert [info.egress_id for info in shelf.page("q", active=True, token="")[0]] == ["EG_0", "EG_2", "EG_4"]
    for wrong in ("x", "n", "n-1", "n٣", "n" + "9" * 30):
        with pytest.raises(ServiceError, match="page_token"):
            shelf.page("", active=False, token=wrong)


def test_what_ended_long_ago_is_forgotten() -> None:
    shelf = Shelf(retention=10)
    running, over = record("EG_running"), record("EG_over")
    shelf.put(running)
    shelf.put(over)
    over.end(S.EGRESS_FAILED, 1_000_000_000)
    assert shelf.forget(10_999_999_999) == []
    assert shelf.forget(11_000_000_000) == ["EG_over"]
    assert [one.info.egress_id for one in shelf] == ["EG_running"]


async def test_records_survive_in_order_with_their_last_state(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a" / "b")
    assert await journal.load() == []
    assert not (tmp_path / "a").exists()
    for number in range(5):
        journal.write(record(f"EG_{number}").info)
    changed = record("EG_1")
    changed.begin(7, 8)
    journal.write(changed.info)
    journal.erase(["EG_3"])
    await journal.close()
    second = Journal(tmp_path / "a" / "b")
    loaded = await second.load()
    assert [info.egress_id for info in loaded] == ["EG_0", "EG_1", "EG_2", "EG_4"]
    assert loaded[1] == changed.info
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0
    await second.close()


async def test_two_servers_do_not_share_records(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    first.write(record().info)
    await first.flush()
    second = Journal(tmp_path)
    with pytest.raises(JournalError, match="in use by another server"):
        await second.load()
    second.write(record("EG_2").info)
    await second.flush()
    assert "in use" in second.problem
    await second.close()
    await first.close()


async def test_a_file_of_something_else_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite").write_bytes(b"no database" * 500)
    journal = Journal(tmp_path)
    with pytest.raises(JournalError, match=r"records\.sqlite: file is not a database"):
        await journal.load()
    await journal.close()


async def test_records_of_a_newer_program_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "records.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    journal = Journal(tmp_path)
    with pytest.raises(JournalError, match="newer version"):
        await journal.load()
    await journal.close()


def test_the_states_end() -> None:
    for before, after in pairwise([S.EGRESS_STARTING, S.EGRESS_ACTIVE, S.EGRESS_ENDING, S.EGRESS_COMPLETE]):
        assert after in TRANSITIONS[before]
    assert {status for status in S if status not in RUNNING} == {
        S.EGRESS_COMPLETE,
        S.EGRESS_FAILED,
        S.EGRESS_ABORTED,
        S.EGRESS_LIMIT_REACHED,
    }
