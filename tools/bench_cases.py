"""What bench_api.py measures: for each method of the API the requests that are sent, and to which rooms.

The rooms are made by bench_server.py when it starts; its arguments are a case's `stage`, and what it prints (sids, ids)
comes back as `facts`. A call that uses something up gets a supply that lasts for the run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench_wrk import COUNTER

Facts = Mapping[str, Any]

MEETING, EMPTY = "meeting", "room-1"
ROOMS = (MEETING, *(f"room-{i}" for i in range(1, 10)))
PEOPLE = ("ada", "bob", "cleo", "dan")
LOBBIES, EACH = 256, 4
SUPPLY_PER_SECOND = 20_000
"""Rooms to delete and dispatches to withdraw: more than a server answers on one core."""
DISPATCH_ROOMS = 64


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the token's grants in the spelling of livekit-api, and the message as JSON."""

    grants: Mapping[str, Any]
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the table.

    `calls` makes the requests of a run of so many seconds; the first one is sent by itself beforehand and its answer
    must hold what is `expected`; where there is only one, it is the load too. `budget` is the largest allowed ratio of
    CPU time to the bare handler's. With `fresh_tokens` no request of the run brings a token that is remembered.
    """

    method: str
    note: str
    calls: Callable[[Facts, int], Sequence[Call]]
    expected: Mapping[str, Any]
    budget: float | None = None
    stage: tuple[str, ...] = ()
    supply: str = ""
    fresh_tokens: bool = False

    @property
    def title(self) -> str:
        """The row's name."""
        return f"{self.method} ({self.note})" if self.note else self.method

    def arguments(self, seconds: int) -> list[str]:
        """bench_server.py's arguments for a run of so many seconds."""
        supply = [f"--{self.supply}", str(SUPPLY_PER_SECOND * seconds)] if self.supply else []
        return [*self.stage, *supply]


def lobby(i: int) -> str:
    """The room of the i-th member."""
    return f"lobby-{i % LOBBIES}"


def member(i: int) -> str:
    """The i-th member's identity; neighbours are in different rooms."""
    return f"member-{i // LOBBIES % EACH}-of-{i % LOBBIES}"


def _admin(room: str, **message: Any) -> Call:
    return Call({"room_admin": True, "room": room}, {"room": room, **message})


def _one(grants: Mapping[str, Any], **message: Any) -> Callable[[Facts, int], list[Call]]:
    return lambda _facts, _seconds: [Call(grants, message)]


def _one_admin(room: str, **message: Any) -> Callable[[Facts, int], list[Call]]:
    return lambda _facts, _seconds: [_admin(room, **message)]


def _delete_rooms(_facts: Facts, seconds: int) -> list[Call]:
    return [Call({"room_create": True}, {"room": f"spare-{i}"}) for i in range(SUPPLY_PER_SECOND * seconds)]


def _delete_dispatches(facts: Facts, _seconds: int) -> list[Call]:
    return [_admin(room, dispatchId=dispatch) for dispatch, room in facts["dispatches"]]


def _remove(_facts: Facts, _seconds: int) -> list[Call]:
    return [_admin(lobby(i), identity=member(i)) for i in range(LOBBIES * EACH)]


def _mute(facts: Facts, _seconds: int) -> list[Call]:
    calls = [_admin(MEETING, identity=who, trackSid=facts["tracks"][who]) for who in PEOPLE]
    return [Call(c.grants, {**c.message, "muted": muted}) for muted in (True, False) for c in calls]


def _subscribe(facts: Facts, _seconds: int) -> list[Call]:
    sids = [facts["tracks"][who] for who in PEOPLE]
    return [
        _admin(MEETING, identity=who, trackSids=[sid for sid in sids if sid != facts["tracks"][who]], subscribe=wanted)
        for wanted in (False, True)
        for who in PEOPLE
    ]


def _between(source: str, destination: str, identity: str) -> Call:
    grants = {"room_admin": True, "room": source, "destination_room": destination}
    return Call(grants, {"room": source, "identity": identity, "destinationRoom": destination})


