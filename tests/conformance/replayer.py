"""Replays cases against a server: sends the requests, compares the answers with the recorded ones or by a rule."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conformance import rawhttp
from tests.conformance.cases import Case, Exchange, ParticipantStep, Response, Sleep, Step
from tests.conformance.compare import json_body, mismatches
from tests.conformance.deviations import Rule, rule_for
from tests.conformance.matching import find
from tests.conformance.participants import Participant, StepFailedError
from tests.conformance.rawhttp import Answer
from tests.conformance.requests import build, fill_deep
from tests.conformance.tokens import Credentials, mint
from tests.rtc.guests import CommandError, Guest, Program

_LONGEST_SLEEP = 2.5  # recorded pauses are longer for the reference's sake; the time-outs they wait for are one second
_POLL_INTERVAL = 0.05
_PATIENCE = 30.0
_SLOWER = 6  # this machine may be so many times slower than the recorder's
_SETTLE = 0.6  # what the recorder waited after a join that does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The server under test, and the program in which participants with media live: only their cases need it."""

    host: str
    port: int
    credentials: Credentials = field(default_factory=Credentials)
    clients: Program | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """An exchange that went wrong: the step's label, what was sent, expected and received, and the differences."""

    step: str
    request: rawhttp.Request
    expected: Response | None
    answer: Answer
    differences: tuple[str, ...]
    rule: Rule | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What replaying a case gave. `rules` are those used instead of recorded answers."""

    case: Case
    mismatches: list[Mismatch] = field(default_factory=list[Mismatch])
    rules: list[Rule] = field(default_factory=list[Rule])

    def __repr__(self) -> str:
        verdict = f"{len(self.mismatches)} mismatches" if self.mismatches else "matches"
        return f"<Outcome {self.case.name}: {verdict}, {len(self.rules)} rules>"


async def replay(case: Case, target: Target) -> Outcome:
    """Replay one case; rooms that it uses are deleted before and after."""
    return await _Replay(case, target).run()


class _Replay:
    """One case on its way: the values captured so far, and the outcome."""

    def __init__(self, case: Case, target: Target) -> None:
        self._case = case
        self._target = target
        self._variables: dict[str, Any] = {}
        self._participants: dict[str, Participant] = {}
        self._guests: dict[str, Guest] = {}
        self._outcome = Outcome(case=case)

    async def run(self) -> Outcome:
        rooms = await self._all_rooms() if self._case.delete_all_rooms else self._case.rooms
        await self._delete_rooms(rooms)
        try:
            for label, step in self._case.steps:
                await self._step(label, step)
        finally:
            for participant in self._participants.values():
                await participant.close()
            for name in list(self._guests):
                await self._leave(name)
        for request in self._case.cleanup:
            await self._send(request)
        await self._delete_rooms(self._case.rooms)
        return self._outcome

    async def _step(self, label: str, step: Step) -> None:
        match step:
            case Sleep(seconds=seconds):
                await asyncio.sleep(min(seconds, _LONGEST_SLEEP))
            case Exchange():
                await self._exchange(label, step)
            case ParticipantStep():
                await self._participate(label, step)

    async def _participate(self, label: str, step: ParticipantStep) -> None:
        content = fill_deep(step.content, self._variables)
        try:
            await _PARTICIPANT_STEPS[step.kind](self, content)
        except (StepFailedError, CommandError) as failure:
            request = rawhttp.Request(method=step.kind, path=str(content))
            self._outcome.mismatches.append(
                Mismatch(
                    step=label, request=request, expected=None, answer=Answer(status=0), differences=(str(failure),)
                )
            )

    async def _ws_join(self, step: Mapping[str, Any]) -> None:
        target = self._target
        token = mint(step["token"], target.credentials)
        try:
            participant, bound = await Participant.join(f"http://{target.host}:{target.port}", token, step)
        except StepFailedError:
            if not step.get("may_fail"):
                raise
            return
        self._participants[step["as"]] = participant
        self._variables.update(bound)

    async def _ws_send(self, step: Mapping[str, Any]) -> None:
        await self._participants[step["as"]].send(step["message"])

    async def _ws_expect(self, step: Mapping[str, Any]) -> None:
        participant = self._participants[step["as"]]
        if step.get("absent"):
            await participant.expect_not(step["type"], step["match"], step["within_s"])
        else:
            await participant.expect(step["type"], step["match"], step["within_s"] * _SLOWER)

    async def _ws_closed(self, step: Mapping[str, Any]) -> None:
        await self._participants[step["as"]].expect_closed(step.get("code"), step["within_s"] * _SLOWER)

    async def _ws_close(self, name: str) -> None:
        await self._participants.pop(name).close()

    async def _join(self, step: Mapping[str, Any]) -> None:
        target = self._target
        assert target.clients is not None, "the case needs clients"
        name = step["as"]
        guest = target.clients.guest(step["token"]["identity"])
        token = mint(step["token"], target.credentials)
        subscribes = step.get("auto_subscribe", True)
        try:
            url = f"ws://{target.host}:{target.port}"
            facts = await guest.do("connect", url=url, token=token, auto_subscribe=subscribes)
        except CommandError:
            if not step.get("may_fail"):
                raise
            return
        self._guests[name] = guest
        self._variables[f"{name}_sid"] = facts["me"]["sid"]
        for method, content in (step.get("rpc") or {}).items():
            await guest.do("answer", method=method, content=content)
        tracks = {track["name"]: await guest.do("publish", **track) for track in step.get("publish") or ()}
        self._variables.update({f"{name}_{track}": sid for track, sid in tracks.items()})
        await self._until_there(facts["room"]["room_name"], facts["me"]["sid"], set(tracks.values()))
        await asyncio.sleep(step.get("settle", _SETTLE))

    async def _until_there(self, room: str, sid: str, tracks: set[str]) -> None:
        """Wait until the API shows somebody with these tracks: SDKs call them published before there is media."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            answer = await self._call("ListParticipants", {"room": room}, roomAdmin=True, room=room)
            for each in _find(answer, "$.participants") or ():
                published = {track["sid"] for track in each.get("tracks", ())}
                if each["sid"] == sid and each.get("state") == "ACTIVE" and tracks <= published:
                    return
            await asyncio.sleep(_POLL_INTERVAL)

    async def _leave(self, name: str) -> None:
        await self._guests.pop(name).do("disconnect")

    async def _exchange(self, label: str, exchange: Exchange) -> None:
        rule = None if exchange.response is None else rule_for(exchange)
        if rule is not None:
            self._outcome.rules.append(rule)
        expected = self._expected(label, exchange, rule)
        deadline = time.monotonic() + exchange.eventually_s * _SLOWER
        while True:
            request, answer = await self._send(exchange.request)
            found = self._differences(exchange, expected, rule, answer)
            if not found or time.monotonic() >= deadline:
                break
            await asyncio.sleep(_POLL_INTERVAL)
        if found:
            mismatch = Mismatch(
                step=label, request=request, expected=expected, answer=answer, differences=tuple(found), rule=rule
            )
            self._outcome.mismatches.append(mismatch)
        self._capture(exchange, answer)

    def _expected(self, label: str, exchange: Exchange, rule: Rule | None) -> Response | None:
        if rule is not None:
            return rule.instead(exchange)
        expected = exchange.response
        if expected is not None and label.startswith("after"):
            for earlier in self._outcome.rules:
                expected = earlier.afterwards(expected) if earlier.afterwards else expected
        return expected

    def _differences(
        self, exchange: Exchange, expected: Response | None, rule: Rule | None, answer: Answer
    ) -> list[str]:
        if expected is None:
            return []
        found = mismatches(expected, answer, self._variables)
        if rule is not None:
            return [*found, *self._needless(rule, exchange, answer)]
        if any(not mismatches(alternate, answer, self._variables) for alternate in exchange.alternates):
            return []
        return [*found, *self._unchanged(exchange, answer)]

    def _needless(self, rule: Rule, exchange: Exchange, answer: Answer) -> list[str]:
        recorded = exchange.response
        if recorded is None or mismatches(recorded, answer, self._variables):
            return []
        return [f"the answer is the recorded one: the rule “{rule.name}” is not needed here"]

    def _unchanged(self, exchange: Exchange, answer: Answer) -> list[str]:
        return [
            f"{path}: must differ from {name}, {self._variables[name]}"
            for name, path in exchange.differs
            if name in self._variables and _find(answer, path) == self._variables[name]
        ]

    def _capture(self, exchange: Exchange, answer: Answer) -> None:
        # What cannot be captured stays unknown; whatever is compared with it later then fails by name.
        for name, path in exchange.capture.items():
            value = _find(answer, path)
            if value is not None:
                self._variables[name] = value

    async def _send(self, recorded: Mapping[str, Any]) -> tuple[rawhttp.Request, Answer]:
        request = build(recorded, self._variables, self._target.credentials)
        try:
            return request, await rawhttp.send(self._target.host, self._target.port, request)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, rawhttp.BadAnswerError) as exc:
            return request, Answer(status=0, body=f"no answer: {exc!r}".encode())

    async def _call(self, method: str, message: Mapping[str, Any], **grants: Any) -> Answer:
        token = {"identity": "cleaner", "grants": {"video": {"roomCreate": True, "roomList": True, **grants}}}
        _, answer = await self._send(
            {
                "method": "POST",
                "path": f"/twirp/livekit.RoomService/{method}",
                "headers": {"Authorization": {"token": token}, "Content-Type": "application/json"},
                "body": json.dumps(message),
            }
        )
        return answer

    async def _all_rooms(self) -> tuple[str, ...]:
        answer = await self._call("ListRooms", {})
        return tuple(room["name"] for room in _find(answer, "$.rooms") or ())

    async def _delete_rooms(self, names: tuple[str, ...]) -> None:
        for name in names:
            await self._call("DeleteRoom", {"room": name})


_PARTICIPANT_STEPS: Mapping[str, Callable[[_Replay, Any], Awaitable[None]]] = {
    "join": _Replay._join,
    "leave": _Replay._leave,
    "ws_join": _Replay._ws_join,
    "ws_send": _Replay._ws_send,
    "ws_expect": _Replay._ws_expect,
    "ws_closed": _Replay._ws_closed,
    "ws_close": _Replay._ws_close,
}


def _find(answer: Answer, path: str) -> Any:
    """The value at a path of a JSON answer; None when there is none."""
    try:
        return find(json_body(answer), path)
    except (ValueError, LookupError, TypeError):
        return None
