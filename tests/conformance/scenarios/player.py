"""Plays a scenario against a server: does what its lines and its script say, and compares what comes of it."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.clients.start import start
from tests.conformance.replayer import Target
from tests.conformance.scenarios import answers, expectation, hooks
from tests.conformance.scenarios.calls import Calls
from tests.conformance.scenarios.deviations import EXACT, FULL
from tests.conformance.scenarios.hooks import Inbox
from tests.conformance.scenarios.recording import Line, Scenario
from tests.conformance.scenarios.views import differences, lacks, sight, views
from tests.conformance.tokens import mint
from tests.rtc.guests import CommandError, Guest, Program

_PATIENCE_S = 30.0
_SETTLE_S = 0.5
"""How long nothing unexpected may come after the last expected thing."""
_POLL_S = 0.05
_STATUS = re.compile(r"\b[45]\d\d\b")
_KINDS = {1: "audio", 2: "video"}
_FULL_ROOM = ("500", "403")


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What playing a scenario gave: what is otherwise than expected, and the rules that changed what is expected."""

    scenario: Scenario
    mismatches: list[str] = field(default_factory=list[str])
    rules: set[str] = field(default_factory=set[str])


async def play(scenario: Scenario, target: Target, inbox: Inbox) -> Outcome:
    """Play one scenario; its room is deleted before and after. `inbox` gets the server's webhooks."""
    return await _Player(scenario, target, inbox).play()


