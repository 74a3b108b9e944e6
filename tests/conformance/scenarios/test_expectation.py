"""What scenarios are compared with: recordings, in views, by few rules."""

import pytest

from tests.conformance.deviations import RULES
from tests.conformance.scenarios.deviations import EVENT_RULES, SHARED, WHOLE
from tests.conformance.scenarios.expectation import expected, recorded, stays
from tests.conformance.scenarios.hooks import differences as differing_hooks
from tests.conformance.scenarios.hooks import says_more
from tests.conformance.scenarios.recording import load
from tests.conformance.scenarios.views import Sight, differences, lacks, sight, views

SCENARIOS = {scenario.name: scenario for scenario in load()}
ALICE = {"participant": "alice", "sid": "PA_1", "name": "", "metadata": "", "attributes": {}, "kind": 0}
ALICE |= {"disconnect_reason": None}
MIC = {"publication": "TR_1", "name": "mic", "kind": 1, "source": 2, "muted": False}


def used(name: str) -> set[str]:
    rules: set[str] = set()
    expected(SCENARIOS[name], rules)
    return rules | {WHOLE.name for body in SCENARIOS[name].hooks if says_more(body)}


def test_there_are_at_most_fifteen_rules_with_those_of_answers():
    assert {*SHARED} <= {rule.name for rule in RULES}
    assert len({rule.name for rule in (*RULES, *EVENT_RULES)}) == len(RULES) + len(EVENT_RULES) <= 15


@pytest.mark.parametrize("rule", EVENT_RULES, ids=lambda rule: rule.name)
def test_every_rule_is_used_but_not_everywhere(rule):
    uses = [name for name in SCENARIOS if rule.name in used(name)]
    assert rule.reason
    assert 0 < len(uses) < len(SCENARIOS)


@pytest.mark.parametrize("name", ["tracks", "participant_updates", "delete_room", "send_data", "recorder"])
def test_most_of_what_is_expected_was_recorded(name):
    before, after = views(recorded(SCENARIOS[name])), views(expected(SCENARIOS[name], set()))
    same = sum(before.get(key) == texts for key, texts in after.items())
    assert same > 0.7 * len(after)


def test_stays_are_what_the_recorder_did():
    found = {(stay.who, stay.identity, stay.reason) for stay in stays(SCENARIOS["duplicate_identity"])}
    assert found == {("watcher", "watcher", 0), ("first", "dup", 2), ("second", "dup", 2), ("third", "dup", 0)}


def test_who_is_replaced_goes_before_they_come_again_and_with_a_reason():
    seen = views(expected(SCENARIOS["duplicate_identity"], set()))["watcher", "dup"]
    once = ["participant_connected dup", "participant_active dup"]
    assert seen == [
        *once,
        "participant_disconnected dup reason=2",
        *once,
        "participant_disconnected dup reason=2",
        *once,
    ]


def test_the_hidden_are_not_seen():
    seen = views(expected(SCENARIOS["hidden_participant"], set()))
    assert not any(subject in {"ghost", "ghost2"} for who, subject in seen if who in {"alice", "bob"})


@pytest.mark.parametrize(
    ("event", "arguments", "subject", "text"),
    [
        ("participant_connected", [ALICE], "alice", "participant_connected alice"),
        (
            "track_muted",
            [ALICE, MIC | {"muted": True}],
            "alice track mic",
            "track_muted alice mic kind=1 source=2 muted",
        ),
        ("local_track_subscribed", [{"track": "TR_1", "name": "mic"}], "track mic", "local_track_subscribed"),
        ("participant_name_changed", [ALICE, "a", "b"], "alice", "participant_name_changed alice {'now': 'b'}"),
        ("room_metadata_changed", ["a", "b"], "room", "room_metadata_changed a b"),
        ("disconnected", [2], "self", "disconnected 2"),
    ],
)
def test_an_event_becomes_a_sight(event, arguments, subject, text):
    assert sight("bob", event, arguments) == Sight("bob", subject, text)


@pytest.mark.parametrize(
    ("event", "arguments"), [("connection_quality_changed", []), ("room_updated", []), ("disconnected", [1])]
)
def test_what_depends_on_times_is_not_compared(event, arguments):
    assert sight("bob", event, arguments) is None


def test_missing_additional_and_wrongly_ordered_events_are_differences():
    one, two = Sight("bob", "alice", "one"), Sight("bob", "alice", "two")
    expected_views = views([one, two])
    assert differences(expected_views, views([one, two])) == []
    for seen in ([one], [one, two, two], [two, one], [one, two, Sight("bob", "room", "three")]):
        assert len(differences(expected_views, views(seen))) == 1
    assert lacks(expected_views, views([one]))
    assert not lacks(expected_views, views([one, two]))


def test_a_webhook_that_is_missing_late_or_lacks_a_field_is_a_difference():
    hooks = SCENARIOS["tracks"].hooks
    assert differing_hooks(hooks, hooks, set()) == []
    assert differing_hooks(hooks, hooks[1:], set())
    assert differing_hooks(hooks, [hooks[1], hooks[0], *hooks[2:]], set())
    thinner = {name: value for name, value in hooks[0].items() if name != "createdAt"}
    assert differing_hooks(hooks, [thinner, *hooks[1:]], set()) == ["room_started: without ['createdAt']"]
    assert differing_hooks(hooks, [{**hooks[0], "track": {"sid": "TR_1"}}, *hooks[1:]], set())
