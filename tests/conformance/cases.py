"""Recorded cases as data: their shape, reading them, and which of them wait for parts the server does not have yet.

`recordings/README.md` describes the files. Nothing here talks to a server.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parent / "recordings" / "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An expected answer: `body` in one of the recorded forms, perhaps with placeholders; headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any
    compact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and what is expected of its answer; `response` is None where the answer does not matter.

    `before` are the steps that prepared it, for the exchange that a case is about.
    """

    request: Mapping[str, Any]
    response: Response | None = None
    alternates: tuple[Response, ...] = ()
    capture: Mapping[str, str] = field(default_factory=dict[str, str])
    differs: tuple[tuple[str, str], ...] = ()
    eventually_s: float = 0.0
    before: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """A pause, in seconds, that lets a time-out of the server pass."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantStep:
    """What a participant does or sees: `kind` is the recorded key, such as `ws_join`, `content` what is under it."""

    kind: str
    content: Any = None


Step = Exchange | Sleep | ParticipantStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One recorded case; `main` is the exchange it is about, `stored` the egresses that the server knows before."""

    id: str
    group: str
    profile: str
    note: str
    needs: str
    rooms: tuple[str, ...]
    delete_all_rooms: bool
    setup: tuple[Step, ...]
    main: Exchange
    after: tuple[Step, ...]
    cleanup: tuple[Mapping[str, Any], ...]
    stored: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The case's id with its profile, which together are unique."""
        return f"{self.profile}-{self.id}"

    @property
    def steps(self) -> tuple[tuple[str, Step], ...]:
        """Every step in order, with a label for messages."""
        setup = [(f"setup {number}", step) for number, step in enumerate(self.setup, 1)]
        after = [(f"after {number}", step) for number, step in enumerate(self.after, 1)]
        return (*setup, ("main", self.main), *after)

    @property
    def has_clients(self) -> bool:
        """Whether participants with media take part, who need an SDK and a network of their own."""
        return self.needs == "rtc"

    @property
    def sleeps(self) -> bool:
        """Whether a step lets time pass, so that it pays to run such cases side by side."""
        return any(isinstance(step, Sleep) for _, step in self.steps)


def waiting_for(case: Case) -> str | None:
    """What the case waits for, or None when it can be replayed today."""
    upgrades = [step for _, step in case.steps if isinstance(step, Exchange) and "Upgrade" in _headers(step)]
    return "agents" if any(step.request["path"].startswith("/agent") for step in upgrades) else None


def _headers(exchange: Exchange) -> Mapping[str, Any]:
    return exchange.request.get("headers") or {}


def load(files: Iterable[Path] | None = None) -> list[Case]:
    """Every case of the given recordings, of all of the project's by default."""
    chosen = sorted(RECORDINGS.glob("*.jsonl")) if files is None else files
    return [case for path in chosen for case in read(path)]


def read(path: Path) -> Iterator[Case]:
    """The cases of one file."""
    for line in path.read_text(encoding="utf-8").split("\n"):  # splitlines would cut at U+2028
        if line:
            yield parse_case(json.loads(line))


def parse_case(recorded: Mapping[str, Any]) -> Case:
    """A recorded case in its typed form."""
    setup = tuple(parse_step(step) for step in recorded.get("setup", ()))
    return Case(
        id=recorded["id"],
        group=recorded["group"],
        profile=recorded["profile"],
        note=recorded.get("note", ""),
        needs=recorded.get("needs") or "",
        stored=tuple(recorded["seed"]["egress"]) if "seed" in recorded else (),
        rooms=tuple(recorded.get("rooms", ())),
        delete_all_rooms=recorded.get("pre") == "delete_all_rooms",
        setup=setup,
        main=replace(_exchange(recorded), before=setup),
        after=tuple(parse_step(step) for step in recorded.get("after", ())),
        cleanup=tuple(recorded.get("cleanup", ())),
    )


def parse_step(recorded: Mapping[str, Any]) -> Step:
    """A step in its typed form."""
    if "request" in recorded:
        return _exchange(recorded)
    if "sleep" in recorded:
        return Sleep(seconds=recorded["sleep"])
    kind = next(iter(recorded))
    return ParticipantStep(kind=kind, content=recorded[kind])


def _exchange(recorded: Mapping[str, Any]) -> Exchange:
    compared = "response" in recorded and recorded.get("check", True)
    return Exchange(
        request=recorded["request"],
        response=_response(recorded["response"]) if compared else None,
        alternates=tuple(_response(alternate) for alternate in recorded.get("alternates", ())),
        capture=recorded.get("capture", {}),
        differs=tuple((name, path) for name, path in recorded.get("differs", ())),
        eventually_s=recorded.get("eventually_s", 0.0),
    )


def _response(recorded: Mapping[str, Any]) -> Response:
    return Response(
        status=recorded["status"],
        headers=recorded["headers"],
        body=recorded["body"],
        compact=bool(recorded.get("compact")),
    )
