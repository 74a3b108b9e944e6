"""Failures and counts in a form that people read."""

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.conformance.cases import Case, Response, waiting_for
from tests.conformance.rawhttp import Answer, Request
from tests.conformance.replayer import Mismatch, Outcome

_BODY = 600


def judge(outcome: Outcome, outcomes: list[Outcome]) -> None:
    """Add an outcome to those counted, and fail the test when something is otherwise."""
    outcomes.append(outcome)
    if outcome.mismatches:
        pytest.fail(explain(outcome), pytrace=False)


def explain(outcome: Outcome) -> str:
    """A failed case: its note, then each exchange that went wrong."""
    case = outcome.case
    return "\n".join([f"{case.name} ({case.group}): {case.note}", *map(_mismatch, outcome.mismatches)])


def _mismatch(mismatch: Mismatch) -> str:
    lines = [f"\n[{mismatch.step}] {_request(mismatch.request)}"]
    if mismatch.rule:
        lines.append(f"  by rule: {mismatch.rule.name}")
    lines += [f"  expected: {_response(mismatch.expected)}", f"  got:      {_answer(mismatch.answer)}"]
    return "\n".join([*lines, *(f"  - {difference}" for difference in mismatch.differences)])


def _request(request: Request) -> str:
    headers = "".join(f"\n    {name}: {_cut(value, 100)}" for name, value in request.headers)
    body = "" if request.body is None else f"\n    {_cut(request.body.decode('utf-8', 'replace'), _BODY)}"
    return f"{request.method} {_cut(request.path, 200)}{headers}{body}"


def _response(response: Response | None) -> str:
    return (
        "anything" if response is None else f"{response.status} {dict(response.headers)} {_cut(response.body, _BODY)}"
    )


def _answer(answer: Answer) -> str:
    return f"{answer.status} {answer.headers} {_cut(answer.body.decode('utf-8', 'replace'), _BODY)}"


def _cut(value: object, limit: int) -> str:
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def summary(outcomes: Iterable[Outcome], waiting: Iterable[Case]) -> list[str]:
    """Counts for each profile: matched, by rule, failed, waiting and for what."""
    verdicts = Counter((outcome.case.profile, _verdict(outcome)) for outcome in outcomes)
    waits = Counter((case.profile, waiting_for(case) or "") for case in waiting)
    lines: list[str] = []
    for profile in sorted({profile for profile, _ in (*verdicts, *waits)}):
        counted = ", ".join(
            f"{verdicts[profile, verdict]} {verdict}" for verdict in ("as recorded", "by rule", "failed")
        )
        kinds = sorted(kind for other, kind in waits if other == profile)
        waited = ", ".join(f"{waits[profile, kind]} for {kind}" for kind in kinds)
        lines.append(f"{profile}: {counted}; waiting: {waited or 'none'}")
    return lines


def _verdict(outcome: Outcome) -> str:
    if outcome.mismatches:
        return "failed"
    return "by rule" if outcome.rules else "as recorded"
