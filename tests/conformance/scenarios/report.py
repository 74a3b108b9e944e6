"""The counts of scenarios."""

from collections.abc import Sequence

from tests.conformance.scenarios.player import Outcome


def summary(outcomes: Sequence[Outcome]) -> list[str]:
    """How many were as recorded, and by which rules."""
    failed = [outcome for outcome in outcomes if outcome.mismatches]
    ruled = [outcome for outcome in outcomes if outcome.rules and not outcome.mismatches]
    same = len(outcomes) - len(failed) - len(ruled)
    hooks = sum(len(outcome.scenario.hooks) for outcome in outcomes)
    return [
        f"scenarios: {same} as recorded, {len(ruled)} by rule, {len(failed)} failed; {hooks} webhooks",
        *(f"  {outcome.scenario.name}: {', '.join(sorted(outcome.rules))}" for outcome in ruled),
    ]