def _move(_facts: Facts, _seconds: int) -> list[Call]:
    there = [_between(lobby(i), f"other-{i % LOBBIES}", member(i)) for i in range(1, LOBBIES * EACH)]
    back = [_between(c.message["destinationRoom"], c.message["room"], c.message["identity"]) for c in there]
    return [_between(lobby(0), "other-0", member(0)), *there, *back]


def _forward(_facts: Facts, _seconds: int) -> list[Call]:
    return [_between(lobby(i), f"other-{i % LOBBIES}", member(i)) for i in range(LOBBIES * EACH)]


_CREATE: Mapping[str, Any] = {"room_create": True}
_NAME = f"created-{COUNTER}"
_DATA = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
_LISTED = {"participants": [{"identity": who} for who in PEOPLE]}
_MEETING = ("--people",)
_LOBBIES = ("--lobbies",)

CASES = (
    Case("CreateRoom", "distinct names", _one(_CREATE, name=_NAME), {"name": _NAME}, 2.5),
    Case("CreateRoom", "fresh tokens", _one(_CREATE, name=_NAME), {"name": _NAME}, fresh_tokens=True),
    Case("ListRooms", "10 rooms", _one({"room_list": True}), {"rooms": [{"name": name} for name in ROOMS]}, 3.0),
    Case("DeleteRoom", "", _delete_rooms, {}, supply="spare-rooms"),
    Case("ListParticipants", "empty room", _one_admin(EMPTY), {}, 2.5),
    Case("ListParticipants", "4 participants", _one_admin(MEETING), _LISTED, stage=_MEETING),
    Case("GetParticipant", "", _one_admin(MEETING, identity="bob"), {"identity": "bob"}, stage=_MEETING),
    Case("RemoveParticipant", "who joins again", _remove, {}, stage=_LOBBIES),
    Case("MutePublishedTrack", "mute and unmute", _mute, {"track": {"muted": True}}, stage=_MEETING),
    Case(
        "UpdateParticipant",
        "4 participants",
        _one_admin(MEETING, identity="bob", metadata=f"seat {COUNTER}"),
        {"identity": "bob", "metadata": f"seat {COUNTER}"},
        stage=_MEETING,
    ),
    Case("UpdateSubscriptions", "3 tracks, on and off", _subscribe, {}, stage=_MEETING),
    Case("SendData", "64 bytes to 4", _one_admin(MEETING, data=_DATA, topic="bench"), {}, stage=_MEETING),
    Case(
        "UpdateRoomMetadata",
        "empty room",
        _one_admin(EMPTY, metadata=f"agenda {COUNTER}"),
        {"name": EMPTY, "metadata": f"agenda {COUNTER}"},
        2.5,
    ),
    Case(
        "UpdateRoomMetadata",
        "4 participants",
        _one_admin(MEETING, metadata=f"agenda {COUNTER}"),
        {"name": MEETING, "metadata": f"agenda {COUNTER}"},
        stage=_MEETING,
    ),
    Case("ForwardParticipant", "1,024 people, again and again", _forward, {}, stage=_LOBBIES),
    Case("MoveParticipant", "there and back", _move, {}, stage=_LOBBIES),
    Case(
        "PerformRpc",
        "",
        _one_admin(MEETING, destinationIdentity="bob", method="echo", payload="ping", responseTimeoutMs=5000),
        {"payload": "ping"},
        stage=_MEETING,
    ),
    Case(
        "CreateDispatch",
        "",
        lambda _facts, _seconds: [_admin(lobby(i), agentName="clerk") for i in range(LOBBIES)],
        {"agent_name": "clerk", "room": lobby(0)},
        stage=_LOBBIES,
    ),
    Case("ListDispatch", "5 dispatches", _one_admin(MEETING), {"agent_dispatches": [{}] * 5}, stage=_MEETING),
    Case("DeleteDispatch", "", _delete_dispatches, {}, supply="dispatches"),
)
