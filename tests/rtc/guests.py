"""Participants driven in official SDKs, each family in a program of its own; the README describes the protocol."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

COMMAND_S = 60.0
"""Longer than any SDK's own time-outs: those are what a test wants to see."""
PATIENCE_S = 30.0
"""How long something may take that should happen soon."""

SILENCE = {"frames": 0, "rms": 0.0, "hz": 0.0}


class CommandError(Exception):
    """What a guest's SDK said when a command failed."""


class Program:
    """A client program, in which any number of guests live."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._guests: dict[str, Guest] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, command: Sequence[str], folder: os.PathLike[str]) -> Self:
        """Start it and wait until it takes commands."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdin=pipe, stdout=pipe, limit=1 << 24)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line == b'{"ready":true}\n', f"{command} did not start: {line!r}"
        return cls(process)

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 30)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._reader.cancel()

    def kill(self) -> None:
        """End it at once, so that its guests vanish without a word; `stop` is still to be called."""
        self._process.kill()

    def guest(self, identity: str) -> "Guest":
        """A new guest, who has not connected yet."""
        guest = Guest(self, identity, key=f"{identity}-{len(self._guests)}")
        self._guests[guest.key] = guest
        return guest

    async def command(self, who: str, do: str, arguments: Mapping[str, Any]) -> Any:
        """Carry out a command. Raises CommandError."""
        assert self._process.stdin is not None
        number = time.monotonic_ns()
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": number, "who": who, "do": do, **arguments})
        self._process.stdin.write(line.encode() + b"\n")
        try:
            async with asyncio.timeout(COMMAND_S):
                return await answer
        except TimeoutError:
            raise CommandError(f"{who} heard nothing of {do} within {COMMAND_S:.0f} s") from None
        finally:
            del self._answers[number]

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if line.startswith(b"{"):  # SDKs log to standard output, too, some of them in JSON
                self._take(json.loads(line))
        for answer in self._answers.values():
            answer.set_exception(CommandError("the program ended"))

    def _take(self, message: dict[str, Any]) -> None:
        if "event" in message and "who" in message:
            self._guests[message.pop("who")].events.append(message)
        elif (answer := self._answers.get(message.get("id", 0))) is not None and not answer.done():
            if "error" in message:
                answer.set_exception(CommandError(message["error"]))
            else:
                answer.set_result(message.get("result"))


def matches(record: Mapping[str, Any] | None, expected: Mapping[str, Any]) -> bool:
    return record is not None and all(record.get(name) == value for name, value in expected.items())


@dataclass(eq=False)
class Guest:
    """One participant, and what its SDK told about the room."""

    program: Program
    identity: str
    key: str
    events: list[dict[str, Any]] = field(default_factory=list)

    async def do(self, command: str, **arguments: Any) -> Any:
        """A command of the protocol. Raises CommandError."""
        return await self.program.command(self.key, command, arguments)

    async def state(self) -> dict[str, Any]:
        return await self.do("state")

    async def event(self, kind: str, /, within: float = PATIENCE_S, **expected: Any) -> dict[str, Any]:
        """The first event like this that was not asked for before."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for event in self.events:
                if event["event"] == kind and matches(event, expected):
                    self.events.remove(event)
                    return event
            await asyncio.sleep(0.02)
        raise AssertionError(f"{self.identity} got no {kind} {expected} within {within} s, but {self.events}")

    async def until(self, look: Callable[[dict[str, Any]], Any], within: float = PATIENCE_S) -> Any:
        """What `look` finds in the state, as soon as it finds something."""
        deadline = time.monotonic() + within
        while True:
            state = await self.state()
            found = look(state)
            if found:
                return found
            assert time.monotonic() < deadline, f"{self.identity} sees, after {within} s: {json.dumps(state, indent=1)}"
            await asyncio.sleep(0.05)

    async def sees(self, identity: str, within: float = PATIENCE_S, **expected: Any) -> dict[str, Any]:
        """Another participant, with these properties."""
        return await self.until(lambda state: _like(state["others"].get(identity), expected), within)

    async def misses(self, identity: str) -> None:
        """The other participant is gone, or never came."""
        await self.until(lambda state: identity not in state["others"])

    async def sees_track(self, identity: str, name: str, **expected: Any) -> dict[str, Any]:
        """A track of another participant, with these properties."""
        return await self.until(lambda state: _like(_tracks(state, identity).get(name), expected))

    async def misses_track(self, identity: str, name: str) -> None:
        await self.until(lambda state: name not in _tracks(state, identity))

    async def hears(self, identity: str, name: str, hz: float) -> dict[str, Any]:
        """A steady tone of so many Hz."""
        return await self._senses(
            identity,
            name,
            lambda heard: heard["rms"] > 0.05 and abs(heard["hz"] - hz) < hz / 10 and heard["frames"] > 40,
        )

    async def hears_nothing(self, identity: str, name: str) -> None:
        """The track is silent, or not there at all."""
        await self._senses(identity, name, lambda heard: heard["rms"] < 0.002, SILENCE)

    async def watches(self, identity: str, name: str, **expected: Any) -> dict[str, Any]:
        """Moving pictures of this colour and size."""
        return await self._senses(identity, name, lambda seen: seen["frames"] > 10 and matches(seen, expected))

    async def _senses(
        self, identity: str, name: str, right: Callable[[dict[str, Any]], bool], unknown: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """What reaches us of a track, once it is right; `unknown` stands for a track that is not subscribed."""
        deadline = time.monotonic() + 2 * PATIENCE_S
        while True:
            sensed = await self.do("senses", identity=identity, name=name) or unknown
            if sensed and right(sensed):
                return sensed
            assert time.monotonic() < deadline, f"{self.identity} senses of {identity}'s {name}: {sensed}"
            await asyncio.sleep(0.4)


def _like(record: dict[str, Any] | None, expected: Mapping[str, Any]) -> dict[str, Any] | None:
    return record if matches(record, expected) else None


def _tracks(state: dict[str, Any], identity: str) -> dict[str, Any]:
    return state["others"].get(identity, {"tracks": {}})["tracks"]