class _Player:
    """A scenario on its way."""

    def __init__(self, scenario: Scenario, target: Target, inbox: Inbox) -> None:
        self._scenario, self._target = scenario, target
        self._hooks = inbox.rooms[scenario.room]
        self._calls = Calls(target, scenario.room)
        self._outcome = Outcome(scenario=scenario)
        self._guests: dict[str, Guest] = {}
        self._present: dict[str, Guest] = {}
        self._facts: dict[str, Any] = {}
        self._programs: dict[str, Program] = {}
        self._sids: dict[str, str] = {}
        self._note = ""
        self._expected = expectation.expected(scenario, self._outcome.rules)

    async def play(self) -> Outcome:
        await self._calls.delete_room()
        try:
            for line in self._scenario.lines:
                await self._line(line)
            await self._caught_up(float("inf"))
            await asyncio.sleep(_SETTLE_S)
            self._compare()
            await self._compare_hooks()
        finally:
            for who in list(self._present):
                await self._leave(who)
            for program in self._programs.values():
                await program.stop()
            await self._calls.delete_room()
        return self._outcome

    async def _line(self, line: Line) -> None:
        if line.kind == "note":
            await self._at_note(line)
        elif line.kind == "api":
            await self._caught_up(line.began)
            await self._call(line)
        elif line.kind in {"state", "sample"}:
            await self._look(line)
        elif line.tells("local_track_published"):
            await self._caught_up(line.began)
            await self._publish(line)
        elif line.tells("<connect returned>"):
            self._returned(line)
        elif who := line.tells("<connect failed>"):
            self._failed(who, line.content["args"][0])

    async def _at_note(self, line: Line) -> None:
        await self._caught_up(line.began)
        if line.joins:
            await self._join(*line.joins)
        elif line.leaves:
            await self._leave(line.leaves)
        else:
            self._note = line.content["text"]
            await self._do(self._scenario.part("notes").get(self._note, ()))

    async def _do(self, actions: Any) -> None:
        for who, command, arguments in actions:
            if command in _OWN_COMMANDS:
                await _OWN_COMMANDS[command](self, who, **arguments)
                continue
            try:
                await self._present[who].do(command, **arguments)
            except CommandError as error:
                self._outcome.mismatches += [] if command == "publish" else [f"{who}, {command}: {error}"]

    # Coming and going

    async def _join(self, who: str, identity: str) -> None:
        assert self._target.clients is not None, "scenarios need clients"
        await self._enter(who, identity, self._target.clients)

    async def _enter(self, who: str, identity: str, program: Program) -> None:
        guest = self._guests[who] = program.guest(identity)
        options = self._scenario.part("options").get(who, {})
        url = f"ws://{self._target.host}:{self._target.port}"
        try:
            self._facts[who] = await guest.do("connect", url=url, token=self._token(who, identity), **options)
        except CommandError as error:
            self._facts[who] = str(error)
            return
        self._present[who] = guest
        await self._do(self._scenario.part("joined").get(who, ()))

    def _token(self, who: str, identity: str) -> str:
        odd = dict(self._scenario.part("at_note").get(self._note, {}))
        known = self._scenario.part("tokens").get(who, {})
        video = {"roomJoin": True, "room": self._scenario.room, **known.get("video", {}), **odd.pop("video", {})}
        grants = {"video": video, **known.get("claims", {})}
        identity = known.get("identity", identity)
        return mint({"identity": identity, "grants": grants, **odd}, self._target.credentials)

    def _returned(self, line: Line) -> None:
        who = line.content["who"]
        facts = self._facts[who]
        if isinstance(facts, str):
            self._outcome.mismatches.append(f"{who} should be let in, but: {facts}")
            return
        me, room = line.content["args"]
        self._sids |= {me["sid"]: facts["me"]["sid"], room["room_sid"]: facts["room"]["room_sid"]}
        for recorded, got in ((me, facts["me"]), (room, facts["room"])):
            wanted = answers.todays(recorded, self._sids)
            self._outcome.mismatches += [f"{who} is let in: {each}" for each in answers.answer_differences(wanted, got)]

    def _failed(self, who: str, recorded: str) -> None:
        facts = self._facts[who]
        got = _STATUS.search(facts) if isinstance(facts, str) else None
        wanted = _STATUS.search(recorded)
        statuses = (wanted and wanted[0], got and got[0])
        if statuses == _FULL_ROOM:
            self._outcome.rules.add(FULL)
        elif statuses[0] != statuses[1]:
            self._outcome.mismatches.append(f"{who} should be refused with {recorded}, but: {facts}")

    async def _leave(self, who: str) -> None:
        await self._present.pop(who).do("disconnect")

    async def _kill(self, who: str) -> None:
        self._programs[who] = program = await start()
        await self._enter(who, who, program)
        await asyncio.sleep(_SETTLE_S)
        del self._present[who]
        program.kill()

    async def _gone(self, who: str, within: float) -> None:
        look = self._calls.rooms if who == "room" else self._calls.participants
        deadline = time.monotonic() + within
        while any(who in {"room", each.get("identity")} for each in await look()):
            if time.monotonic() > deadline:
                self._outcome.mismatches.append(f"{who} is still there after {within} s")
                return
            await asyncio.sleep(_POLL_S)

    async def _appears(self, sid: str) -> None:
        """Wait until the API shows a track: SDKs call it published before the server has its media."""
        deadline = time.monotonic() + _PATIENCE_S
        while not any(track["sid"] == sid for each in await self._calls.participants() for track in each["tracks"]):
            if time.monotonic() > deadline:
                self._outcome.mismatches.append(f"track {sid} does not appear")
                return
            await asyncio.sleep(_POLL_S)

    # What is asked and seen

    async def _publish(self, line: Line) -> None:
        who, publication = line.content["who"], line.content["args"][0]
        kind = _KINDS[publication["kind"]]
        sid = await self._present[who].do("publish", name=publication["name"], kind=kind)
        self._sids[publication["publication"]] = sid
        await self._appears(sid)
        await self._do(self._scenario.part("published").get(publication["name"], ()))

    async def _call(self, line: Line) -> None:
        recorded = answers.todays(line.content, self._sids)
        message = answers.request(recorded["request"], self._note, time.time())
        status, got = await self._calls.call(recorded["method"], message)
        found = answers.answer_differences(recorded["response"], got)
        if isinstance(got, dict) and "sid" in got and recorded["method"].endswith("CreateRoom"):
            self._sids[line.content["response"]["sid"]] = got["sid"]
            found = answers.answer_differences(answers.todays(line.content["response"], self._sids), got)
        if status != recorded["status"]:
            found.append(f"expected status {recorded['status']}, got {status}")
        self._outcome.mismatches += [f"{recorded['method']} at {line.t}: {each}" for each in found]

    async def _look(self, line: Line) -> None:
        exact = answers.with_exact_counts(line.content, self._uncounted)
        if exact != line.content["rooms"]:
            self._outcome.rules.add(EXACT)
        wanted = {"rooms": exact, "participants": line.content.get("participants")}
        deadline = time.monotonic() + _PATIENCE_S
        while (got := await self._state(line.content)) != wanted:
            if time.monotonic() > deadline:
                self._outcome.mismatches.append(f"state at {line.t}: expected {wanted}, got {got}")
                return
            await asyncio.sleep(_POLL_S)

    async def _state(self, recorded: Mapping[str, Any]) -> dict[str, Any]:
        rooms = [{name: room[name] for name in _ROOM if _wanted(name, recorded)} for room in await self._calls.rooms()]
        if "participants" not in recorded:
            return {"rooms": rooms, "participants": None}
        people = sorted(await self._calls.participants(), key=lambda each: each["identity"])
        return {"rooms": rooms, "participants": [_person(each) for each in people]}

    @property
    def _uncounted(self) -> set[str]:
        tokens = self._scenario.part("tokens").items()
        return {who for who, token in tokens if {"agent", "recorder"} & token.get("video", {}).keys()}

    async def _caught_up(self, until: float) -> None:
        """Wait until everybody saw what was due before that moment; what does not come shows at the end."""
        expected = views(self._expected, until)
        for _ in range(int(_PATIENCE_S / _POLL_S)):
            if not lacks(expected, self._seen()):
                return
            await asyncio.sleep(_POLL_S)

    def _seen(self) -> dict[tuple[str, str], list[str]]:
        watched = self._guests.keys() - self._scenario.part("elsewhere").keys()
        seen = [
            sight(who, event["event"], event["args"]) for who in sorted(watched) for event in self._guests[who].events
        ]
        return views(each for each in seen if each is not None)

    def _compare(self) -> None:
        self._outcome.mismatches += differences(views(self._expected), self._seen())

    async def _compare_hooks(self) -> None:
        for _ in range(int(_PATIENCE_S / _POLL_S)):
            if len(self._hooks) >= len(self._scenario.hooks):
                break
            await asyncio.sleep(_POLL_S)
        self._outcome.mismatches += hooks.differences(self._scenario.hooks, self._hooks, self._outcome.rules)


_OWN_COMMANDS: Mapping[str, Callable[..., Awaitable[None]]] = {
    "gone": _Player._gone,
    "kill": _Player._kill,
}
_ROOM = ("num_participants", "num_publishers", "active_recording", "metadata")


def _wanted(name: str, recorded: Mapping[str, Any]) -> bool:
    return not recorded["rooms"] or name in recorded["rooms"][0]


def _person(participant: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: participant[name] for name in ("identity", "state", "is_publisher")}
    return {**shown, "tracks": len(participant["tracks"]), "hidden": participant["permission"]["hidden"]}
