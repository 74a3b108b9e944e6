"""Reading the recordings, and that nobody has edited them."""

import hashlib

from tests.conformance.cases import RECORDINGS, Exchange, ParticipantStep, Sleep, load, parse_case, parse_step


def test_the_recordings_are_as_recorded():
    sums = (RECORDINGS.parent / "SHA256SUMS").read_text().split("\n")[:-1]
    expected = dict(reversed(line.split("  ")) for line in sums)
    folder = RECORDINGS.parent
    files = folder.glob("*/*.jsonl")
    actual = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert actual == expected


def test_names_of_cases_are_unique():
    names = [case.name for case in load()]
    assert len(set(names)) == len(names) > 1000


def test_a_line_separator_inside_a_case_does_not_cut_it(tmp_path):
    path = tmp_path / "x.jsonl"
    response = '{"status":1,"headers":{},"body":""}'
    line = f'{{"id":"a","group":"g","profile":"p","note":"\u2028","request":{{}},"response":{response}}}'
    path.write_text(line + "\n" + line, encoding="utf-8")
    assert [case.note for case in load([path])] == ["\u2028", "\u2028"]


def test_steps_have_kinds():
    assert parse_step({"sleep": 2.0}) == Sleep(seconds=2.0)
    assert parse_step({"ws_join": {"as": "a"}}) == ParticipantStep(kind="ws_join", content={"as": "a"})
    unchecked = {"request": {}, "check": False, "response": {"status": 1, "headers": {}, "body": ""}}
    assert parse_step(unchecked) == Exchange(request={})


def test_steps_are_in_order_and_labelled():
    step = {"sleep": 1}
    case = parse_case(
        {
            "id": "a",
            "group": "g",
            "profile": "p",
            "request": {},
            "response": {"status": 1, "headers": {}, "body": ""},
            "setup": [step],
            "after": [step, step],
        }
    )
    assert [label for label, _ in case.steps] == ["setup 1", "main", "after 1", "after 2"]
    assert case.sleeps
