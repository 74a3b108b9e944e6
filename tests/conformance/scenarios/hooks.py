"""The webhooks of a scenario: received, and compared with the recorded ones by what they tell and their fields.

Values that differ from run to run (sids, times, passwords) are compared by their presence.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.conformance.scenarios.deviations import EXACT, WHOLE

Body = Mapping[str, Any]

_COUNTS = {"room.numParticipants", "room.numPublishers"}


@dataclass
class Inbox:
    """A listener that keeps the bodies of each room. `async with` it; `url` is where it listens."""

    rooms: dict[str, list[Body]] = field(default_factory=lambda: defaultdict(list))
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/hook", self._hook)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _hook(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        self.rooms[body["room"]["name"]].append(body)
        return web.Response()


def told(body: Body) -> str:
    """What a webhook says, without what differs from run to run."""
    participant, track = body.get("participant", {}), body.get("track", {})
    words = [
        body["event"],
        participant.get("identity"),
        participant.get("disconnectReason"),
        track.get("name"),
        track.get("source"),
    ]
    return " ".join(word for word in words if word)


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all fields; those of a list's items are one."""
    match value:
        case dict():
            for name, item in value.items():
                yield from paths(item, f"{path}.{name}" if path else name)
        case list():
            for item in value:
                yield from paths(item, f"{path}[]")
        case _:
            yield path


def differences(recorded: Sequence[Body], got: Sequence[Body], rules: set[str]) -> list[str]:
    """Where webhooks are otherwise than recorded, one line each; rules that allow some of it are added to `rules`.

    What happened after the recording's end may follow.
    """
    wanted, have = [told(body) for body in recorded], [told(body) for body in got][: len(recorded)]
    if wanted != have:
        return [f"webhooks: expected {wanted}, got {have}"]
    found: list[str] = []
    for known, body in zip(recorded, got, strict=False):
        found += [f"{told(body)}: {each}" for each in _fields(known, body, rules)]
    return found


def _fields(recorded: Body, got: Body, rules: set[str]) -> Iterator[str]:
    missing, more = set(paths(recorded)) - set(paths(got)), set(paths(got)) - set(paths(recorded))
    counts = (missing | more) & _COUNTS
    if counts:
        rules.add(EXACT)
    said = {path for path in more if says_more(recorded) and path.startswith(("room.", "roomEndReason"))}
    if said:
        rules.add(WHOLE.name)
    if rest := sorted(missing - counts):
        yield f"without {rest}"
    if rest := sorted(more - counts - said):
        yield f"with {rest}"


def says_more(recorded: Body) -> bool:
    """Whether more of the room is told than was recorded: all of it, or why it ended."""
    return recorded["event"].startswith("track_") or recorded["event"] == "room_finished"
