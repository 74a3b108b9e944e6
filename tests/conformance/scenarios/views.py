"""What each participant saw of each subject, in order: the form in which recorded and replayed events are compared.

A subject is the participant itself, another participant, a track, the room, or data. Orders between subjects depend on
when the reference's next batch is due; within a subject they mean something.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_BY_TIME = {"connection_quality_changed"}
"""Told after so many seconds, whatever happens."""
_BY_COUNT = {"room_updated"}
"""Told when the room's counts change, which is every five seconds at the reference."""
_PRESENCE = {"participant_connected", "participant_active", "participant_disconnected"}
CLIENT_LEFT, ROOM_DELETED = 1, 5

_SUBJECTS = {"data_received": "data", "room_metadata_changed": "room", "token_refreshed": "token"}

Views = dict[tuple[str, str], list[str]]


@dataclass(frozen=True, slots=True)
class Sight:
    """An event as one participant saw it, without sids and without what depends on times."""

    who: str
    subject: str
    text: str
    t: float = 0.0

    @property
    def is_presence(self) -> bool:
        """Whether somebody came or went."""
        return self.text.split()[0] in _PRESENCE


def sight(who: str, event: str, arguments: list[Any], t: float = 0.0) -> Sight | None:
    """What an event comes to; None for one that is not compared."""
    if event in _BY_TIME | _BY_COUNT or event.startswith("<"):
        return None
    if event == "disconnected" and arguments == [CLIENT_LEFT]:
        return None  # the client's own wish, and the recorder did not always wait for it
    words = [_words(each) for each in _of_interest(event, arguments)]
    return Sight(who, _subject(event, arguments), " ".join([event, *(word for word in words if word)]), t)


def _of_interest(event: str, arguments: list[Any]) -> list[Any]:
    """Without the value before: the SDK says what it then finds, which may be the new one already."""
    if event in {"participant_name_changed", "participant_metadata_changed"}:
        return [arguments[0], {"now": arguments[2]}]
    return arguments


def _subject(event: str, arguments: list[Any]) -> str:
    people = [each["participant"] for each in arguments if _is_participant(each)]
    tracks = [each["name"] for each in arguments if isinstance(each, dict) and {"publication", "track"} & each.keys()]
    if tracks:
        return " ".join([*people, f"track {tracks[0]}"])
    if people:
        return people[0]
    return _SUBJECTS.get(event, "self")


def _is_participant(value: Any) -> bool:
    return isinstance(value, dict) and "participant" in value and "sid" in value


def _words(value: Any) -> str:
    match value:
        case {"participant": identity, "sid": _, "kind": kind, "disconnect_reason": reason}:
            return " ".join([identity, *([f"kind={kind}"] if kind else []), *([f"reason={reason}"] if reason else [])])
        case {"publication": _, "name": name, "kind": kind, "source": source, "muted": muted}:
            return f"{name} kind={kind} source={source}{' muted' if muted else ''}"
        case {"track": _, "name": _}:
            return ""  # beside its publication it says nothing more
        case {"data": {"bytes_len": size, "head": head}, "kind": kind, "topic": topic, "participant": sender}:
            return f"{size} bytes {head!r} kind={kind} topic={topic!r} from {sender}"
        case dict():
            return str(dict(sorted(value.items())))
        case _:
            return " ".join(str(value).split())


def views(sights: Iterable[Sight], until: float = float("inf")) -> Views:
    """Sights in order, by who saw what; those before a moment of the recording."""
    found: Views = {}
    for each in sights:
        if each.t < until:
            found.setdefault((each.who, each.subject), []).append(each.text)
    return found


def differences(expected: Views, actual: Views) -> list[str]:
    """Where two sets of views are not the same, one line each."""
    return [
        f"{who} of {subject}: expected {expected.get((who, subject), [])}, got {actual.get((who, subject), [])}"
        for who, subject in sorted(expected.keys() | actual.keys())
        if expected.get((who, subject), []) != actual.get((who, subject), [])
    ]


def lacks(expected: Mapping[tuple[str, str], list[str]], actual: Views) -> bool:
    """Whether something expected has not come yet."""
    return any(len(actual.get(key, ())) < len(texts) for key, texts in expected.items())
