"""What a scenario's participants should see: what was recorded, changed by the rules about events.

`deviations.py` beside this gives the reasons.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from tests.conformance.scenarios.deviations import AT_ONCE, REFRESHED, UNSEEN
from tests.conformance.scenarios.recording import Line, Scenario
from tests.conformance.scenarios.views import CLIENT_LEFT, ROOM_DELETED, Sight, sight, views

_TOGETHER_S = 0.3
"""What one request leads to was recorded within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """When somebody was in the room; `reason` is why they went, as SDKs number it."""

    who: str
    identity: str
    kind: int
    hidden: bool
    came: float
    went: float = float("inf")
    reason: int = 0


def recorded(scenario: Scenario) -> list[Sight]:
    """What was seen, as recorded."""
    rtc = [line for line in scenario.lines if line.kind == "rtc"]
    found = [sight(line.content["who"], line.content["event"], line.content["args"], line.t) for line in rtc]
    return [each for each in found if each is not None]


def expected(scenario: Scenario, rules: set[str]) -> list[Sight]:
    """The same by the rules, of which those that change something are added to `rules`."""
    sights = recorded(scenario)
    for rule, change in _CHANGES.items():
        changed = sorted(change(scenario, sights), key=lambda each: each.t)
        if views(changed) != views(sights):
            rules.add(rule)
        sights = changed
    return sights


def _punctual(scenario: Scenario, sights: list[Sight]) -> list[Sight]:
    return [*(each for each in sights if not each.is_presence), *_presence(stays(scenario))]


def _of_the_visible(scenario: Scenario, sights: list[Sight]) -> list[Sight]:
    return [each for each in sights if not _tells_of_a_hidden_track(scenario, each)]


def _refreshed_once(scenario: Scenario, sights: list[Sight]) -> list[Sight]:
    """One of the tokens that came together, and only where something changed, or somebody joined."""
    kept: list[Sight] = []
    identities = {stay.who: stay.identity for stay in stays(scenario)}
    for each in sights:
        near = [other for other in sights if other.who == each.who and abs(other.t - each.t) < _TOGETHER_S]
        about = {other.subject for other in near}
        repeated = any(other.subject == "token" for other in near if other in kept)
        if each.subject != "token" or (about & {identities[each.who], "self"} and not repeated):
            kept.append(each)
    return kept


def _tells_of_a_hidden_track(scenario: Scenario, each: Sight) -> bool:
    """That somebody subscribed: the reference says so, although its clients do not show what they were sent."""
    hidden = scenario.part("tokens").get(each.who, {}).get("video", {}).get("hidden", False)
    return hidden and each.text == "local_track_subscribed"


def stays(scenario: Scenario) -> list[Stay]:
    """Who was in the room and when, by what the recorder did."""
    found = {
        who: Stay(who=who, identity=who, kind=0, hidden=False, came=was["came"], went=was["went"], reason=was["reason"])
        for who, was in scenario.part("elsewhere").items()
    }
    past: list[Stay] = []
    for line in scenario.lines:
        if who := line.tells("<connect returned>"):
            past += [found.pop(who)] if who in found else []
            found[who] = _arrived(scenario, who, line)
        elif who := line.leaves:
            found[who] = replace(found[who], went=line.t, reason=CLIENT_LEFT)
        elif (who := line.tells("disconnected")) and found[who].went > line.t:
            found[who] = replace(found[who], went=line.t, reason=line.content["args"][0])
    return [*past, *found.values()]


def _arrived(scenario: Scenario, who: str, line: Line) -> Stay:
    me = line.content["args"][0]
    grants = scenario.part("tokens").get(who, {}).get("video", {})
    return Stay(who=who, identity=me["participant"], kind=me["kind"], hidden=grants.get("hidden", False), came=line.t)


def _presence(all_stays: list[Stay]) -> Iterator[Sight]:
    for who in (stay for stay in all_stays if not stay.hidden):
        for seer in (stay for stay in all_stays if stay.identity != who.identity):
            yield from _seen(seer, who)


def _seen(seer: Stay, who: Stay) -> Iterator[Sight]:
    name = f"{who.identity} kind={who.kind}" if who.kind else who.identity
    if seer.came < who.came < seer.went:
        yield Sight(seer.who, who.identity, f"participant_connected {name}", who.came)
        yield Sight(seer.who, who.identity, f"participant_active {name}", who.came)
    if seer.came < who.went < seer.went and who.reason != ROOM_DELETED:
        yield Sight(seer.who, who.identity, f"participant_disconnected {name} reason={who.reason}", who.went)


_CHANGES: Mapping[str, Callable[[Scenario, list[Sight]], list[Sight]]] = {
    AT_ONCE.name: _punctual,
    UNSEEN.name: _of_the_visible,
    REFRESHED.name: _refreshed_once,
}
