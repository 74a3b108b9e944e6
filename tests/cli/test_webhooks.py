"""`roomwright webhooks` on an outbox whose server is away, and on one whose server runs."""

from pathlib import Path

import pytest

from roomwright.__main__ import main
from roomwright.webhooks import FILE, Store
from roomwright.webhooks.store import Batch
from tests.cli.conftest import Said
from tests.webhooks.letters import letter


@pytest.fixture
def run(tmp_path: Path, capsys):
    def command(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(["webhooks", *arguments, "--outbox", str(tmp_path)])
        return Said(code, *capsys.readouterr())

    return command


@pytest.fixture
def store(tmp_path: Path):
    store = Store(tmp_path / FILE)
    store.write(Batch(letters=[letter(1, since_ms=1_750_000_000_000), letter(2), letter(3, url="http://b")]))
    store.write(Batch(dead=[("HTTP 404", 2, "http://a"), ("HTTP 410", 3, "http://b")]))
    yield store
    store.close()


def test_the_list_is_a_table_for_people(run, store):
    head, first, second, third = run("list").rows
    assert head[:5] == ["SEQUENCE", "STATE", "EVENT", "ROOM", "URL"]
    assert first == ["1", "waiting", "room_started", "standup", "http://a", "0", "2025-06-15", "15:06:40"]
    assert [second[1], second[-2:]] == ["dead", ["HTTP", "404"]]
    assert third[0] == "3"


def test_the_list_is_json_for_programs(run, store):
    listed = run("list", "--json", "--state", "dead").json
    assert [(row["sequence"], row["event_id"], row["error"]) for row in listed] == [
        (2, "EV_2", "HTTP 404"),
        (3, "EV_3", "HTTP 410"),
    ]


def test_the_dead_are_found_behind_any_number_that_wait(run, store):
    listed = run("list", "--state", "dead", "--limit", "1")
    assert [row[:2] for row in listed.rows[1:]] == [["2", "dead"]]
    assert listed.err == "the first 1 of 2; --limit shows more\n"
    assert run("list", "--limit", "3").err == ""


@pytest.mark.parametrize(
    ("chosen", "waits"),
    [(["--all"], {1, 2, 3}), (["--url", "http://b"], {1, 3}), (["EV_2"], {1, 2}), (["2", "EV_3"], {1, 2, 3})],
)
def test_dead_ones_are_replayed_as_chosen(run, store, chosen, waits):
    assert run("replay", *chosen).out == f"{len(waits) - 1} webhooks wait to be delivered again\n"
    assert {row.sequence for row in store.rows(10) if row.state == "waiting"} == waits


def test_replaying_nothing_in_particular_is_refused(run, store):
    assert run("replay") == (2, "", "roomwright: error: say which: their sequence or event id, --url URL, or --all\n")
    assert run("replay", "--all", "2").code == 2


def test_replaying_what_is_not_dead_fails(run, store):
    said = run("replay", "1")
    assert said.code == 1
    assert "no dead webhook is meant" in said.err


def test_an_empty_outbox_has_nothing_to_list(run, tmp_path: Path):
    Store(tmp_path / FILE).close()
    assert run("list").out == f"nothing waits in {tmp_path / FILE}\n"
    assert run("list", "--json").json == []
    assert run("replay", "--all").out == "0 webhooks wait to be delivered again\n"


def test_no_outbox_is_said_by_path(run, tmp_path: Path):
    said = run("list")
    assert said.code == 1
    assert str(tmp_path / FILE) in said.err


def test_the_configuration_says_where_the_outbox_is(store, tmp_path: Path, capsys):
    config = tmp_path / "config.yaml"
    config.write_text(f"keys: {{devkey: secret}}\nwebhook: {{outbox_directory: {tmp_path}}}\n")
    assert main(["webhooks", "list", "--config", str(config)]) == 0
    assert "waiting" in capsys.readouterr().out
